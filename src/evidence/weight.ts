import type { Direction, NetworkPolicy, PolicyRule } from '../model/objects.ts';
import type { Simulation } from '../simulate/contract.ts';

/** Policies of fewer rules, and fewer peers in each, are counted anew: that takes less than to look it up. */
const FEW = 16;

/** What looks through one direction of a policy cost, counted once for each object. */
class Counts {
  readonly #known: Readonly<Record<Direction, WeakMap<NetworkPolicy, number>>> = {
    ingress: new WeakMap(),
    egress: new WeakMap(),
  };
  readonly #ofRule: (rule: PolicyRule) => number;

  constructor(ofRule: (rule: PolicyRule) => number) {
    this.#ofRule = ofRule;
  }

  sum(policies: readonly NetworkPolicy[], direction: Direction): number {
    let sum = 0;
    for (const policy of policies) sum += this.#of(policy, direction);
    return sum;
  }

  #of(policy: NetworkPolicy, direction: Direction): number {
    const rules = policy[direction];
    if (rules === undefined) return 0;
    const few = rules.length < FEW && rules.every(({ peers }) => peers === 'any' || peers.length < FEW);
    const known = few ? undefined : this.#known[direction].get(policy);
    if (known !== undefined) return known;
    let count = 0;
    for (const rule of rules) count += this.#ofRule(rule);
    if (!few) this.#known[direction].set(policy, count);
    return count;
  }
}

/** Rules, peers and ports. */
const parts = new Counts(
  ({ peers, ports }) => 1 + (ports === 'any' ? 0 : ports.length) + (peers === 'any' ? 0 : peers.length),
);

/** The same for a look from every outside address: through each rule and each range; no index helps. */
const outsideParts = new Counts(({ peers, ports }) => {
  let count = 24 + (ports === 'any' ? 0 : ports.length);
  if (peers === 'any') return count;
  for (const peer of peers) count += peer.kind === 'block' ? 1 + 3 * peer.block.except.length : 1;
  return count;
});

/** A policy of 20,000 peers is legal. What one look at it costs, in looks at a small one. */
export function weightOf(policies: readonly NetworkPolicy[], direction: Direction): number {
  return 1 + Math.floor(parts.sum(policies, direction) / 200);
}

/** What one look from every outside address through these policies costs, in looks through a small one. */
export function outsideWeightOf(policies: readonly NetworkPolicy[], direction: Direction): number {
  return 1 + outsideParts.sum(policies, direction) / 200;
}

const weights = new WeakMap<Simulation, number>();

/** The heaviest list of policies among the first subjects of a change; they mostly share one. */
export function weightOfChange(simulation: Simulation): number {
  const known = weights.get(simulation);
  if (known !== undefined) return known;
  let most = 1;
  for (const { ingress, egress, directions } of simulation.subjects.slice(0, 16)) {
    for (const direction of directions) {
      const { before, after } = direction === 'ingress' ? ingress : egress;
      most = Math.max(most, weightOf(before, direction), weightOf(after, direction));
    }
  }
  weights.set(simulation, most);
  return most;
}
