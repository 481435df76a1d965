/** Kinds that rules read and a cluster may keep from Portent, for `reads`. */

/** What leads clients from outside to Services. */
export const ROUTES: readonly string[] = [
  'Ingress',
  'HTTPRoute',
  'GRPCRoute',
  'TLSRoute',
  'TCPRoute',
  'UDPRoute',
];

/** Policies that come before or after every NetworkPolicy. */
export const TIERS: readonly string[] = [
  'AdminNetworkPolicy',
  'BaselineAdminNetworkPolicy',
  'ClusterNetworkPolicy',
];

/** What tells Prometheus whom to scrape. */
export const MONITORS: readonly string[] = ['ServiceMonitor', 'PodMonitor'];

/** Whom the API server itself must reach. */
export const CALLBACKS: readonly string[] = [
  'ValidatingWebhookConfiguration',
  'MutatingWebhookConfiguration',
  'APIService',
  'CustomResourceDefinition',
];
