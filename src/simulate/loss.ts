import type { Direction } from '../model/objects.ts';
import type { Simulation, Subject } from './contract.ts';

/** Policies add up: something is lost only where the first one comes, or one that was there changes or goes. */
export function canLose({ change }: Simulation, subject: Subject, direction: Direction): boolean {
  const { before, after } = subject[direction];
  if (after.length === 0) return false;
  const old = change.before;
  return before.length === 0 || (old?.kind === 'NetworkPolicy' && before.includes(old));
}
