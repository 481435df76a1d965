import fc from 'fast-check';
import type {
  LabelSelector,
  OtherObject,
  PeerObject,
  PolicyObject,
  PortObject,
  Protocol,
  Requirement,
  RuleObject,
} from '../reference/objects.ts';

export const NAMES = ['n0', 'n1', 'n2', 'n3'] as const;
export const KEYS = ['app', 'tier', 'constructor', '__proto__'] as const;
export const VALUES = ['a', 'b', 'c', ''] as const;
export const PORT_NAMES = ['http', 'dns', 'alt'] as const;
/** Few numbers, so that rules, ranges and named ports meet. */
export const PORT_NUMBERS = [1, 53, 80, 81, 82, 443, 8080, 65535] as const;
export const PROTOCOLS: readonly Protocol[] = ['TCP', 'UDP', 'SCTP'];

export const protocol = fc.constantFrom<Protocol>('TCP', 'TCP', 'UDP', 'SCTP');
export const someLabels = fc
  .array(fc.tuple(fc.constantFrom(...KEYS), fc.constantFrom(...VALUES)), { maxLength: 3 })
  .map((pairs) => record(pairs));

/** An object that may have `__proto__` as a key of its own, as JSON may. */
export function record(pairs: Iterable<readonly [string, string]>): Record<string, string> {
  const object: Record<string, string> = {};
  for (const [key, value] of pairs) {
    Object.defineProperty(object, key, { value, enumerable: true, configurable: true, writable: true });
  }
  return object;
}

function requirement(keys: readonly string[], values: readonly string[]): fc.Arbitrary<Requirement> {
  const key = fc.constantFrom(...keys);
  const some = fc.uniqueArray(fc.constantFrom(...values), { minLength: 1, maxLength: 3 });
  return fc.oneof(
    fc.record({ key, operator: fc.constantFrom('In', 'NotIn'), values: some }, { noNullPrototype: true }),
    fc.record({ key, operator: fc.constantFrom('Exists', 'DoesNotExist') }, { noNullPrototype: true }),
  );
}

function selector(keys: readonly string[], values: readonly string[]): fc.Arbitrary<LabelSelector> {
  const matchLabels = fc
    .array(fc.tuple(fc.constantFrom(...keys), fc.constantFrom(...values)), { maxLength: 2 })
    .map(record);
  const matchExpressions = fc.array(requirement(keys, values), { maxLength: 2 });
  return fc.oneof(
    { weight: 2, arbitrary: fc.constant({}) },
    { weight: 3, arbitrary: fc.record({ matchLabels }, { noNullPrototype: true }) },
    {
      weight: 4,
      arbitrary: fc.record({ matchLabels, matchExpressions }, { requiredKeys: [], noNullPrototype: true }),
    },
  );
}

/** `pod` is unique to each pod, as the name label of a StatefulSet is. */
export const podSelector = selector([...KEYS, 'pod'], [...VALUES, 'p0', 'p1']);
export const namespaceSelector = selector([...KEYS, 'kubernetes.io/metadata.name'], [...VALUES, ...NAMES]);

const BLOCKS: readonly { readonly cidr: string; readonly holes: readonly string[] }[] = [
  { cidr: '0.0.0.0/0', holes: ['10.0.0.0/8', '10.0.1.0/24', '192.168.0.0/31', '203.0.113.7/32'] },
  { cidr: '10.0.0.0/8', holes: ['10.0.0.0/24', '10.0.1.0/24', '10.0.1.1/32'] },
  { cidr: '10.0.1.0/24', holes: ['10.0.1.0/25', '10.0.1.2/31'] },
  { cidr: '10.0.0.0/32', holes: [] },
  { cidr: '203.0.113.0/24', holes: ['203.0.113.7/32', '203.0.113.128/25'] },
  { cidr: '192.168.0.0/24', holes: ['192.168.0.1/32'] },
  { cidr: '10.0.2.9/16', holes: [] },
  { cidr: '::/0', holes: ['fd00::/8', '2001:db8::/32', 'fd00::1:0/112'] },
  { cidr: 'fd00::/16', holes: ['fd00::1:0/112'] },
  { cidr: '2001:db8::/32', holes: ['2001:db8::7/128'] },
];

const ipBlock = fc
  .constantFrom(...BLOCKS)
  .chain(({ cidr, holes }) =>
    fc.subarray([...holes]).map((except) => (except.length === 0 ? { cidr } : { cidr, except })),
  );

const peer: fc.Arbitrary<PeerObject> = fc.oneof(
  fc.record({ podSelector }, { noNullPrototype: true }),
  fc.record({ namespaceSelector }, { noNullPrototype: true }),
  fc.record({ podSelector, namespaceSelector }, { noNullPrototype: true }),
  fc.record({ ipBlock }, { noNullPrototype: true }),
);

const portEntry: fc.Arbitrary<PortObject> = fc.oneof(
  fc.record({ protocol }, { noNullPrototype: true }),
  fc.record(
    { protocol, port: fc.constantFrom<number | string>(...PORT_NUMBERS, ...PORT_NAMES) },
    { requiredKeys: ['port'], noNullPrototype: true },
  ),
  fc
    .tuple(protocol, fc.constantFrom(...PORT_NUMBERS), fc.constantFrom(...PORT_NUMBERS))
    .map(([p, a, b]) => ({ protocol: p, port: Math.min(a, b), endPort: Math.max(a, b) })),
);

/** Absent and empty mean the same here, and both must be read right. */
const ports = fc.array(portEntry, { maxLength: 3 });

export function rule(direction: 'ingress' | 'egress'): fc.Arbitrary<RuleObject> {
  const peers = fc.array(peer, { maxLength: 3 });
  return direction === 'ingress'
    ? fc.record({ from: peers, ports }, { requiredKeys: [], noNullPrototype: true })
    : fc.record({ to: peers, ports }, { requiredKeys: [], noNullPrototype: true });
}

const spec = fc.record(
  {
    podSelector,
    policyTypes: fc.subarray<'Ingress' | 'Egress'>(['Ingress', 'Egress']),
    ingress: fc.array(rule('ingress'), { maxLength: 3 }),
    egress: fc.array(rule('egress'), { maxLength: 3 }),
  },
  { requiredKeys: ['podSelector'], noNullPrototype: true },
);

/** A policy of any valid form, in one of the namespaces. */
export function policy(name: string): fc.Arbitrary<PolicyObject> {
  return fc.tuple(fc.constantFrom(...NAMES), spec).map(([namespace, written]) => ({
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name, namespace },
    spec: written,
  }));
}

/** A Service with a selector, so that the classes of pods are cut by more than policies. */
export function service(name: string): fc.Arbitrary<OtherObject> {
  return fc
    .tuple(fc.constantFrom(...NAMES), someLabels, fc.constantFrom<number | string>(80, 'http'))
    .map(([namespace, labels, targetPort]) => ({
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name, namespace },
      spec: { selector: labels, ports: [{ name: 'p', port: 80, targetPort, protocol: 'TCP' }] },
    }));
}
