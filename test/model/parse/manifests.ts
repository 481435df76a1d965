import fc from 'fast-check';

/**
 * Random manifests of which about a third is right: mostly good parts, with a bad one here and there.
 */
type Any = fc.Arbitrary<unknown>;

const of = (...values: unknown[]): Any => fc.constantFrom(...values);
const rare = (good: Any, ...bad: unknown[]): Any =>
  fc.oneof({ weight: 12, arbitrary: good }, { weight: 1, arbitrary: of(...bad) });
const some = (model: Record<string, Any>): Any => fc.record(model, { requiredKeys: [] });

const KEY_64 = 'k'.repeat(64);
const labels = rare(
  fc.dictionary(fc.constantFrom('a', 'b', 'x.io/c'), of('1', '', 'v-1_2.3')),
  ...[
    {},
    null,
    { 'a b': 'x' },
    { a: 'b c' },
    { a: 1 },
    { a: true },
    { 'A/b': 'x' },
    { 'x/y/z': '1' },
    { a: null },
    'x',
  ],
  ...[[], { constructor: 'q' }, { [KEY_64]: 'a' }, { a: '-x' }],
);
const metadata = rare(
  fc.record({
    name: rare(of('p', 'a.b', 'a-b', '0a'), '', 'P', 'a_b', '-a', null, 5, 'x'.repeat(254), 'a..b', KEY_64),
    labels,
  }),
  ...[{}, null, { name: 'p', foo: 1 }, { name: 'p', namespace: null }, { name: 'p', annotations: { a: 1 } }],
  ...[
    { name: 'p', annotations: { 'a b': 'x' } },
    { name: 'p', annotations: { A: 'b', 'x.io/y': 'z\nz' } },
  ],
);
const expression = rare(
  fc.oneof(
    fc.record({ key: of('a', 'b'), operator: of('In', 'NotIn'), values: of(['x'], ['x', '']) }),
    fc.record({ key: of('a'), operator: of('Exists', 'DoesNotExist') }),
  ),
  ...[
    {},
    null,
    { key: 'a', operator: 'In' },
    { key: 'a', operator: 'In', values: [] },
    { key: '', operator: 'Exists' },
  ],
  ...[
    { key: 'a', operator: 'Exists', values: ['x'] },
    { key: 'a', operator: 'in', values: ['x'] },
  ],
  ...[
    { key: 'a', operator: 'In', values: ['b c'] },
    { key: 'a', operator: 'In', values: [1] },
    { key: 'a b', operator: 'Exists' },
  ],
);
const selector = rare(
  some({ matchLabels: labels, matchExpressions: fc.array(expression, { maxLength: 2 }) }),
  ...[{}, null, { matchlabels: {} }, 'x', [], { a: 'b' }],
);
const cidr = rare(
  of('10.0.0.0/8', '0.0.0.0/0', '::/0', 'fd00::/8', '192.168.1.0/24', '10.1.2.3/32', 'FD00:0::/16'),
  ...[
    '10.0.0.1',
    '10.0.0.1/8',
    '10.0.0.0/33',
    'x',
    '',
    null,
    5,
    '010.0.0.0/8',
    '10.0.0.0/08',
    '::ffff:10.0.0.0/104',
  ],
  ...['fd00::1/8', '10.0.0/8', ' 10.0.0.0/8', '10.0.0.0/-1'],
);
const except = fc.array(
  of('10.1.0.0/16', '10.0.0.0/8', '192.168.1.128/25', 'fd00:1::/32', '11.0.0.0/16', '10.1.0.1/16'),
  {
    maxLength: 1,
  },
);
const block = rare(fc.record({ cidr, except }, { requiredKeys: ['cidr'] }), {}, null, 'x', { except: [] });
const peer = rare(
  fc.oneof(some({ podSelector: selector, namespaceSelector: selector }), fc.record({ ipBlock: block })),
  ...[
    {},
    null,
    'x',
    { podselector: {} },
    { podSelector: null },
    { ipBlock: { cidr: '10.0.0.0/8' }, podSelector: {} },
  ],
);
const port = rare(
  some({ protocol: of('TCP', 'UDP', 'SCTP'), port: of(80, 443, 'http', 1, 65535, 8080) }),
  ...[
    {},
    null,
    { port: 80, endPort: 90 },
    { port: 80, endPort: 79 },
    { endPort: 90 },
    { port: 'http', endPort: 90 },
  ],
  ...[
    { protocol: 'tcp' },
    { protocol: '' },
    { port: 0 },
    { port: 65536 },
    { port: '80' },
    { port: 'HTTP' },
    { port: 'a--b' },
  ],
  ...[
    { port: '' },
    { port: 80.5 },
    { port: true },
    { port: null },
    { port: 80, endPort: 70000 },
    { port: 80, endPort: '90' },
  ],
);
const rules = (peers: string): Any =>
  rare(
    fc.array(
      rare(
        some({
          [peers]: rare(fc.array(peer, { maxLength: 2 }), null, {}, 'x'),
          ports: rare(fc.array(port, { maxLength: 2 }), null, 80),
        }),
        ...[{}, null, { form: [] }, 'x'],
      ),
      { maxLength: 2 },
    ),
    ...[null, {}, 'x', []],
  );
