import { printable } from '../decision/words.ts';
import type { Outcome } from './handle.ts';

/** Findings of a denial that its note spells out. */
const SPELT_OUT = 3;

/** Why a change was refused, in one line. */
export function denialNote({ operation, findings }: Outcome): string {
  const denied = findings.filter(({ action }) => action === 'deny');
  const parts = denied.slice(0, SPELT_OUT).map(({ rule, message }) => `${rule}: ${message}`);
  const left = denied.length - parts.length;
  if (left > 0) parts.push(`and ${left} more`);
  const why = parts.length === 0 ? '' : `: ${parts.join('; ')}`;
  return printable(`${operation} denied${why}`);
}
