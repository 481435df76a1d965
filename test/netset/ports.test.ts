import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  ALL_PORTS,
  hasPort,
  intersectPorts,
  NO_PORTS,
  type Ports,
  portRange,
  portsEqual,
  subtractPorts,
  unitePorts,
} from '../../src/netset/ports.ts';
import { runs } from '../runs.ts';
import { port, ports } from './arbitraries.ts';
import { testLaws } from './laws.ts';

testLaws<Ports, number>({
  name: 'ports',
  set: ports,
  element: port,
  samples: (sets) => boundaries(sets.flat()),
  none: NO_PORTS,
  all: ALL_PORTS,
  unite: unitePorts,
  intersect: intersectPorts,
  subtract: subtractPorts,
  equal: portsEqual,
  has: hasPort,
  canonical: (set) => {
    assert.equal(set.length % 2, 0);
    for (let i = 0; i < set.length; i += 2) {
      const [from, to] = [set[i] as number, set[i + 1] as number];
      assert.ok(from >= 1 && to <= 65535 && from <= to, `${set} has a bad range`);
      if (i > 0) assert.ok(from > (set[i - 1] as number) + 1, `${set} is not sorted, disjoint and apart`);
    }
  },
});

test('ports: a set agrees with the plain set of the same numbers', () => {
  const range = fc.tuple(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 1, max: 60 }));
  fc.assert(
    fc.property(fc.array(range, { maxLength: 8 }), (ranges) => {
      const plain = new Set<number>();
      for (const [from, to] of ranges) for (let n = from; n <= to; n++) plain.add(n);
      const set = ranges.map(([from, to]) => portRange(from, to)).reduce(unitePorts, NO_PORTS);
      for (let n = 1; n <= 62; n++) assert.equal(hasPort(set, n), plain.has(n), `${n}`);
    }),
    runs(300),
  );
});

test('ports: a range is cut to the ports that exist', () => {
  assert.deepEqual(portRange(0, 70000), [1, 65535]);
  assert.deepEqual(portRange(80), [80, 80]);
  assert.deepEqual(portRange(81, 80), []);
  assert.deepEqual(portRange(65536), []);
  assert.deepEqual(portRange(0), []);
  assert.equal(hasPort(ALL_PORTS, 0), false);
  assert.equal(hasPort(ALL_PORTS, 65536), false);
});

test('ports: neighbours become one range', () => {
  assert.deepEqual(unitePorts(portRange(1, 79), portRange(80, 65535)), [1, 65535]);
  assert.deepEqual(unitePorts([80, 80], [82, 82]), [80, 80, 82, 82]);
  assert.deepEqual(subtractPorts(ALL_PORTS, [80, 80]), [1, 79, 81, 65535]);
});

function boundaries(ends: readonly number[]): number[] {
  return [1, 65535, ...ends.flatMap((n) => [n - 1, n, n + 1])].filter((n) => n >= 1 && n <= 65535);
}
