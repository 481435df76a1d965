import type { Change, Judged } from '../model/change.ts';
import type { Direction, NetworkPolicy } from '../model/objects.ts';
import type { Subject } from './contract.ts';

/** So many subjects are weighed. */
const FEW = 16;

/** A policy of 20,000 peers is legal. What one look at it costs, in looks at a small one. */
export function weightOf(policies: readonly NetworkPolicy[], direction: Direction): number {
  let parts = 0;
  for (let i = 0; i < policies.length; i++) {
    const { makeup } = policies[i] as NetworkPolicy;
    parts += direction === 'ingress' ? makeup.ingressParts : makeup.egressParts;
  }
  return 1 + Math.floor(parts / 200);
}

/** What one look from every outside address through these policies costs, in looks through a small one. */
export function outsideWeightOf(policies: readonly NetworkPolicy[], direction: Direction): number {
  let looks = 0;
  for (let i = 0; i < policies.length; i++) {
    const { makeup } = policies[i] as NetworkPolicy;
    looks += direction === 'ingress' ? makeup.ingressLooks : makeup.egressLooks;
  }
  return 1 + looks / 200;
}

/** The heaviest list of policies among the first subjects of a change, or the changed policy itself. */
export function weightOfChange({ before, after }: Change, subjects: readonly Subject[]): number {
  // The changed policy counts wherever it stands; the others mostly are the same for all subjects.
  let most = Math.max(ownWeight(before), ownWeight(after));
  for (let i = 0; i < subjects.length && i < FEW; i++) {
    const subject = subjects[i] as Subject;
    for (const direction of subject.directions) {
      const isolation = subject[direction];
      most = Math.max(most, weightOf(isolation.before, direction), weightOf(isolation.after, direction));
    }
  }
  return most;
}

function ownWeight(object: Judged | undefined): number {
  if (object?.kind !== 'NetworkPolicy') return 1;
  const { ingressParts, egressParts } = object.makeup;
  return 1 + Math.floor(Math.max(ingressParts, egressParts) / 200);
}
