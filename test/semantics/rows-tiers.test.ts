/** Row 21: the admin tier before NetworkPolicy, the baseline tier after it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { overlay } from '../../src/model/overlay.ts';
import { answer, expect, namespace, object, pod, policy, stateOf } from './world.ts';

const WORLD = [
  namespace('x', { env: 'prod' }),
  namespace('y', { env: 'test' }),
  pod('x/a', { ports: ['http=8080'] }),
  pod('x/b'),
  pod('y/c'),
];
const everywhere = { namespaces: {} };
const test_ = { namespaces: { matchLabels: { env: 'test' } } };
const prod = { namespaces: { matchLabels: { env: 'prod' } } };

interface Tier {
  readonly subject?: object;
  readonly ingress?: readonly object[];
  readonly egress?: readonly object[];
}

const admin = (name: string, priority: number, { subject = prod, ...rules }: Tier) =>
  object('policy.networking.k8s.io/v1alpha1', 'AdminNetworkPolicy', name, {
    spec: { priority, subject, ...rules },
  });
const baseline = ({ subject = prod, ...rules }: Tier) =>
  object('policy.networking.k8s.io/v1alpha1', 'BaselineAdminNetworkPolicy', 'default', {
    spec: { subject, ...rules },
  });
const cluster = (
  name: string,
  tier: 'Admin' | 'Baseline',
  priority: number,
  { subject = prod, ...rules }: Tier,
) =>
  object('policy.networking.k8s.io/v1alpha2', 'ClusterNetworkPolicy', name, {
    spec: { tier, priority, subject, ...rules },
  });

const denyAll = policy('x/deny', { podSelector: {} });
const allowAll = policy('x/allow', { podSelector: {}, ingress: [{}] });
const port80 = [{ portNumber: { protocol: 'TCP', port: 80 } }];

test('row 21: an admin Allow wins over a NetworkPolicy that isolates', () => {
  expect(
    [...WORLD, denyAll, admin('open', 10, { ingress: [{ action: 'Allow', from: [test_], ports: port80 }] })],
    `y/c -> x/a TCP 80: allowed
     y/c -> x/a TCP 81: denied
     x/b -> x/a TCP 80: denied
     192.0.2.1 -> x/a TCP 80: denied`,
  );
});

test('row 21: an admin Deny wins over a NetworkPolicy that allows, and over none at all', () => {
  const closed = admin('closed', 10, { ingress: [{ action: 'Deny', from: [test_] }] });
  const table = `y/c -> x/a TCP 80: denied
                 x/b -> x/a TCP 80: allowed
                 192.0.2.1 -> x/a TCP 80: allowed`;
  expect([...WORLD, allowAll, closed], table);
  expect([...WORLD, closed], table);
});

test('row 21: Pass leaves the decision to NetworkPolicy and skips what follows in the tier', () => {
  const pass = admin('pass', 5, { ingress: [{ action: 'Pass', from: [test_], ports: port80 }] });
  const deny = admin('deny', 10, { ingress: [{ action: 'Deny', from: [everywhere] }] });
  expect(
    [...WORLD, pass, deny],
    `y/c -> x/a TCP 80: allowed
     y/c -> x/a TCP 81: denied
     x/b -> x/a TCP 80: denied`,
  );
  expect([...WORLD, pass, deny, denyAll], 'y/c -> x/a TCP 80: denied');
});

test('row 21: the lower priority number is earlier, and within a policy the earlier rule', () => {
  const allow = { action: 'Allow', from: [test_] };
  const deny = { action: 'Deny', from: [everywhere] };
  expect(
    [...WORLD, admin('late', 20, { ingress: [deny] }), admin('early', 10, { ingress: [allow] })],
    `y/c -> x/a TCP 80: allowed
     x/b -> x/a TCP 80: denied`,
  );
  expect(
    [...WORLD, admin('late', 20, { ingress: [allow] }), admin('early', 10, { ingress: [deny] })],
    'y/c -> x/a TCP 80: denied',
  );
  expect([...WORLD, admin('one', 1, { ingress: [allow, deny] })], 'y/c -> x/a TCP 80: allowed');
  expect([...WORLD, admin('one', 1, { ingress: [deny, allow] })], 'y/c -> x/a TCP 80: denied');
});

test('row 21: policies of equal priority that disagree make the verdict unknown', () => {
  const allow = admin('allow', 10, { ingress: [{ action: 'Allow', from: [test_] }] });
  const deny = admin('deny', 10, { ingress: [{ action: 'Deny', from: [test_], ports: port80 }] });
  expect(
    [...WORLD, allow, deny],
    `y/c -> x/a TCP 80: unknown
     y/c -> x/a TCP 81: allowed
     x/b -> x/a TCP 80: allowed`,
  );
  const same = admin('same', 10, { ingress: [{ action: 'Allow', from: [everywhere] }] });
  expect([...WORLD, denyAll, allow, same], 'y/c -> x/a TCP 80: allowed');
  const { reason } = answer(overlay(stateOf([...WORLD, allow, deny]), []), 'y/c -> x/a TCP 80');
  assert.match(reason, /priority/);
});

test('row 21: the baseline tier decides only for pods that no NetworkPolicy isolates', () => {
  const closed = baseline({ ingress: [{ action: 'Deny', from: [everywhere] }] });
  expect(
    [...WORLD, closed],
    `y/c -> x/a TCP 80: denied
     x/b -> x/a TCP 80: denied
     192.0.2.1 -> x/a TCP 80: allowed
     x/a -> y/c TCP 80: allowed`,
  );
  expect([...WORLD, closed, allowAll], 'y/c -> x/a TCP 80: allowed');
  expect(
    [
      ...WORLD,
      baseline({
        ingress: [
          { action: 'Allow', from: [test_] },
          { action: 'Deny', from: [everywhere] },
        ],
      }),
    ],
    `y/c -> x/a TCP 80: allowed
     x/b -> x/a TCP 80: denied`,
  );
});

test('row 21: egress rules of the admin tier know networks', () => {
  expect(
    [
      ...WORLD,
      pod('x/dual', { ips: ['10.0.9.9', 'fd00::9'] }),
      admin('out', 1, {
        egress: [
          { action: 'Allow', to: [{ networks: ['192.0.2.0/25'] }] },
          { action: 'Deny', to: [{ networks: ['0.0.0.0/0'] }], ports: port80 },
        ],
      }),
    ],
    `x/a -> 192.0.2.1 TCP 80: allowed
     x/a -> 192.0.2.200 TCP 80: denied
     x/a -> 192.0.2.200 TCP 81: allowed
     x/dual -> 2001:db8::1 TCP 80: allowed
     x/a -> 2001:db8::1 TCP 80: denied
     x/a -> 192.0.2.0/24 TCP 80: unknown
     x/a -> 192.0.2.0/24 TCP 81: allowed
     x/a -> 192.0.2.128/25 TCP 80: denied`,
  );
});

test('row 21: subjects and peers by pods need namespace and labels to match', () => {
  const only = (app: string) => ({
    pods: { namespaceSelector: { matchLabels: { env: 'prod' } }, podSelector: { matchLabels: { app } } },
  });
  expect(
    [...WORLD, admin('one', 1, { subject: only('a'), ingress: [{ action: 'Deny', from: [only('b')] }] })],
    `x/b -> x/a TCP 80: denied
     y/c -> x/a TCP 80: allowed
     x/a -> x/b TCP 80: allowed`,
  );
});

test('row 21: what the baseline denies is open for pods that policies select for the other direction alone', () => {
  const closed = baseline({ egress: [{ action: 'Deny', to: [everywhere], ports: port80 }] });
  const half = policy('x/half', { podSelector: { matchLabels: { app: 'a' } }, policyTypes: ['Ingress'] });
  const world = [...WORLD, closed, half];
  expect(
    world,
    `x/a -> x/b TCP 80: unknown
     x/a -> x/b TCP 81: allowed
     x/b -> y/c TCP 80: denied`,
  );
  assert.match(
    answer(overlay(stateOf(world), []), 'x/a -> x/b TCP 80').reason,
    /whether that tier counts .* is not settled/,
  );
  // Isolated for the same direction it does not count at all, and what it allows is open either way.
  const same = policy('x/same', { podSelector: {}, policyTypes: ['Egress'], egress: [{}] });
  expect([...WORLD, closed, same], 'x/a -> x/b TCP 80: allowed');
  const allowed = baseline({ egress: [{ action: 'Allow', to: [everywhere] }] });
  expect([...WORLD, allowed, half], 'x/a -> x/b TCP 80: allowed');
});

test('row 21: an admin Allow on one side does not open the other', () => {
  expect(
    [
      ...WORLD,
      admin('open', 1, { ingress: [{ action: 'Allow', from: [test_] }] }),
      policy('y/closed', { podSelector: {}, policyTypes: ['Egress'] }),
    ],
    'y/c -> x/a TCP 80: denied',
  );
});

test('row 21: ClusterNetworkPolicy holds both tiers', () => {
  const accept = cluster('open', 'Admin', 1, { ingress: [{ action: 'Accept', from: [test_] }] });
  const closed = cluster('closed', 'Baseline', 1, { ingress: [{ action: 'Deny', from: [everywhere] }] });
  expect(
    [...WORLD, accept, closed],
    `y/c -> x/a TCP 80: allowed
     x/b -> x/a TCP 80: denied`,
  );
  expect(
    [...WORLD, accept, closed, denyAll],
    `y/c -> x/a TCP 80: allowed
     x/b -> x/a TCP 80: denied`,
  );
  expect([...WORLD, closed, allowAll], 'x/b -> x/a TCP 80: allowed');
});

test('row 21: a pod on the host’s network is no subject, and a peer of an unknown form makes verdicts unknown', () => {
  const host = pod('x/host', { ips: ['192.168.0.1'], node: 'node-2', spec: { hostNetwork: true } });
  expect(
    [...WORLD, host, admin('deny', 1, { ingress: [{ action: 'Deny', from: [everywhere] }] })],
    'x/b -> x/host TCP 80: allowed',
  );
  const odd = admin('odd', 1, { egress: [{ action: 'Deny', to: [{ domainNames: ['example.test'] }] }] });
  expect([...WORLD, odd], 'x/a -> 192.0.2.1 TCP 80: unknown');
});
