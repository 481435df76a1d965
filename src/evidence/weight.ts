import type { Direction, NetworkPolicy } from '../model/objects.ts';
import type { Simulation } from '../simulate/contract.ts';

/** How much there is to one direction of a policy, counted once for each object. */
interface Parts {
  /** Rules, peers and ports. */
  readonly all: number;
  /** The same for a look from every outside address: through each rule and each range; no index helps. */
  readonly outside: number;
}

const counted: Readonly<Record<Direction, WeakMap<NetworkPolicy, Parts>>> = {
  ingress: new WeakMap(),
  egress: new WeakMap(),
};

/** A policy of 20,000 peers is legal. What one look at it costs, in looks at a small one. */
export function weightOf(policies: readonly NetworkPolicy[], direction: Direction): number {
  let parts = 0;
  for (const policy of policies) parts += partsOf(policy, direction).all;
  return 1 + Math.floor(parts / 200);
}

/** What one look from every outside address through these policies costs, in looks through a small one. */
export function outsideWeightOf(policies: readonly NetworkPolicy[], direction: Direction): number {
  let parts = 0;
  for (const policy of policies) parts += partsOf(policy, direction).outside;
  return 1 + parts / 400;
}

function partsOf(policy: NetworkPolicy, direction: Direction): Parts {
  const known = counted[direction].get(policy);
  if (known !== undefined) return known;
  let all = 0;
  let outside = 0;
  for (const { peers, ports } of policy[direction] ?? []) {
    const portCount = ports === 'any' ? 0 : ports.length;
    all += 1 + portCount;
    outside += 24 + portCount;
    if (peers === 'any') continue;
    all += peers.length;
    for (const peer of peers) outside += peer.kind === 'block' ? 1 + 3 * peer.block.except.length : 1;
  }
  const parts = { all, outside };
  counted[direction].set(policy, parts);
  return parts;
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
