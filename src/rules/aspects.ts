/** What is so of a change to a policy, looked up once: most rules have nothing to say of most changes. */
import type { Cni } from '../model/objects.ts';
import { TRAITS } from '../model/traits.ts';
import type { Simulation } from '../simulate/contract.ts';
import { canLose } from '../simulate/loss.ts';

/** The traits of the policy as it will be, and what the change may do. */
export const ASPECTS = Object.freeze({
  ...TRAITS,
  /** Some of its pods may let in less, or be let out to less. */
  takesIngress: 1 << 16,
  takesEgress: 1 << 17,
  /** One of the two. */
  takes: 1 << 18,
  /** Policies held for some of its pods before: only then can something be opened. */
  gives: 1 << 19,
  /** Other policies hold for some of its pods too. */
  beside: 1 << 20,
  /** It lets everybody in, or out. */
  open: 1 << 21,
  /** It selects no pod that a policy could cover. */
  nobody: 1 << 22,
  /** It selects pods on the host network. */
  hostPods: 1 << 23,
  /** The network plug-in does not enforce all that a policy may say, or is not known to. */
  unenforced: 1 << 24,
});

export type Aspect = keyof typeof ASPECTS;

/** The bits of these aspects together. */
export function bitsOf(aspects: readonly Aspect[]): number {
  return aspects.reduce((bits, aspect) => bits | ASPECTS[aspect], 0);
}

const EVERY = bitsOf(Object.keys(ASPECTS) as Aspect[]);
const EFFECTS = bitsOf(['takesIngress', 'takesEgress', 'takes', 'gives', 'beside']);
const OPEN = bitsOf(['openIngress', 'openEgress']);

/** The aspects of a change, as bits. Of a Service none is looked up: all of them hold. */
export function aspectsOf(simulation: Simulation): number {
  const { before, after } = simulation.change;
  if ((after ?? before)?.kind === 'Service') return EVERY;
  let bits = after?.kind === 'NetworkPolicy' ? after.makeup.traits | aspectsOfNow(simulation) : 0;
  if ((bits & OPEN) !== 0) bits |= ASPECTS.open;
  for (const subject of simulation.subjects) {
    for (const direction of subject.directions) {
      const isolation = subject[direction];
      if (isolation.before.length > 0) bits |= ASPECTS.gives;
      if (isolation.after.length > 1) bits |= ASPECTS.beside;
      if (!canLose(simulation, subject, direction)) continue;
      bits |= ASPECTS.takes | (direction === 'ingress' ? ASPECTS.takesIngress : ASPECTS.takesEgress);
    }
    if ((bits & EFFECTS) === EFFECTS) break;
  }
  return bits;
}

/** Aspects of the policy as it will be, in this cluster. */
function aspectsOfNow({ selected, after }: Simulation): number {
  let bits = ASPECTS.nobody;
  for (const { hostNetwork } of selected) {
    if (hostNetwork) bits |= ASPECTS.hostPods;
    else bits &= ~ASPECTS.nobody;
  }
  return enforcesAll(after.snapshot.cni) ? bits : bits | ASPECTS.unenforced;
}

function enforcesAll(cni: Cni): boolean {
  return (
    cni.enforcesIngress === 'yes' &&
    cni.enforcesEgress === 'yes' &&
    cni.enforcesEndPort !== 'no' &&
    cni.enforcesSctp !== 'no' &&
    cni.pools === undefined
  );
}