const policyTypes = rare(
  fc.subarray(['Ingress', 'Egress']),
  ['ingress'],
  null,
  'Ingress',
  ['Ingress', 'Egress', 'Ingress'],
  [null],
);
const policySpec = rare(
  some({ podSelector: selector, ingress: rules('from'), egress: rules('to'), policyTypes }),
  ...[null, {}, 'x', { ingres: [] }],
);

const servicePort = rare(
  fc.record(
    {
      name: of('a', 'b', 'c'),
      port: of(80, 443, 53),
      protocol: of('TCP', 'UDP', 'SCTP'),
      targetPort: of(80, 'http', 8080),
      nodePort: of(30007, 30008, 0),
    },
    { requiredKeys: ['name', 'port'] },
  ),
  ...[
    {},
    null,
    { port: 80 },
    { port: 0 },
    { port: '80' },
    { name: 'A', port: 80 },
    { name: '', port: 80 },
    { name: '1', port: 1 },
  ],
  ...[
    { name: 'a', port: 80, protocol: 'tcp' },
    { name: 'a', port: 80, targetPort: '80' },
    { name: 'a', port: 80, targetPort: 0 },
  ],
  ...[
    { name: 'a', port: 80, nodePort: 70000 },
    { name: 'a', port: 80, appProtocol: 'a b' },
    { name: 'a', port: 80, nodeport: 1 },
  ],
);
const serviceFields: Record<string, Any> = {
  type: rare(of('ClusterIP', 'NodePort', 'LoadBalancer', 'ExternalName'), '', 'nodePort', null, 5),
  selector: rare(of({ app: 'x' }, {}), { 'a b': 'x' }, { a: 1 }, 'x'),
  clusterIP: rare(
    of('10.96.5.5', 'None', '', 'fd00:96::5'),
    'none',
    '10.0',
    null,
    '010.96.1.1',
    '::ffff:10.96.0.9',
  ),
  clusterIPs: of(
    [],
    ['10.96.5.5'],
    ['None'],
    ['10.96.5.5', 'fd00:96::5'],
    ['10.96.5.5', '10.96.5.6'],
    ['None', '10.96.5.5'],
    null,
  ),
  ipFamilies: of(['IPv4'], ['IPv6'], ['IPv4', 'IPv6'], ['IPv4', 'IPv4'], ['ipv4'], [], null),
  ipFamilyPolicy: of('SingleStack', 'PreferDualStack', 'RequireDualStack', 'x', null),
  externalName: of('a.b', 'a.b.', '', 'http://x', 'A.b', 'a_b', '1.2.3.4'),
  externalIPs: of(
    ['192.0.2.1'],
    ['127.0.0.1'],
    ['x'],
    ['0.0.0.0'],
    ['169.254.1.1'],
    [],
    null,
    ['224.0.0.1'],
    ['fe80::1'],
  ),
  sessionAffinity: of('None', 'ClientIP', 'clientIP', '', null),
  sessionAffinityConfig: of(
    { clientIP: { timeoutSeconds: 100 } },
    { clientIP: { timeoutSeconds: 0 } },
    {},
    null,
  ),
  externalTrafficPolicy: of('Local', 'Cluster', 'local', '', null),
  internalTrafficPolicy: of('Local', 'Cluster', 'local', null),
  loadBalancerSourceRanges: of(['10.0.0.0/8'], [' 10.0.0.0/8 '], ['10.0.0.1'], [], null, ['10.0.0.1/8']),
  allocateLoadBalancerNodePorts: of(true, false, null, 'x'),
  loadBalancerClass: of('a.io/b', 'a b', null),
  healthCheckNodePort: of(0, 30099, null, -1),
  trafficDistribution: of('PreferClose', 'x', 'PreferSameZone'),
};
function nameOf(value: unknown): unknown {
  return typeof value === 'object' && value !== null && 'name' in value ? value.name : value;
}

