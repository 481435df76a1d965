import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { badPosition } from '../../src/server/json.ts';

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

for (const [text, position] of [
  ['{"a":1}', undefined],
  [' [] ', undefined],
  ['{"a":\n  nope}', 8],
  ['{"a":1,}', 7],
  ['[1 2]', 3],
  ['{"a" 1}', 5],
  ['{a:1}', 1],
  ['{}{}', 2],
  ['[1', 2],
  ['{"a":"b', 7],
  ['01', 1],
  ['', 0],
  ['"a\nb"', 2],
  ['["\\x"]', 3],
  ['"\\u12"', 5],
  ['"\\', 2],
] as const) {
  test(`${JSON.stringify(text)} goes wrong at ${position}`, () => assert.equal(badPosition(text), position));
}

test('it agrees with JSON.parse on texts that are nearly JSON', () => {
  const nearly = fc
    .tuple(fc.json(), fc.nat(), fc.constantFrom('', '"', '{', ']', ',', ':', 'x', '\\', '\n', '0'))
    .map(([text, place, change]) => {
      const at = place % (text.length + 1);
      return `${text.slice(0, at)}${change}${text.slice(at + 1)}`;
    });
  fc.assert(
    fc.property(nearly, (text) => {
      assert.equal(badPosition(text) === undefined, isJson(text));
    }),
    { numRuns: 2000 },
  );
});

test('a deep or long text takes no longer than it should', () => {
  const start = performance.now();
  assert.equal(badPosition('['.repeat(1_000_000)), 1_000_000);
  assert.equal(badPosition(`["${'a'.repeat(5_000_000)}`), 5_000_002);
  assert.equal(badPosition(`["${'\\\\'.repeat(2_000_000)}`), 4_000_002);
  assert(performance.now() - start < 5000);
});
