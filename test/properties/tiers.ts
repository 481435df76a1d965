import fc from 'fast-check';
import type { TierObject, TierPeerObject, TierPortObject, TierRuleObject } from '../reference/objects.ts';
import { namespaceSelector, PORT_NAMES, PORT_NUMBERS, podSelector, protocol } from './policies.ts';

const plain = { noNullPrototype: true } as const;

/** Everybody half of the time: only policies that meet can disagree. */
const who: fc.Arbitrary<Pick<TierPeerObject, 'namespaces' | 'pods'>> = fc.oneof(
  { weight: 2, arbitrary: fc.constant({ namespaces: {} }) },
  { weight: 1, arbitrary: fc.record({ namespaces: namespaceSelector }, plain) },
  {
    weight: 1,
    arbitrary: fc.record({ pods: fc.record({ namespaceSelector, podSelector }, plain) }, plain),
  },
);

const egressOnly: fc.Arbitrary<TierPeerObject> = fc.oneof(
  fc.record(
    { nodes: fc.constantFrom<object>({}, { matchLabels: { app: 'a' } }, { matchLabels: { app: 'c' } }) },
    plain,
  ),
  fc.record(
    {
      networks: fc.subarray(
        ['0.0.0.0/0', '10.0.0.0/8', '10.0.1.0/25', '192.168.0.1/32', 'fd00::/16', '::/0'],
        {
          minLength: 1,
        },
      ),
    },
    plain,
  ),
  // What a name stands for is nobody's to know here.
  fc.constant({ domainNames: ['example.test.'] }),
);

const port: fc.Arbitrary<TierPortObject> = fc.oneof(
  fc.record({ portNumber: fc.record({ protocol, port: fc.constantFrom(...PORT_NUMBERS) }, plain) }, plain),
  fc
    .tuple(protocol, fc.constantFrom(...PORT_NUMBERS), fc.constantFrom(...PORT_NUMBERS))
    .map(([spoken, a, b]) => ({
      portRange: { protocol: spoken, start: Math.min(a, b), end: Math.max(a, b) },
    })),
  fc.record({ namedPort: fc.constantFrom(...PORT_NAMES) }, plain),
);

function rules(direction: 'ingress' | 'egress', yes: 'Allow' | 'Accept', pass: boolean) {
  const action = fc.constantFrom<TierRuleObject['action']>(yes, 'Deny', ...(pass ? ['Pass' as const] : []));
  const ports = fc.array(port, { minLength: 1, maxLength: 2 });
  const shape = { requiredKeys: ['action' as const], ...plain };
  const rule: fc.Arbitrary<TierRuleObject> =
    direction === 'ingress'
      ? fc.record(
          { action, from: fc.array(who, { minLength: 1, maxLength: 2 }), ports },
          { ...shape, requiredKeys: ['action', 'from'] },
        )
      : fc.record(
          { action, to: fc.array(fc.oneof(who, egressOnly), { minLength: 1, maxLength: 2 }), ports },
          { ...shape, requiredKeys: ['action', 'to'] },
        );
  return fc.array(rule, { maxLength: 3 });
}

function spec(yes: 'Allow' | 'Accept', pass: boolean) {
  return fc.record(
    { subject: who, ingress: rules('ingress', yes, pass), egress: rules('egress', yes, pass) },
    plain,
  );
}

/** Few numbers, so that policies of the same one meet. */
const priority = fc.constantFrom(1, 1, 5, 9, 100);

const older: fc.Arbitrary<TierObject[]> = fc
  .tuple(
    fc.array(fc.tuple(priority, spec('Allow', true)), { maxLength: 4 }),
    fc.array(spec('Allow', false), { maxLength: 1 }),
  )
  .map(([admins, baselines]) => [
    ...admins.map(
      ([number, written], i): TierObject => ({
        apiVersion: 'policy.networking.k8s.io/v1alpha1',
        kind: 'AdminNetworkPolicy',
        metadata: { name: `anp${i}` },
        spec: { priority: number, ...written },
      }),
    ),
    ...baselines.map(
      (written): TierObject => ({
        apiVersion: 'policy.networking.k8s.io/v1alpha1',
        kind: 'BaselineAdminNetworkPolicy',
        metadata: { name: 'default' },
        spec: written,
      }),
    ),
  ]);

const newer: fc.Arbitrary<TierObject[]> = fc
  .array(fc.tuple(fc.constantFrom('Admin' as const, 'Baseline' as const), priority, spec('Accept', true)), {
    maxLength: 5,
  })
  .map((written) =>
    written.map(
      ([tier, number, rest], i): TierObject => ({
        apiVersion: 'policy.networking.k8s.io/v1alpha2',
        kind: 'ClusterNetworkPolicy',
        metadata: { name: `cnp${i}` },
        spec: { tier, priority: number, ...rest },
      }),
    ),
  );

/** Admin and baseline policies of one of the two versions; a cluster serves one of them. */
export const tierPolicies: fc.Arbitrary<TierObject[]> = fc.oneof(older, newer);
