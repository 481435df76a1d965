import type { Change, Judged } from '../model/change.ts';
import type { Simulation } from './contract.ts';

/** Rules, peers, ports and what the pods are selected by, that take some milliseconds to read, and as long to look through. */
const MANY_PARTS = 1000;
/** Classes that take some milliseconds to ask what they need. */
const MANY_SUBJECTS = 250;

/** Whether the objects of a change are large enough for their parts to be counted in milliseconds. */
export function isLarge({ before, after }: Change): boolean {
  return partsOf(before) + partsOf(after) > MANY_PARTS;
}

/** Whether a simulation is looked through in steps: its objects are large, or it touches many. */
export function isLong({ change, subjects }: Simulation): boolean {
  return isLarge(change) || subjects.length > MANY_SUBJECTS;
}

function partsOf(object: Judged | undefined): number {
  if (object === undefined) return 0;
  if (object.kind === 'Service') return object.ports.length;
  const { makeup, subject } = object;
  let parts = makeup.ingressParts + makeup.egressParts;
  for (const { values } of subject.requirements) parts += 1 + values.length;
  return parts;
}
