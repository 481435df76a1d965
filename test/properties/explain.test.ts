import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { View } from '../../src/model/overlay.ts';
import { parseEnd } from '../../src/simulate/ends.ts';
import { explain } from '../../src/simulate/explain.ts';
import type { Protocol, Verdict } from '../reference/objects.ts';
import { verdict } from '../reference/reference.ts';
import { viewOf } from '../reference/store.ts';
import { runs } from '../runs.ts';
import { PORT_NUMBERS, PROTOCOLS } from './policies.ts';
import { canMeet, OUTSIDE, podNames, tieredWorld, world } from './worlds.ts';

const anyWorld = fc.oneof(world, tieredWorld);
const ports = fc.uniqueArray(fc.constantFrom(2, 52, 54, 79, 83, 442, 8081, 65534, ...PORT_NUMBERS), {
  minLength: 2,
  maxLength: 2,
});

test('explain says what the reference says, for every pair of a random cluster', () => {
  fc.assert(
    fc.property(anyWorld, ports, fc.subarray([...OUTSIDE], { maxLength: 3 }), (made, numbers, outside) => {
      const view = viewOf(made);
      const ends = [...podNames(made), ...outside];
      for (const from of ends) {
        for (const to of ends) {
          if (!from.includes('/') && !to.includes('/')) continue;
          if (!canMeet(made, from, to)) continue;
          for (const port of numbers) {
            for (const protocol of PROTOCOLS) {
              const expected = verdict(made, from, to, port, protocol);
              const answer = ask(view, from, to, port, protocol);
              assert.equal(answer, expected, `${from} -> ${to} ${protocol} ${port}`);
            }
          }
        }
      }
    }),
    runs(250),
  );
});

function ask(view: View, from: string, to: string, port: number, protocol: Protocol): Verdict {
  const [source, destination] = [parseEnd(view, from), parseEnd(view, to)];
  if ('problem' in source) assert.fail(source.problem);
  if ('problem' in destination) assert.fail(destination.problem);
  const { verdict: answer, reason } = explain(view, source, destination, port, protocol);
  assert.notEqual(reason, '', 'every verdict has a reason');
  return answer;
}
