import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseTierPolicy } from '../../../src/model/parse/index.ts';

const EVERYTHING = { requirements: [] };
const A = { requirements: [{ key: 'a', operator: 'In', values: ['1'] }] };

test('AdminNetworkPolicy v1alpha1', () => {
  const policy = parseTierPolicy({
    kind: 'AdminNetworkPolicy',
    metadata: { name: 'admin' },
    spec: {
      priority: 10,
      subject: { namespaces: { matchLabels: { a: '1' } } },
      ingress: [
        {
          name: 'in',
          action: 'Pass',
          from: [
            { namespaces: {} },
            { pods: { namespaceSelector: {}, podSelector: { matchLabels: { a: '1' } } } },
          ],
          ports: [
            { portNumber: { protocol: 'UDP', port: 53 } },
            { portRange: { protocol: 'TCP', start: 80, end: 90 } },
            { namedPort: 'web' },
          ],
        },
      ],
      egress: [
        {
          action: 'Deny',
          to: [{ networks: ['10.0.0.0/8', '::/0'] }, { nodes: {} }, { domainNames: ['*.example.test'] }],
        },
      ],
    },
  });
  assert.deepEqual(
    [policy.tier, policy.priority, policy.namespaces, policy.pods],
    ['admin', 10, A, EVERYTHING],
  );
  assert.deepEqual(policy.ingress, [
    {
      name: 'in',
      action: 'pass',
      peers: [
        { kind: 'pods', namespaces: EVERYTHING, pods: EVERYTHING },
        { kind: 'pods', namespaces: EVERYTHING, pods: A },
      ],
      ports: [
        { protocol: 'UDP', from: 53, to: 53 },
        { protocol: 'TCP', from: 80, to: 90 },
        { protocol: 'TCP', name: 'web' },
        { protocol: 'UDP', name: 'web' },
        { protocol: 'SCTP', name: 'web' },
      ],
    },
  ]);
  assert.deepEqual(
    policy.egress[0]?.peers.map((peer) => (peer.kind === 'block' ? peer.block.cidr : peer.kind)),
    ['10.0.0.0/8', '::/0', 'nodes', 'unknown'],
  );
  assert.equal(policy.egress[0]?.ports, 'any');
});

test('ClusterNetworkPolicy v1alpha2', () => {
  const policy = parseTierPolicy({
    kind: 'ClusterNetworkPolicy',
    metadata: { name: 'base' },
    spec: {
      tier: 'Baseline',
      priority: 0,
      subject: { pods: { namespaceSelector: {}, podSelector: { matchLabels: { a: '1' } } } },
      ingress: [
        {
          action: 'Accept',
          from: [{ namespaces: {} }],
          protocols: [
            { tcp: { destinationPort: { number: 80 } } },
            { udp: { destinationPort: { range: { start: 1, end: 9 } } } },
            { sctp: {} },
            { destinationNamedPort: 'x' },
          ],
        },
      ],
    },
  });
  assert.deepEqual([policy.tier, policy.namespaces, policy.pods], ['baseline', EVERYTHING, A]);
  const [rule] = policy.ingress;
  assert.equal(rule?.action, 'allow');
  assert.deepEqual(rule?.ports.slice(0, 3), [
    { protocol: 'TCP', from: 80, to: 80 },
    { protocol: 'UDP', from: 1, to: 9 },
    { protocol: 'SCTP', from: 1, to: 65535 },
  ]);
  assert.equal(rule?.ports.length, 6);
});

test('what this version does not know makes the rule unknown, never silent', () => {
  const peers = (rule: object) =>
    parseTierPolicy({ kind: 'AdminNetworkPolicy', spec: { ingress: [rule] } }).ingress[0]?.peers.map(
      ({ kind }) => kind,
    );
  assert.deepEqual(peers({ action: 'Deny', from: [{ service: 'x' }] }), ['unknown']);
  assert.deepEqual(peers({ action: 'Deny', from: [{ namespaces: { sameLabels: ['a'] } }] }), ['unknown']);
  assert.deepEqual(peers({ action: 'Log', from: [{ namespaces: {} }] }), ['unknown']);
  assert.deepEqual(peers({ action: 'Deny', from: [{ namespaces: {} }], ports: [{ icmp: {} }] }), ['unknown']);
  const nobody = parseTierPolicy({ kind: 'AdminNetworkPolicy', spec: { subject: {} } });
  assert.notEqual(nobody.pods.problem, undefined);
});
