/** Rows 9 to 11: ports by number, range, protocol and name. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { containerPort, expect, pod, policy, problemsOf } from './world.ts';

const ingress = (...ports: object[]) => policy('x/np', { podSelector: {}, ingress: [{ ports }] });
const egress = (rule: object) =>
  policy('x/np', {
    podSelector: { matchLabels: { app: 'client' } },
    policyTypes: ['Egress'],
    egress: [rule],
  });

test('row 09: ports missing or empty means all ports of all protocols', () => {
  for (const rule of [{}, { ports: [] }]) {
    expect(
      [pod('x/a'), pod('x/b'), policy('x/np', { podSelector: {}, ingress: [rule] })],
      `x/b -> x/a TCP 1: allowed
       x/b -> x/a UDP 65535: allowed
       x/b -> x/a SCTP 80: allowed`,
    );
  }
});

test('row 09: an entry without a port means all ports of its protocol, and the protocol defaults to TCP', () => {
  const pods = [pod('x/a'), pod('x/b')];
  expect(
    [...pods, ingress({ protocol: 'UDP' })],
    `x/b -> x/a UDP 1: allowed
     x/b -> x/a UDP 65535: allowed
     x/b -> x/a TCP 1: denied`,
  );
  expect(
    [...pods, ingress({})],
    `x/b -> x/a TCP 65535: allowed
     x/b -> x/a UDP 80: denied`,
  );
  expect(
    [...pods, ingress({ port: 53 })],
    `x/b -> x/a TCP 53: allowed
     x/b -> x/a UDP 53: denied
     x/b -> x/a TCP 54: denied`,
  );
});

test('row 09: endPort is inclusive', () => {
  expect(
    [pod('x/a'), pod('x/b'), ingress({ port: 80, endPort: 82 }, { port: 65535, endPort: 65535 })],
    `x/b -> x/a TCP 79: denied
     x/b -> x/a TCP 80: allowed
     x/b -> x/a TCP 82: allowed
     x/b -> x/a TCP 83: denied
     x/b -> x/a TCP 65535: allowed`,
  );
});

test('row 09: endPort needs a numeric port that is not larger', () => {
  assert.deepEqual(problemsOf(ingress({ port: 80, endPort: 80 })), []);
  assert.notDeepEqual(problemsOf(ingress({ port: 80, endPort: 79 })), []);
  assert.notDeepEqual(problemsOf(ingress({ endPort: 80 })), []);
  assert.notDeepEqual(problemsOf(ingress({ port: 'http', endPort: 80 })), []);
  assert.notDeepEqual(problemsOf(ingress({ port: 0 })), []);
  assert.notDeepEqual(problemsOf(ingress({ port: 65536 })), []);
  assert.notDeepEqual(problemsOf(ingress({ port: 80, protocol: 'tcp' })), []);
});

test('row 10: a named port is resolved on each destination pod, for ingress', () => {
  expect(
    [
      pod('x/old', { ports: ['http=8080'] }),
      pod('x/new', { ports: ['http=9090'] }),
      pod('x/bare'),
      pod('y/client', { ports: ['http=7070'] }),
      ingress({ port: 'http' }),
    ],
    `y/client -> x/old TCP 8080: allowed
     y/client -> x/old TCP 9090: denied
     y/client -> x/new TCP 9090: allowed
     y/client -> x/new TCP 8080: denied
     y/client -> x/new TCP 7070: denied
     y/client -> x/bare TCP 8080: denied
     192.0.2.1 -> x/new TCP 9090: allowed`,
  );
});

test('row 10: a named port is resolved on each destination pod, for egress too', () => {
  expect(
    [
      pod('x/client', { ports: ['http=7070'] }),
      pod('y/old', { ports: ['http=8080'] }),
      pod('y/new', { ports: ['http=9090'] }),
      pod('y/bare'),
      egress({ ports: [{ port: 'http' }] }),
    ],
    `x/client -> y/old TCP 8080: allowed
     x/client -> y/old TCP 7070: denied
     x/client -> y/new TCP 9090: allowed
     x/client -> y/bare TCP 8080: denied
     x/client -> 192.0.2.1 TCP 8080: denied`,
  );
});

test('row 10: name and protocol must both match', () => {
  expect(
    [pod('x/a', { ports: ['dns=53/UDP'] }), pod('x/b'), ingress({ port: 'dns' })],
    `x/b -> x/a TCP 53: denied
     x/b -> x/a UDP 53: denied`,
  );
  expect(
    [pod('x/a', { ports: ['dns=53/UDP'] }), pod('x/b'), ingress({ port: 'dns', protocol: 'UDP' })],
    'x/b -> x/a UDP 53: allowed',
  );
});

test('row 10: every port that carries the name counts, in every container, native sidecars included', () => {
  const spec = {
    containers: [
      { name: 'one', image: 'i', ports: [containerPort('http=81')] },
      { name: 'two', image: 'i', ports: [containerPort('http=82'), containerPort('other=83')] },
    ],
    initContainers: [
      { name: 'sidecar', image: 'i', restartPolicy: 'Always', ports: [containerPort('http=84')] },
      { name: 'setup', image: 'i', ports: [containerPort('http=85')] },
    ],
  };
  expect(
    [pod('x/a', { spec }), pod('x/b'), ingress({ port: 'http' })],
    `x/b -> x/a TCP 81: allowed
     x/b -> x/a TCP 82: allowed
     x/b -> x/a TCP 83: denied
     x/b -> x/a TCP 84: allowed
     x/b -> x/a TCP 85: denied`,
  );
});

test('row 10: a named port never matches an ipBlock, whatever pod has the address', () => {
  const to = [{ ipBlock: { cidr: '0.0.0.0/0' } }];
  for (const blocksMatchPods of ['yes', 'no', 'unknown'] as const) {
    expect(
      [pod('x/client'), pod('y/server', { ports: ['http=8080'] }), egress({ to, ports: [{ port: 'http' }] })],
      `x/client -> 192.0.2.1 TCP 8080: denied
       x/client -> y/server TCP 8080: denied`,
      { blocksMatchPods },
    );
  }
});

test('row 10: a name on the ingress side is the own pod’s, so a block of clients may use it', () => {
  expect(
    [
      pod('x/a', { ports: ['http=8080'] }),
      policy('x/np', {
        podSelector: {},
        ingress: [{ from: [{ ipBlock: { cidr: '192.0.2.0/24' } }], ports: [{ port: 'http' }] }],
      }),
    ],
    `192.0.2.1 -> x/a TCP 8080: allowed
     192.0.2.1 -> x/a TCP 80: denied
     198.51.100.1 -> x/a TCP 8080: denied`,
  );
});

test('row 11: a number matches ports that the pod does not declare', () => {
  expect(
    [pod('x/a', { ports: ['http=8080'] }), pod('x/b'), ingress({ port: 22 }, { port: 8000, endPort: 9000 })],
    `x/b -> x/a TCP 22: allowed
     x/b -> x/a TCP 8080: allowed
     x/b -> x/a TCP 8500: allowed
     x/b -> x/a TCP 23: denied`,
  );
});

test('row 12: the ports of very many rules add up as those of few do', () => {
  const world = [
    pod('x/a'),
    pod('x/b'),
    policy('x/np', {
      podSelector: { matchLabels: { app: 'a' } },
      ingress: Array.from({ length: 300 }, (_, i) => ({
        from: [{ podSelector: {} }],
        ports: [{ port: 60_000 - 2 * i }],
      })),
    }),
  ];
  expect(
    world,
    `x/b -> x/a TCP 60000: allowed
     x/b -> x/a TCP 59999: denied
     x/b -> x/a TCP 59402: allowed
     x/b -> x/a TCP 59401: denied
     x/b -> x/a TCP 59400: denied`,
  );
});
