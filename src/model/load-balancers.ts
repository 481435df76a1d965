/**
 * What the class and the annotations of Services say about who may reach a load balancer. Each provider has its own; the names and
 * values are from the documentation of their cloud controllers.
 */
import { type Labels, labelPairs, labelValue } from './labels.ts';

const YES = ['true'];

/** Annotations that keep a load balancer inside the provider's network, with the values (lower case) that do. */
const INTERNAL: ReadonlyMap<string, readonly string[] | 'any'> = new Map<string, readonly string[] | 'any'>([
  // Once any text but "false" meant internal, and 0.0.0.0/0 was the usual one.
  ['service.beta.kubernetes.io/aws-load-balancer-internal', ['true', '0.0.0.0/0']],
  ['service.beta.kubernetes.io/aws-load-balancer-scheme', ['internal']],
  ['networking.gke.io/load-balancer-type', ['internal']],
  ['cloud.google.com/load-balancer-type', ['internal']],
  ['service.beta.kubernetes.io/azure-load-balancer-internal', YES],
  ['service.beta.kubernetes.io/openstack-internal-load-balancer', YES],
  ['service.beta.kubernetes.io/alibaba-cloud-loadbalancer-address-type', ['intranet']],
  ['service.beta.kubernetes.io/alicloud-loadbalancer-address-type', ['intranet']],
  ['service.beta.kubernetes.io/oci-load-balancer-internal', YES],
  ['oci-network-load-balancer.oraclecloud.com/internal', YES],
  ['service.beta.kubernetes.io/do-loadbalancer-network', ['internal']],
  ['service.kubernetes.io/ibm-load-balancer-cloud-provider-ip-type', ['private']],
  ['service.kubernetes.io/qcloud-loadbalancer-internal-subnetid', 'any'],
  ['service.beta.kubernetes.io/cce-load-balancer-internal-vpc', YES],
  ['service.beta.kubernetes.io/scw-loadbalancer-private', YES],
  ['load-balancer.hetzner.cloud/disable-public-network', YES],
  ['yandex.cloud/load-balancer-type', ['internal']],
]);

/** The AWS Load Balancer Controller makes internal ones unless a scheme says otherwise; the in-tree one does not. */
const AWS_TYPE = 'service.beta.kubernetes.io/aws-load-balancer-type';
const AWS_SCHEME = 'service.beta.kubernetes.io/aws-load-balancer-scheme';
const AWS_INTERNAL = 'service.beta.kubernetes.io/aws-load-balancer-internal';

/** How far a load balancer reaches; `unknown` = a controller decides of which nothing is known here. */
export type Extent = 'inside' | 'outside' | 'unknown';

/** What classes say, from the documentation of their controllers; `scheme` = inside unless an annotation opens it. */
const CLASSES: ReadonlyMap<string, 'inside' | 'outside' | 'scheme'> = new Map([
  ['service.k8s.aws/nlb', 'scheme'],
  // Members of a private network. Its way to the internet (Funnel) is for Ingresses only.
  ['tailscale', 'inside'],
  ['networking.gke.io/l4-regional-internal', 'inside'],
  ['networking.gke.io/l4-regional-external', 'outside'],
] as const);

/** Annotations that hold source ranges instead of the Service's own field. */
const RANGES: readonly string[] = Object.freeze([
  'service.beta.kubernetes.io/load-balancer-source-ranges',
  'service.kubernetes.io/load-balancer-source-ranges',
  'service.beta.kubernetes.io/azure-allowed-ip-ranges',
]);

/** Every annotation that is read here. */
export const LOAD_BALANCER_ANNOTATIONS: readonly string[] = Object.freeze([
  ...INTERNAL.keys(),
  AWS_TYPE,
  ...RANGES,
]);

/** How far the load balancer of a class ('' = the cluster's default) with these annotations reaches. */
export function extentOf(loadBalancerClass: string, annotations: Labels): Extent {
  const known = CLASSES.get(loadBalancerClass);
  if (known === 'inside' || known === 'outside') return known;
  if (isInternal(annotations)) return 'inside';
  if (known === 'scheme') return hasScheme(annotations) ? 'outside' : 'inside';
  return loadBalancerClass === '' ? 'outside' : 'unknown';
}

/** Whether an annotation keeps the load balancer inside the provider's network. */
function isInternal(annotations: Labels): boolean {
  for (const [key, value] of labelPairs(annotations)) {
    const values = INTERNAL.get(key);
    if (values === undefined) continue;
    if (values === 'any' ? value !== '' : values.includes(value.toLowerCase())) return true;
  }
  const type = labelValue(annotations, AWS_TYPE);
  return !hasScheme(annotations) && (type === 'external' || type === 'nlb-ip');
}

function hasScheme(annotations: Labels): boolean {
  return [AWS_SCHEME, AWS_INTERNAL].some((key) => labelValue(annotations, key) !== undefined);
}

/** The source ranges that annotations give. */
export function annotatedRanges(annotations: Labels): string[] {
  return RANGES.flatMap((key) => (labelValue(annotations, key) ?? '').split(','))
    .map((range) => range.trim())
    .filter((range) => range !== '');
}
