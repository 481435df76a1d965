/** Warnings about good manifests that are right to be said, each with its reason. The list may only become shorter. */
export interface Allowance {
  readonly world: string;
  /** The name of the object that is applied. */
  readonly object: string;
  readonly rule: string;
  readonly reason: string;
}

const NAMED_CHECK =
  'that an empty podSelector isolates a namespace is always said once: from the manifest alone a slip looks the same';
const TOO_EARLY = 'at this moment it is true: the policy that allows it comes later';

export const ALLOWED: readonly Allowance[] = [
  ...entries('default deny first, then the allows', 'default-deny-ingress', {
    'service-unreachable': [TOO_EARLY, TOO_EARLY],
    'ingress-controller-cut': [TOO_EARLY],
    'namespace-isolated': [NAMED_CHECK],
  }),
  ...entries('allows in both directions and DNS, then default deny for both', 'allow-dns', {
    'connectivity-lost': [TOO_EARLY, TOO_EARLY],
    'namespace-isolated': [NAMED_CHECK],
  }),
  ...entries('default deny for both first', 'default-deny-all', {
    'ingress-controller-cut': [TOO_EARLY],
    'connectivity-lost': [TOO_EARLY, TOO_EARLY],
    'dns-cut': [TOO_EARLY],
    'namespace-isolated': [NAMED_CHECK],
  }),
  ...entries('default deny in an empty namespace', 'default-deny-all', {
    'namespace-isolated': [NAMED_CHECK],
  }),
  ...entries('deny from other namespaces, the ingress controller let in', 'own-namespace', {
    'namespace-isolated': [NAMED_CHECK],
  }),
  ...entries('deny from other namespaces where nobody comes from there', 'own', {
    'namespace-isolated': [NAMED_CHECK],
  }),
  ...entries('deny all to an application nobody uses', 'web-deny-all', {
    'service-unreachable': ['the Service is still there and answers nobody: one of the two is left over'],
  }),
  ...entries('a tenant: its own pods, DNS, the ingress controller, Prometheus', 'tenant', {
    'namespace-isolated': [NAMED_CHECK],
  }),
  ...entries('a forge of many parts', 'gitaly', {
    'connectivity-lost': [
      'replicas of a StatefulSet behind a headless Service mostly talk to each other; nothing shows that these do not',
    ],
  }),
];

function entries(
  world: string,
  object: string,
  reasons: Readonly<Record<string, readonly string[]>>,
): Allowance[] {
  return Object.entries(reasons).flatMap(([rule, each]) =>
    each.map((reason) => ({ world, object, rule, reason })),
  );
}
