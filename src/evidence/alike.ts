import type { NetworkPolicy } from '../model/objects.ts';

/** Pods under the same policies fare alike towards a third: what is known of one need not be asked of the next. */
export function samePolicies(one: readonly NetworkPolicy[], other: readonly NetworkPolicy[]): boolean {
  return one.length === other.length && one.every((policy, i) => policy === other[i]);
}
