import type { Direction, NetworkPolicy } from '../model/objects.ts';
import type { Simulation } from '../simulate/contract.ts';

/** A policy of 20,000 peers is legal. What one look at it costs, in looks at a small one. */
export function weightOf(policies: readonly NetworkPolicy[], direction: Direction): number {
  let parts = 0;
  for (const policy of policies) {
    for (const { peers, ports } of policy[direction] ?? []) {
      parts += 1 + (peers === 'any' ? 0 : peers.length) + (ports === 'any' ? 0 : ports.length);
    }
  }
  return 1 + Math.floor(parts / 200);
}

/**
 * What one look from every outside address through these policies costs, in looks through a small one. It goes
 * through each rule and each range of addresses, and no index helps. `known` keeps each policy's part.
 */
export function outsideWeightOf(
  policies: readonly NetworkPolicy[],
  direction: Direction,
  known: Map<NetworkPolicy, number>,
): number {
  let weight = 1;
  for (const policy of policies) {
    let own = known.get(policy);
    if (own === undefined) {
      let parts = 0;
      for (const { peers, ports } of policy[direction] ?? []) {
        parts += 24 + (ports === 'any' ? 0 : ports.length);
        if (peers === 'any') continue;
        for (const peer of peers) parts += peer.kind === 'block' ? 1 + 3 * peer.block.except.length : 1;
      }
      own = parts / 400;
      known.set(policy, own);
    }
    weight += own;
  }
  return weight;
}

/** The heaviest list of policies among the first subjects of a change; they mostly share one. */
export function weightOfChange({ subjects }: Simulation): number {
  let most = 1;
  for (const { ingress, egress } of subjects.slice(0, 16)) {
    most = Math.max(most, weightOf(ingress.after, 'ingress'), weightOf(egress.after, 'egress'));
    most = Math.max(most, weightOf(ingress.before, 'ingress'), weightOf(egress.before, 'egress'));
  }
  return most;
}
