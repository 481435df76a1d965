import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  ALL_CONNECTIONS,
  allConnections,
  type Connections,
  connectionsEqual,
  connectionsOf,
  connectionsText,
  hasConnection,
  intersectConnections,
  NO_CONNECTIONS,
  noConnections,
  PROTOCOLS,
  type Protocol,
  subtractConnections,
  uniteAll,
  uniteConnections,
} from '../../src/netset/connections.ts';
import { portRange } from '../../src/netset/ports.ts';
import { runs } from '../runs.ts';
import { connections, port } from './arbitraries.ts';
import { testLaws } from './laws.ts';

testLaws<Connections, { protocol: Protocol; port: number }>({
  name: 'connections',
  set: connections,
  element: fc.record({ protocol: fc.constantFrom(...PROTOCOLS), port }),
  samples: (sets) =>
    PROTOCOLS.flatMap((protocol) =>
      [1, 65535, ...sets.flatMap((set) => set[protocol].flatMap((n) => [n - 1, n, n + 1]))]
        .filter((n) => n >= 1 && n <= 65535)
        .map((n) => ({ protocol, port: n })),
    ),
  none: NO_CONNECTIONS,
  all: ALL_CONNECTIONS,
  unite: uniteConnections,
  intersect: intersectConnections,
  subtract: subtractConnections,
  equal: connectionsEqual,
  has: (set, element) => hasConnection(set, element.protocol, element.port),
  canonical: (set) => {
    assert.deepEqual(Object.keys(set).sort(), ['SCTP', 'TCP', 'UDP']);
    for (const protocol of PROTOCOLS) {
      const ports = set[protocol];
      for (let i = 2; i < ports.length; i += 2) {
        assert.ok((ports[i] as number) > (ports[i - 1] as number) + 1, `${protocol} ${ports}`);
      }
    }
  },
});

test('connections: empty and full are known as such, however they came about', () => {
  fc.assert(
    fc.property(connections, connections, (a, b) => {
      const everything = uniteConnections(a, subtractConnections(ALL_CONNECTIONS, a));
      assert.equal(allConnections(everything), true);
      assert.equal(noConnections(subtractConnections(a, uniteConnections(a, b))), true);
      assert.equal(noConnections(a), connectionsEqual(a, NO_CONNECTIONS));
      assert.equal(allConnections(a), connectionsEqual(a, ALL_CONNECTIONS));
    }),
    runs(300),
  );
});

test('connections: the text names exactly the ports of the set', () => {
  fc.assert(
    fc.property(connections, (set) => {
      let back: Connections = NO_CONNECTIONS;
      for (const line of connectionsText(set)) {
        if (line === 'All') {
          back = ALL_CONNECTIONS;
          continue;
        }
        const [, protocol, from, to] = /^(TCP|UDP|SCTP) (\d+)(?:-(\d+))?$/.exec(line) ?? assert.fail(line);
        const range = portRange(Number(from), Number(to ?? from));
        back = uniteConnections(back, connectionsOf(protocol as Protocol, range));
      }
      assert.ok(connectionsEqual(back, set));
    }),
    runs(300),
  );
});

test('connections: texts', () => {
  assert.deepEqual(connectionsText(ALL_CONNECTIONS), ['All']);
  assert.deepEqual(connectionsText(NO_CONNECTIONS), []);
  assert.deepEqual(connectionsText({ TCP: [80, 80, 90, 91], UDP: [1, 65535], SCTP: [] }), [
    'TCP 80',
    'TCP 90-91',
    'UDP 1-65535',
  ]);
});

test('connections: many sets at once are the same as one after the other, in whatever order', () => {
  fc.assert(
    fc.property(fc.array(connections), (sets) => {
      const expected = sets.reduce(uniteConnections, NO_CONNECTIONS);
      assert.deepEqual(uniteAll(sets), expected);
      assert.deepEqual(uniteAll(sets.toReversed()), expected);
    }),
    runs(300),
  );
});
