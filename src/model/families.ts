import type { Address } from '../netset/addresses.ts';

/** Address families as bits, so that what two ends share is one operation. */
export const V4 = 1;
export const V6 = 2;
export type Families = number;
/** Both of them. */
export const BOTH_FAMILIES: Families = V4 | V6;

/** The families of some addresses; 0 of none. */
export function familiesOfAddresses(addresses: readonly Address[]): Families {
  let families = 0;
  for (const address of addresses) families |= typeof address === 'number' ? V4 : V6;
  return families;
}