/** A few fields at a time: all of them together are never right. */
const serviceSpec = fc.subarray(Object.keys(serviceFields), { maxLength: 2 }).chain((names) =>
  fc.record({
    ports: rare(fc.uniqueArray(servicePort, { minLength: 1, maxLength: 2, selector: nameOf }), [], null, {}),
    ...Object.fromEntries(names.map((name) => [name, serviceFields[name] as Any])),
  }),
);

const container = rare(
  fc.record({
    name: of('a', 'b'),
    image: of('x'),
    ports: fc.array(
      rare(
        fc.record({ name: of('http', 'web'), containerPort: of(80, 90) }),
        ...[
          {},
          { containerPort: 0 },
          { containerPort: 80, name: 'HTTP' },
          { containerPort: 80, protocol: 'tcp' },
          { containerPort: '80' },
        ],
      ),
      { maxLength: 2 },
    ),
  }),
  ...[
    {},
    { name: 'A', image: 'x' },
    { name: 'a' },
    null,
    { name: 'a', image: 'x', env: [{ name: 'A', value: 1 }] },
  ],
);
const podSpec = rare(
  fc.record({ containers: fc.array(container, { minLength: 1, maxLength: 2 }) }),
  {},
  null,
  { container: [] },
);
const deploymentSpec = rare(
  fc.record({
    replicas: rare(of(1, 0), -1, '1', null, 1.5),
    selector: rare(of({ matchLabels: { a: '1' } }), {}, null, { matchLabels: { a: '2' } }),
    template: fc.record({
      metadata: fc.record({ labels: rare(of({ a: '1' }), { a: '2' }, { a: 1 }, null) }),
      spec: podSpec,
    }),
  }),
  ...[{}, null, { replica: 1 }],
);

function object(apiVersion: string, kind: string, spec: Any): Any {
  return fc.record({ apiVersion: fc.constant(apiVersion), kind: fc.constant(kind), metadata, spec });
}

/** Where an API server takes each kind, and manifests of it. */
export const MANIFESTS = [
  {
    kind: 'NetworkPolicy',
    path: '/apis/networking.k8s.io/v1/namespaces/default/networkpolicies',
    manifests: object('networking.k8s.io/v1', 'NetworkPolicy', policySpec),
    runs: 400,
  },
  {
    kind: 'Service',
    path: '/api/v1/namespaces/default/services',
    manifests: object('v1', 'Service', serviceSpec),
    runs: 400,
  },
  {
    kind: 'Deployment',
    path: '/apis/apps/v1/namespaces/default/deployments',
    manifests: object('apps/v1', 'Deployment', deploymentSpec),
    runs: 150,
  },
] as const;
