/** Random requirements of selectors over a few keys and values, so that they meet. */
import fc from 'fast-check';
import type { Requirement } from '../../src/model/selector.ts';

export const KEYS = ['app', 'tier', 'run-id'];
export const VALUES = ['a', 'b', 'c', ''];

/** `most`: how many values one may name. */
export function requirementOf(most: number): fc.Arbitrary<Requirement> {
  return fc.oneof(
    fc.record({
      key: fc.constantFrom(...KEYS),
      operator: fc.constantFrom('In' as const, 'NotIn' as const),
      values: fc.array(fc.constantFrom(...VALUES), { minLength: 1, maxLength: most }),
    }),
    fc.record({
      key: fc.constantFrom(...KEYS),
      operator: fc.constantFrom('Exists' as const, 'DoesNotExist' as const),
      values: fc.constant([]),
    }),
  );
}
