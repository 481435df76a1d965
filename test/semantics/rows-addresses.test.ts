/** Rows 13 to 18: address blocks, families, hosts, nodes, a pod with itself, and pods that come and go. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { expect, node, pod, policy, problemsOf, stateOf } from './world.ts';

const STORED = { uid: '0b1c2d3e-0000-4000-8000-000000000001' };
const from = (...ipBlocks: object[]) =>
  policy('x/np', {
    podSelector: { matchLabels: { app: 'a' } },
    ingress: [{ from: ipBlocks.map((ipBlock) => ({ ipBlock })) }],
  });

test('row 13: whether an ipBlock matches the address of a pod is unknown without a CNI profile', () => {
  const world = [
    pod('x/a'),
    pod('x/in', { ips: ['10.1.0.1'] }),
    pod('x/out', { ips: ['10.2.0.1'] }),
    from({ cidr: '10.1.0.0/16' }),
  ];
  const rest = `x/out -> x/a TCP 80: denied
                10.1.0.9 -> x/a TCP 80: allowed
                10.2.0.9 -> x/a TCP 80: denied`;
  expect(world, `x/in -> x/a TCP 80: unknown\n${rest}`);
  expect(world, `x/in -> x/a TCP 80: allowed\n${rest}`, { blocksMatchPods: 'yes' });
  expect(world, `x/in -> x/a TCP 80: denied\n${rest}`, { blocksMatchPods: 'no' });
});

test('row 13: what another rule allows is known, whatever a block does', () => {
  const world = [
    pod('x/a'),
    pod('x/in', { ips: ['10.1.0.1'] }),
    policy('x/np', {
      podSelector: { matchLabels: { app: 'a' } },
      ingress: [
        { from: [{ ipBlock: { cidr: '10.0.0.0/8' } }] },
        { from: [{ podSelector: {} }], ports: [{ port: 80 }] },
      ],
    }),
  ];
  expect(
    world,
    `x/in -> x/a TCP 80: allowed
     x/in -> x/a TCP 81: unknown`,
  );
});

test('row 13: an unknown side cannot save a connection that the other side denies', () => {
  expect(
    [
      pod('x/a'),
      pod('y/in', { ips: ['10.1.0.1'] }),
      from({ cidr: '10.1.0.0/16' }),
      policy('y/closed', { podSelector: {}, policyTypes: ['Egress'] }),
    ],
    'y/in -> x/a TCP 80: denied',
  );
});

test('row 13: except takes addresses out of its own block only', () => {
  expect(
    [pod('x/a'), from({ cidr: '192.0.2.0/24', except: ['192.0.2.128/25', '192.0.2.0/30'] })],
    `192.0.2.3 -> x/a TCP 80: denied
     192.0.2.4 -> x/a TCP 80: allowed
     192.0.2.127 -> x/a TCP 80: allowed
     192.0.2.128 -> x/a TCP 80: denied`,
  );
  expect(
    [pod('x/a'), from({ cidr: '192.0.2.0/24', except: ['192.0.2.0/25'] }, { cidr: '192.0.2.0/28' })],
    `192.0.2.15 -> x/a TCP 80: allowed
     192.0.2.16 -> x/a TCP 80: denied`,
  );
});

test('row 13: except must be a strict part of cidr', () => {
  assert.deepEqual(problemsOf(from({ cidr: '10.0.0.0/8', except: ['10.1.0.0/16'] })), []);
  assert.notDeepEqual(problemsOf(from({ cidr: '10.0.0.0/8', except: ['10.0.0.0/8'] })), []);
  assert.notDeepEqual(problemsOf(from({ cidr: '10.0.0.0/8', except: ['11.0.0.0/16'] })), []);
  assert.notDeepEqual(problemsOf(from({ cidr: '10.0.0.0/16', except: ['10.0.0.0/8'] })), []);
  assert.notDeepEqual(problemsOf(from({ cidr: '10.0.0.0/8', except: ['fd00::/64'] })), []);
  assert.notDeepEqual(problemsOf(from({ cidr: '10.0.0.0' })), []);
});

test('row 13: host bits in the CIDR of an old object are tolerated', () => {
  const { metadata, ...rest } = from({ cidr: '192.0.2.77/24' });
  const old = { ...rest, metadata: { ...(metadata as object), ...STORED } };
  expect(
    [pod('x/a'), old],
    `192.0.2.1 -> x/a TCP 80: allowed
     192.0.3.1 -> x/a TCP 80: denied`,
  );
});

test('row 14: a block of one family says nothing about the other', () => {
  const a = pod('x/a', { ips: ['10.0.0.1', 'fd00::1'] });
  expect(
    [a, from({ cidr: '0.0.0.0/0' })],
    `192.0.2.1 -> x/a TCP 80: allowed
     2001:db8::1 -> x/a TCP 80: denied`,
  );
  expect(
    [a, from({ cidr: '::/0', except: ['2001:db8::/32'] })],
    `192.0.2.1 -> x/a TCP 80: denied
     2001:db9::1 -> x/a TCP 80: allowed
     2001:db8::1 -> x/a TCP 80: denied`,
  );
});

test('row 14: between pods, a block counts for the families both have', () => {
  const blocks = { blocksMatchPods: 'yes' } as const;
  const dual = pod('x/dual', { ips: ['10.1.0.1', 'fd01::1'] });
  const four = pod('x/a', { ips: ['10.0.0.1'] });
  // IPv6 is open for the client, but the server has no IPv6 address.
  expect([dual, four, from({ cidr: 'fd01::/64' })], 'x/dual -> x/a TCP 80: denied', blocks);
  expect([dual, four, from({ cidr: '10.1.0.0/16' })], 'x/dual -> x/a TCP 80: allowed', blocks);
  const both = pod('x/a', { ips: ['10.0.0.1', 'fd00::1'] });
  expect([dual, both, from({ cidr: '10.1.0.0/16' })], 'x/dual -> x/a TCP 80: unknown', blocks);
  // Of a pod's two addresses only the one that is named counts.
  expect(
    [dual, both, pod('x/six', { ips: ['fd01::6'] }), from({ cidr: '10.1.0.0/16' }, { cidr: 'fd01::6/128' })],
    `x/dual -> 10.0.0.1 TCP 80: allowed
     x/dual -> fd00::1 TCP 80: denied
     x/six -> 10.0.0.1 TCP 80: denied
     x/six -> 192.0.2.1 TCP 80: denied
     x/six -> 2001:db8::1 TCP 80: allowed`,
    blocks,
  );
  expect(
    [dual, both, from({ cidr: '10.1.0.0/16' }, { cidr: 'fd01::/64' })],
    'x/dual -> x/a TCP 80: allowed',
    blocks,
  );
});

const HOSTS = [
  node('node-1', '192.168.0.1', 'fd99::1'),
  node('node-2', '192.168.0.2', 'fd99::2'),
  pod('x/agent', { ips: ['192.168.0.2', 'fd99::2'], node: 'node-2', spec: { hostNetwork: true } }),
  pod('x/a', { node: 'node-1' }),
  pod('x/b', { node: 'node-1' }),
];

test('row 15: a policy never selects a pod on the host’s network', () => {
  expect(
    [
      ...HOSTS,
      policy('x/np', { podSelector: { matchLabels: { app: 'agent' } }, policyTypes: ['Ingress', 'Egress'] }),
    ],
    `x/b -> x/agent TCP 80: allowed
     x/agent -> x/b TCP 80: allowed
     192.0.2.1 -> x/agent TCP 80: allowed`,
  );
});

test('row 15: nor does a peer: such a pod is its node, matched by the node’s addresses', () => {
  const agent = { podSelector: { matchLabels: { app: 'agent' } } };
  const target = { podSelector: { matchLabels: { app: 'a' } } };
  expect(
    [...HOSTS, policy('x/np', { ...target, ingress: [{ from: [agent, { namespaceSelector: {} }] }] })],
    `x/agent -> x/a TCP 80: denied
     192.168.0.2 -> x/a TCP 80: denied
     x/b -> x/a TCP 80: allowed`,
  );
  expect(
    [...HOSTS, policy('x/np', { ...target, policyTypes: ['Egress'], egress: [{ to: [agent] }] })],
    'x/a -> x/agent TCP 80: denied',
  );
});

test('row 15: an IPv6 block does not let a node in that can only come by IPv4', () => {
  expect([...HOSTS, from({ cidr: 'fd99::/64' })], 'x/agent -> x/a TCP 80: denied', {
    blocksMatchPods: 'yes',
  });
});

test('row 16: a node may always reach the pods on it, other nodes may not', () => {
  const near = pod('x/near', { ips: ['192.168.0.1'], node: 'node-1', spec: { hostNetwork: true } });
  expect(
    [...HOSTS, near, policy('x/np', { podSelector: {} })],
    `192.168.0.1 -> x/a TCP 80: allowed
     x/near -> x/a TCP 80: allowed
     192.168.0.2 -> x/a TCP 80: denied
     x/agent -> x/a TCP 80: denied
     x/b -> x/a TCP 80: denied`,
  );
});

test('row 17: a pod may always reach itself, but not its replicas', () => {
  const owner = {
    ownerReferences: [{ apiVersion: 'apps/v1', kind: 'StatefulSet', name: 'db', uid: '1', controller: true }],
  };
  const replica = (name: string, ip: string) =>
    pod(`x/${name}`, { labels: { app: 'db' }, ips: [ip], metadata: owner });
  expect(
    [
      replica('db-0', '10.0.0.10'),
      replica('db-1', '10.0.0.11'),
      policy('x/np', { podSelector: {}, policyTypes: ['Ingress', 'Egress'] }),
    ],
    `x/db-0 -> x/db-0 TCP 80: allowed
     x/db-0 -> 10.0.0.10 TCP 80: allowed
     x/db-0 -> x/db-1 TCP 80: denied
     x/db-0 -> 10.0.0.11 TCP 80: denied`,
  );
});

test('row 17: a pod that reaches itself through its Service is unknown', () => {
  const svc = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { namespace: 'x', name: 'svc' },
    spec: {
      selector: { app: 'a' },
      clusterIP: '10.96.0.1',
      clusterIPs: ['10.96.0.1'],
      ports: [{ port: 80 }],
    },
  };
  expect(
    [pod('x/a'), svc, policy('x/np', { podSelector: {}, policyTypes: ['Ingress', 'Egress'] })],
    'x/a -> service:x/svc TCP 80: unknown',
  );
});

test('row 18: pods that ended do not count, terminating ones do', () => {
  const state = stateOf([
    pod('x/done', { phase: 'Succeeded' }),
    pod('x/failed', { phase: 'Failed' }),
    pod('x/going', { metadata: { deletionTimestamp: '2026-01-01T00:00:00Z' } }),
    pod('x/starting', { phase: 'Pending' }),
    pod('x/lost', { phase: 'Unknown' }),
  ]);
  assert.deepEqual([...(state.spaces.get('x')?.pods.keys() ?? [])].sort(), ['going', 'lost', 'starting']);
});

test('row 18: the address of a pod that ended is nobody’s', () => {
  expect(
    [pod('x/a'), pod('x/done', { phase: 'Succeeded', ips: ['10.1.0.1'] }), from({ cidr: '10.1.0.0/16' })],
    '10.1.0.1 -> x/a TCP 80: allowed',
  );
});

test('row 18: a pod without an address yet counts by label, not by ipBlock', () => {
  const waiting = pod('x/waiting', { phase: 'Pending', ips: [] });
  expect([pod('x/a'), waiting, from({ cidr: '0.0.0.0/0' })], 'x/waiting -> x/a TCP 80: denied', {
    blocksMatchPods: 'yes',
  });
  expect(
    [
      pod('x/a'),
      waiting,
      policy('x/np', {
        podSelector: { matchLabels: { app: 'a' } },
        ingress: [{ from: [{ podSelector: { matchLabels: { app: 'waiting' } } }] }],
      }),
    ],
    'x/waiting -> x/a TCP 80: allowed',
  );
});
