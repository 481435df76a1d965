import type { Judged } from '../model/change.ts';
import type { Direction, NetworkPolicy, Peer, PolicyRule } from '../model/objects.ts';
import type { Simulation, Subject } from '../simulate/contract.ts';

/** So many subjects are weighed; below so many rules, or parts, counting anew takes less than to look the count up. */
const FEW = 16;

/** Rules, peers and ports. */
function partsOf(rules: readonly PolicyRule[]): number {
  return rules.length < FEW ? countParts(rules) : partsOfMany(rules);
}

const partsOfMany = remembered(countParts);

function countParts(rules: readonly PolicyRule[]): number {
  let count = rules.length;
  // By index: this is asked of every policy of a change, and an iterator for each costs more than the counting.
  for (let i = 0; i < rules.length; i++) {
    const { peers, ports } = rules[i] as PolicyRule;
    if (ports !== 'any') count += ports.length;
    if (peers !== 'any') count += peers.length;
  }
  return count;
}

/** The same for a look from every outside address: through each rule and each range; no index helps. */
function outsidePartsOf(rules: readonly PolicyRule[]): number {
  return partsOf(rules) < FEW ? countOutsideParts(rules) : outsidePartsOfMany(rules);
}

const outsidePartsOfMany = remembered(countOutsideParts);

function countOutsideParts(rules: readonly PolicyRule[]): number {
  let count = 24 * rules.length;
  for (let i = 0; i < rules.length; i++) {
    const { peers, ports } = rules[i] as PolicyRule;
    if (ports !== 'any') count += ports.length;
    if (peers === 'any') continue;
    for (let j = 0; j < peers.length; j++) {
      const peer = peers[j] as Peer;
      count += peer.kind === 'block' ? 1 + 3 * peer.block.except.length : 1;
    }
  }
  return count;
}

function remembered(count: (rules: readonly PolicyRule[]) => number): typeof count {
  const known = new WeakMap<readonly PolicyRule[], number>();
  return (rules) => {
    const found = known.get(rules) ?? count(rules);
    known.set(rules, found);
    return found;
  };
}

function sumOf(
  policies: readonly NetworkPolicy[],
  direction: Direction,
  of: (rules: readonly PolicyRule[]) => number,
): number {
  let sum = 0;
  for (let i = 0; i < policies.length; i++) sum += of(policies[i]?.[direction] ?? NO_RULES);
  return sum;
}

const NO_RULES: readonly PolicyRule[] = Object.freeze([]);

/** A policy of 20,000 peers is legal. What one look at it costs, in looks at a small one. */
export function weightOf(policies: readonly NetworkPolicy[], direction: Direction): number {
  return 1 + Math.floor(sumOf(policies, direction, partsOf) / 200);
}

/** What one look from every outside address through these policies costs, in looks through a small one. */
export function outsideWeightOf(policies: readonly NetworkPolicy[], direction: Direction): number {
  return 1 + sumOf(policies, direction, outsidePartsOf) / 200;
}

const weights = new WeakMap<Simulation, number>();

/** The heaviest list of policies among the first subjects of a change, or the changed policy itself. */
export function weightOfChange(simulation: Simulation): number {
  const known = weights.get(simulation);
  if (known !== undefined) return known;
  const { before, after } = simulation.change;
  // The changed policy counts wherever it stands; the others mostly are the same for all subjects.
  let most = Math.max(ownWeight(before), ownWeight(after));
  const { subjects } = simulation;
  for (let i = 0; i < subjects.length && i < FEW; i++) {
    const subject = subjects[i] as Subject;
    for (const direction of subject.directions) {
      const isolation = subject[direction];
      most = Math.max(most, weightOf(isolation.before, direction), weightOf(isolation.after, direction));
    }
  }
  weights.set(simulation, most);
  return most;
}

function ownWeight(object: Judged | undefined): number {
  if (object?.kind !== 'NetworkPolicy') return 1;
  return Math.max(weightOf([object], 'ingress'), weightOf([object], 'egress'));
}
