/** Kinds that rules read and a cluster may keep from Portent, for `reads`: as kubectl names them, with their group. */

const of = (group: string, ...kinds: readonly string[]): readonly string[] =>
  kinds.map((kind) => `${kind}.${group}`);

/** What leads clients from outside to Services. */
export const ROUTES: readonly string[] = [
  ...of('networking.k8s.io', 'Ingress'),
  ...of('gateway.networking.k8s.io', 'HTTPRoute', 'GRPCRoute', 'TLSRoute', 'TCPRoute', 'UDPRoute'),
];

/** Policies of other projects that can allow or deny the same connections. They are noticed; their rules are not read. */
export const NOTICED: readonly string[] = [
  ...of('crd.projectcalico.org', 'NetworkPolicy', 'GlobalNetworkPolicy'),
  ...of('projectcalico.org', 'NetworkPolicy', 'GlobalNetworkPolicy'),
  ...of('cilium.io', 'CiliumNetworkPolicy', 'CiliumClusterwideNetworkPolicy'),
  ...of('crd.antrea.io', 'NetworkPolicy', 'ClusterNetworkPolicy'),
  ...of('k8s.ovn.org', 'EgressFirewall'),
  ...of('security.istio.io', 'AuthorizationPolicy'),
  ...of('policy.linkerd.io', 'AuthorizationPolicy'),
];

/** Policies that come before or after every NetworkPolicy, and those that are only noticed. */
export const TIERS: readonly string[] = [
  ...of(
    'policy.networking.k8s.io',
    ...['AdminNetworkPolicy', 'BaselineAdminNetworkPolicy', 'ClusterNetworkPolicy'],
  ),
  ...NOTICED,
];

/** What tells Prometheus whom to scrape. */
export const MONITORS: readonly string[] = of('monitoring.coreos.com', 'ServiceMonitor', 'PodMonitor');

/** Whose values name Services that pods use. Read where the configuration says so, and missing only then. */
export const CONFIG_MAPS: readonly string[] = ['ConfigMaps'];

/** Whom the API server itself must reach. */
export const CALLBACKS: readonly string[] = [
  ...of('admissionregistration.k8s.io', 'ValidatingWebhookConfiguration', 'MutatingWebhookConfiguration'),
  ...of('apiregistration.k8s.io', 'APIService'),
  ...of('apiextensions.k8s.io', 'CustomResourceDefinition'),
];
