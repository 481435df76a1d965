import { HERE, policyOf, type Raw, serviceOf } from './stage.ts';

/** Peers, rules or ports of one kind in one object: enough for a loop. */
const MANY = 20;

const each = <T>(make: (index: number) => T): T[] => Array.from({ length: MANY }, (_, index) => make(index));
const BOTH = ['Ingress', 'Egress'];
const BLOCKS = each((i) => ({ ipBlock: { cidr: `10.${i % 4}.${i}.0/25` } }));
const HOLES = each((i) => `10.${i % 4}.${i}.0/26`);

/** What people write. */
const USUAL: readonly Raw[] = [
  { podSelector: {}, policyTypes: BOTH },
  { podSelector: {}, policyTypes: ['Ingress'], ingress: [{}] },
  {
    podSelector: { matchLabels: { app: 'app-2' } },
    policyTypes: ['Ingress'],
    ingress: [
      {
        from: [{ podSelector: { matchLabels: { app: 'app-1' } } }],
        ports: [{ protocol: 'TCP', port: 8080 }],
      },
    ],
  },
  {
    podSelector: { matchLabels: { tier: 'front' } },
    policyTypes: BOTH,
    ingress: [{ from: [{ namespaceSelector: { matchLabels: { stage: 'there' } } }] }],
    egress: [
      { to: [{ namespaceSelector: {} }], ports: [{ protocol: 'UDP', port: 53 }] },
      { to: [{ podSelector: {} }] },
    ],
  },
  {
    podSelector: { matchExpressions: [{ key: 'tier', operator: 'NotIn', values: ['back'] }] },
    policyTypes: ['Egress'],
    egress: [{ to: [{ ipBlock: { cidr: '0.0.0.0/0', except: ['10.0.0.0/8'] } }] }],
  },
];

/** What somebody could write to hold us up, in small. */
const HUGE: readonly Raw[] = [
  { podSelector: {}, policyTypes: BOTH, ingress: [{ from: BLOCKS }], egress: [{ to: BLOCKS }] },
  {
    podSelector: {},
    policyTypes: BOTH,
    ingress: [{ from: [{ ipBlock: { cidr: '10.0.0.0/8', except: HOLES } }] }],
  },
  {
    podSelector: {},
    policyTypes: BOTH,
    ingress: each((i) => ({
      from: [{ podSelector: { matchLabels: { app: `app-${i}` } } }],
      ports: [{ port: 8060 + i }],
    })),
  },
  {
    podSelector: {},
    policyTypes: BOTH,
    ingress: each((i) => ({
      from: [
        {
          namespaceSelector: { matchLabels: { [`n${i}`]: 'x' } },
          podSelector: { matchLabels: { [`k${i}`]: 'x' } },
        },
      ],
      ports: [{ port: 'http' }],
    })),
  },
  { podSelector: {}, policyTypes: BOTH, ingress: each((i) => ({ ports: [{ port: 3 * i + 1 }] })) },
  {
    podSelector: {},
    policyTypes: BOTH,
    ingress: [{ ports: each((i) => ({ port: 8000 + 9 * i, endPort: 8004 + 9 * i })) }],
  },
  {
    podSelector: {
      matchExpressions: [{ key: 'run-id', operator: 'In', values: each((i) => `run-${i}`) }],
    },
    policyTypes: BOTH,
  },
  {
    podSelector: { matchExpressions: each((i) => ({ key: `k${i}`, operator: 'DoesNotExist' })) },
    policyTypes: BOTH,
  },
];

const SERVICES: readonly Raw[] = [
  serviceOf(HERE, 1, 'NodePort'),
  serviceOf(HERE, 2, 'LoadBalancer', [{ name: 'other', protocol: 'TCP', port: 81, targetPort: 8081 }]),
  serviceOf(
    HERE,
    3,
    'ClusterIP',
    each((i) => ({ name: `p${i}`, protocol: 'TCP', port: 8000 + i, targetPort: 8060 + i })),
  ),
];

/** One AdmissionReview of each kind, parsed. */
export function reviews(): Raw[] {
  const stored = policyOf(HERE, 'allow-1', USUAL[2] as Raw);
  const service = serviceOf(HERE, 1, 'ClusterIP');
  return [
    ...[...USUAL, ...HUGE].map((spec, i) => reviewOf('CREATE', policyOf(HERE, `new-${i}`, spec), null)),
    ...USUAL.map((spec) => reviewOf('UPDATE', policyOf(HERE, 'allow-1', spec), stored)),
    ...USUAL.map((spec) => reviewOf('DELETE', null, policyOf(HERE, 'allow-2', spec))),
    ...SERVICES.map((one) => reviewOf('CREATE', one, null)),
    ...SERVICES.map((one) => reviewOf('UPDATE', one, service)),
    reviewOf('DELETE', null, service),
  ];
}

function reviewOf(operation: string, object: Raw | null, oldObject: Raw | null): Raw {
  const subject = object ?? oldObject ?? {};
  const isPolicy = subject.kind === 'NetworkPolicy';
  const group = isPolicy ? 'networking.k8s.io' : '';
  const { name, namespace } = subject.metadata as Raw;
  return {
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    request: {
      uid: 'rehearsal',
      kind: { group, version: 'v1', kind: subject.kind },
      resource: { group, version: 'v1', resource: isPolicy ? 'networkpolicies' : 'services' },
      name,
      namespace,
      operation,
      userInfo: { username: 'rehearsal', groups: [] },
      object,
      oldObject,
      dryRun: true,
      options: {},
    },
  };
}
