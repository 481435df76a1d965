/** Rows 1 to 6 and 8, 12, 19, 20: whom a policy isolates, and what its rules add up to. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { expect, namespace, node, pod, policy, problemsOf, stateOf } from './world.ts';

const PODS = [pod('x/a'), pod('x/b'), pod('y/c')];

for (const podSelector of [{}, { matchLabels: {} }, { matchExpressions: [] }]) {
  test('row 01: an empty podSelector selects every pod of the namespace of its policy', () => {
    expect(
      [...PODS, policy('x/np', { podSelector, policyTypes: ['Ingress'] })],
      `x/b -> x/a TCP 80: denied
       x/a -> x/b UDP 53: denied
       y/c -> x/a TCP 80: denied
       x/a -> y/c TCP 80: allowed`,
    );
  });
}

test('row 02: without policyTypes a policy isolates for ingress always', () => {
  expect(
    [...PODS, policy('x/np', { podSelector: {}, egress: [{ to: [{ podSelector: {} }] }] })],
    `y/c -> x/a TCP 80: denied
     x/b -> x/a TCP 80: denied`,
  );
});

test('row 02: without policyTypes a policy isolates for egress only when it has egress rules', () => {
  const both = `x/a -> y/c TCP 80: denied`;
  const ingressOnly = `x/a -> y/c TCP 80: allowed
                       y/c -> x/a TCP 80: denied`;
  expect([...PODS, policy('x/np', { podSelector: {}, egress: [{ ports: [{ port: 53 }] }] })], both);
  expect([...PODS, policy('x/np', { podSelector: {} })], ingressOnly);
  expect([...PODS, policy('x/np', { podSelector: {}, egress: [] })], ingressOnly);
  expect([...PODS, policy('x/np', { podSelector: {}, policyTypes: [], egress: [] })], ingressOnly);
});

test('row 03: a section whose direction policyTypes leaves out is ignored, and known to be', () => {
  const ignored = policy('x/np', {
    podSelector: {},
    policyTypes: ['Ingress'],
    ingress: [{ from: [{ podSelector: { matchLabels: { app: 'b' } } }] }],
    egress: [{ to: [{ podSelector: { matchLabels: { app: 'nobody' } } }] }],
  });
  expect(
    [...PODS, ignored],
    `x/a -> y/c TCP 80: allowed
     x/b -> x/a TCP 80: allowed
     y/c -> x/a TCP 80: denied`,
  );
  assert.deepEqual(stateOf([ignored]).spaces.get('x')?.policies.get('np')?.ignored, ['egress']);
});

test('row 04: no ingress rules isolate and allow nothing, one empty rule allows everything', () => {
  const denied = `x/b -> x/a TCP 80: denied
                  192.0.2.1 -> x/a TCP 80: denied`;
  const allowed = `x/b -> x/a SCTP 80: allowed
                   y/c -> x/a TCP 65535: allowed
                   192.0.2.1 -> x/a UDP 1: allowed`;
  expect([...PODS, policy('x/np', { podSelector: {} })], denied);
  expect([...PODS, policy('x/np', { podSelector: {}, ingress: [] })], denied);
  expect([...PODS, policy('x/np', { podSelector: {}, ingress: [{}] })], allowed);
});

test('row 05: a rule without peers means every source, external ones included', () => {
  for (const rule of [{}, { from: [] }]) {
    expect(
      [...PODS, policy('x/np', { podSelector: {}, ingress: [{ ...rule, ports: [{ port: 80 }] }] })],
      `x/b -> x/a TCP 80: allowed
       y/c -> x/a TCP 80: allowed
       192.0.2.1 -> x/a TCP 80: allowed
       2001:db8::1 -> x/a TCP 81: denied
       192.0.2.1 -> x/a TCP 81: denied`,
    );
  }
});

test('row 05: a rule without destinations means every destination', () => {
  for (const rule of [{}, { to: [] }]) {
    expect(
      [
        ...PODS,
        policy('x/np', {
          podSelector: {},
          policyTypes: ['Egress'],
          egress: [{ ...rule, ports: [{ port: 80 }] }],
        }),
      ],
      `x/a -> y/c TCP 80: allowed
       x/a -> 192.0.2.1 TCP 80: allowed
       x/a -> 192.0.2.1 TCP 81: denied`,
    );
  }
});

test('row 05: an empty peer, and an ipBlock beside a selector, are invalid', () => {
  const ingress = (peer: object) => policy('x/np', { podSelector: {}, ingress: [{ from: [peer] }] });
  assert.notDeepEqual(problemsOf(ingress({})), []);
  assert.notDeepEqual(problemsOf(ingress({ ipBlock: { cidr: '10.0.0.0/8' }, podSelector: {} })), []);
  assert.notDeepEqual(problemsOf(ingress({ ipBlock: { cidr: '10.0.0.0/8' }, namespaceSelector: {} })), []);
  assert.deepEqual(problemsOf(ingress({ ipBlock: { cidr: '10.0.0.0/8' } })), []);
  assert.deepEqual(problemsOf(ingress({ podSelector: {}, namespaceSelector: {} })), []);
});

const PEOPLE = [
  namespace('x', { team: 'red' }),
  namespace('y', { team: 'red' }),
  namespace('z', { team: 'blue' }),
  pod('x/server'),
  pod('x/web'),
  pod('x/job'),
  pod('y/web'),
  pod('y/job'),
  pod('z/web'),
];
const web = { podSelector: { matchLabels: { app: 'web' } } };
const red = { namespaceSelector: { matchLabels: { team: 'red' } } };
const server = (...from: object[]) =>
  policy('x/np', { podSelector: { matchLabels: { app: 'server' } }, ingress: [{ from }] });

test('row 06: a podSelector alone means the namespace of the policy', () => {
  expect(
    [...PEOPLE, server(web)],
    `x/web -> x/server TCP 80: allowed
     x/job -> x/server TCP 80: denied
     y/web -> x/server TCP 80: denied`,
  );
});

test('row 06: a namespaceSelector alone means all pods of the matching namespaces', () => {
  expect(
    [...PEOPLE, server(red)],
    `x/web -> x/server TCP 80: allowed
     x/job -> x/server TCP 80: allowed
     y/job -> x/server TCP 80: allowed
     z/web -> x/server TCP 80: denied`,
  );
});

test('row 06: both selectors in one element mean AND, two elements mean OR', () => {
  expect(
    [...PEOPLE, server({ ...web, ...red })],
    `x/web -> x/server TCP 80: allowed
     y/web -> x/server TCP 80: allowed
     y/job -> x/server TCP 80: denied
     z/web -> x/server TCP 80: denied`,
  );
  expect(
    [...PEOPLE, server(web, red)],
    `x/web -> x/server TCP 80: allowed
     y/job -> x/server TCP 80: allowed
     x/job -> x/server TCP 80: allowed
     z/web -> x/server TCP 80: denied`,
  );
});

test('row 06: an empty namespaceSelector means all pods everywhere, but no external address', () => {
  expect(
    [...PEOPLE, server({ namespaceSelector: {} })],
    `x/job -> x/server TCP 80: allowed
     z/web -> x/server TCP 80: allowed
     192.0.2.1 -> x/server TCP 80: denied`,
  );
  expect(
    [...PEOPLE, server({ podSelector: {} })],
    `x/job -> x/server TCP 80: allowed
     z/web -> x/server TCP 80: denied`,
  );
});

test('row 08: every namespace carries kubernetes.io/metadata.name, whether its object is there or not', () => {
  const byName = (value: string) =>
    server({ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': value } } });
  const bare = [pod('x/server'), pod('y/web'), pod('z/web')];
  const table = `y/web -> x/server TCP 80: allowed
                 z/web -> x/server TCP 80: denied`;
  expect([...bare, byName('y')], table);
  expect([...bare, namespace('y'), byName('y')], table);
  expect([...bare, namespace('y', { team: 'red' }), byName('y')], table);
  // A label that lies about the name does not last: the API server writes the true one over it.
  expect([...bare, namespace('y', { 'kubernetes.io/metadata.name': 'z' }), byName('y')], table);
});

test('row 12: policies add up, in whatever order', () => {
  const allow = (name: string, port: number) =>
    policy(`x/${name}`, { podSelector: {}, ingress: [{ ports: [{ port }] }] });
  const deny = policy('x/deny', { podSelector: {} });
  const table = `y/c -> x/a TCP 80: allowed
                 y/c -> x/a TCP 81: allowed
                 y/c -> x/a TCP 82: denied`;
  expect([...PODS, allow('one', 80), deny, allow('two', 81)], table);
  expect([...PODS, allow('two', 81), allow('one', 80), deny], table);
});

test('row 12: a connection needs egress at the source and ingress at the destination on a common port', () => {
  expect(
    [
      ...PODS,
      policy('x/in', { podSelector: {}, ingress: [{ ports: [{ port: 80, endPort: 90 }] }] }),
      policy('y/out', {
        podSelector: {},
        policyTypes: ['Egress'],
        egress: [
          {
            ports: [
              { port: 85, endPort: 95 },
              { protocol: 'UDP', port: 85 },
            ],
          },
        ],
      }),
    ],
    `y/c -> x/a TCP 84: denied
     y/c -> x/a TCP 85: allowed
     y/c -> x/a TCP 90: allowed
     y/c -> x/a TCP 91: denied
     y/c -> x/a UDP 85: denied
     x/b -> x/a TCP 84: allowed`,
  );
});

test('row 12: isolation for ingress and for egress are apart', () => {
  expect(
    [...PODS, policy('x/np', { podSelector: { matchLabels: { app: 'a' } }, policyTypes: ['Egress'] })],
    `x/a -> x/b TCP 80: denied
     x/b -> x/a TCP 80: allowed`,
  );
});

test('row 19: replies follow, so only the one who opens the connection needs leave', () => {
  expect(
    [
      ...PODS,
      policy('x/closed', { podSelector: { matchLabels: { app: 'a' } }, policyTypes: ['Egress'] }),
      policy('y/closed', { podSelector: {}, policyTypes: ['Ingress'] }),
    ],
    `y/c -> x/a TCP 80: allowed
     x/a -> y/c TCP 80: denied`,
  );
});

test('row 20: nobody polices external-to-external traffic, nor what hosts do among themselves', () => {
  const host = (path: string, name: string, ip: string) =>
    pod(path, { ips: [ip], node: name, spec: { hostNetwork: true } });
  expect(
    [
      node('node-1', '192.168.0.1'),
      node('node-2', '192.168.0.2'),
      host('x/one', 'node-1', '192.168.0.1'),
      host('x/two', 'node-2', '192.168.0.2'),
      policy('x/deny', { podSelector: {}, policyTypes: ['Ingress', 'Egress'] }),
    ],
    `192.0.2.1 -> 198.51.100.1 TCP 80: allowed
     x/one -> x/two TCP 80: allowed
     x/one -> 192.0.2.1 TCP 80: allowed
     192.0.2.1 -> x/two TCP 80: allowed`,
  );
});
