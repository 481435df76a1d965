import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { listConnections } from '../../src/simulate/list.ts';
import { holds } from '../reference/address.ts';
import type { World } from '../reference/objects.ts';
import { verdict } from '../reference/reference.ts';
import { viewOf } from '../reference/store.ts';
import { runs } from '../runs.ts';
import { PORT_NUMBERS, PROTOCOLS } from './policies.ts';
import { between, isBlock, listed, sorted } from './rows.ts';
import { isListed, livePods, OUTSIDE, podNames, tieredWorld, world } from './worlds.ts';

/** Every number a rule or a container can name, and its neighbours: between two of them nothing changes. */
const BOUNDARIES = [...new Set(PORT_NUMBERS.flatMap((n) => [n - 1, n, n + 1]))].filter(
  (n) => n >= 1 && n <= 65535,
);
const samples = fc.uniqueArray(fc.constantFrom(...BOUNDARIES), { minLength: 3, maxLength: 3 });
const outsiders = fc.subarray([...OUTSIDE], { maxLength: 4 });

test('list says what the reference says, pod by pod and port by port', () => {
  fc.assert(fc.property(world, samples, outsiders, agrees), runs(250));
});

test('list says what the reference says where tiers stand before and after NetworkPolicy', () => {
  fc.assert(fc.property(tieredWorld, samples, outsiders, agrees), runs(250));
});

function agrees(made: World, ports: readonly number[], outside: readonly string[]): void {
  const rows = [...listConnections(viewOf(made), { by: 'pod' })];
  for (const [from, to] of listedPairs(made, outside)) {
    const here = between(rows, from, to);
    for (const port of ports) {
      for (const protocol of PROTOCOLS) {
        const expected = verdict(made, from, to, port, protocol);
        assert.equal(
          listed(here, from, to, port, protocol),
          expected,
          `${from} -> ${to} ${protocol} ${port}`,
        );
      }
    }
  }
}

test('list cuts external addresses into blocks that never overlap, and names each pair once', () => {
  fc.assert(
    fc.property(world, fc.constantFrom<'pod' | 'workload'>('pod', 'workload'), (made, by) => {
      const rows = [...listConnections(viewOf(made), { by })];
      const blocks = [...new Set(rows.flatMap(({ from, to }) => [from, to]).filter(isBlock))];
      for (const one of blocks) {
        for (const other of blocks) {
          if (one === other) continue;
          assert.equal(holds(one, other.slice(0, other.indexOf('/'))), false, `${one} overlaps ${other}`);
        }
      }
      const seen = new Set<string>();
      for (const { from, to, verdict: answer, connections, reason } of rows) {
        const key = `${from} -> ${to} ${answer}`;
        assert.ok(!seen.has(key), `${key} stands twice`);
        seen.add(key);
        assert.notEqual(connections.length, 0, `${key} is empty`);
        assert.equal(answer === 'unknown', reason !== undefined && reason !== '', `${key}: ${reason}`);
        assert.ok(!isBlock(from) || !isBlock(to), `${key} is not policed`);
      }
    }),
    runs(150),
  );
});

test('list is the same whatever order the objects arrive in', () => {
  const shuffled = world.chain((made) =>
    fc
      .shuffledSubarray([...made.objects], { minLength: made.objects.length })
      .map((objects) => ({ made, other: { ...made, objects } })),
  );
  fc.assert(
    fc.property(shuffled, fc.constantFrom<'pod' | 'workload'>('pod', 'workload'), ({ made, other }, by) => {
      const facts = (of: World) =>
        sorted(listConnections(viewOf(of), { by })).map(({ reason: _, ...row }) => row);
      assert.deepEqual(facts(other), facts(made));
    }),
    runs(150),
  );
});

/** The pairs `list` speaks of: not a pod with itself, and one end at least that policies can select. */
function listedPairs(made: World, outside: readonly string[]): [string, string][] {
  const selectable = new Set(
    livePods(made.objects)
      .filter((pod) => pod.spec.hostNetwork !== true)
      .map(({ metadata }) => `${metadata.namespace}/${metadata.name}`),
  );
  const ends = [...podNames(made), ...outside];
  return ends.flatMap((from) =>
    ends
      .filter((to) => from !== to && (selectable.has(from) || selectable.has(to)) && isListed(made, from, to))
      .map((to): [string, string] => [from, to]),
  );
}
