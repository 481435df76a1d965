/** Damage done to JSON: what a broken client, or one with bad intentions, may send in place of something valid. */
import fc from 'fast-check';

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** Where something stands in a JSON value: keys and indexes from the root. */
export type Path = readonly (string | number)[];

/** Every place in the value, the root left out. */
export function pathsOf(value: Json, base: Path = []): Path[] {
  if (typeof value !== 'object' || value === null) return [];
  const entries = Array.isArray(value) ? value.map((one, i) => [i, one] as const) : Object.entries(value);
  return entries.flatMap(([key, one]) => [[...base, key], ...pathsOf(one, [...base, key])]);
}

/** A copy with another value at one place, or with nothing there. */
export function replaced(value: Json, path: Path, by: Json | undefined): Json {
  const [key, ...rest] = path;
  if (key === undefined) return by ?? null;
  if (Array.isArray(value)) {
    if (rest.length === 0 && by === undefined) return value.filter((_, i) => i !== key);
    return value.map((one, i) => (i === key ? replaced(one, rest, by) : one));
  }
  if (typeof value !== 'object' || value === null) return value;
  const copy: { [key: string]: Json } = {};
  for (const [name, one] of Object.entries(value)) {
    const next = name === key ? (rest.length === 0 ? by : replaced(one, rest, by)) : one;
    // As JSON.parse does: `__proto__` is a key like any other.
    if (next !== undefined) {
      Object.defineProperty(copy, name, {
        value: next,
        enumerable: true,
        configurable: true,
        writable: true,
      });
    }
  }
  return copy;
}

/** Values that stand where they should not: of another type, huge, deep, hostile. */
export const intruder: fc.Arbitrary<Json | undefined> = fc.oneof(
  fc.constantFrom<Json | undefined>(
    undefined,
    null,
    true,
    0,
    -1,
    1.5,
    1e21,
    65_536,
    '',
    'TCP',
    '__proto__',
    'a\u0000b',
    '\u202Eabc',
    '\ud800',
    [],
    {},
    [[]],
    [null],
  ),
  fc.jsonValue({ maxDepth: 3 }) as fc.Arbitrary<Json>,
  fc.constantFrom('x'.repeat(100_000), '10.0.0.0/8'.repeat(1000)),
  fc.integer({ min: 1, max: 1_000 }).map((depth): Json => {
    let value: Json = 'deep';
    for (let i = 0; i < depth; i++) value = i % 2 === 0 ? [value] : { matchLabels: value };
    return value;
  }),
  fc.integer({ min: 100, max: 3_000 }).map((count): Json => Array.from({ length: count }, (_, i) => i)),
);
