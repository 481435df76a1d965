import type { Change, Judged } from '../model/change.ts';
import type { Simulation } from './contract.ts';

/** Rules, peers, ports and what the pods are selected by, that take some milliseconds to read, and as long to look through. */
const MANY_PARTS = 1000;
/** Classes that take some milliseconds to ask what they need. */
const MANY_SUBJECTS = 250;

/** Whether it takes milliseconds to read an object, and to look through it. */
export function isLarge(object: Judged | undefined): boolean {
  return partsOf(object) > MANY_PARTS;
}

/** The same of a change. */
export function isLargeChange({ before, after }: Change): boolean {
  return isLarge(before) || isLarge(after);
}

/** Whether a change touches so many classes that it takes milliseconds to look through them. */
export function touchesMany({ subjects }: Simulation): boolean {
  return subjects.length > MANY_SUBJECTS;
}

function partsOf(object: Judged | undefined): number {
  if (object === undefined) return 0;
  if (object.kind === 'Service') return object.ports.length;
  const { makeup, subject } = object;
  let parts = makeup.ingressParts + makeup.egressParts;
  for (const { values } of subject.requirements) parts += 1 + values.length;
  return parts;
}
