/** Which kinds the feed follows, where they are served, and what becomes of them. */
import { MONITORING } from '../model/parse/monitor.ts';
import type { Store } from '../model/store.ts';
import {
  type CniInputs,
  callbackConsumer,
  configConsumer,
  daemonSetConsumer,
  foreignConsumer,
  monitorConsumer,
  namespaceConsumer,
  nodeConsumer,
  podConsumer,
  policyConsumer,
  routeConsumer,
  serviceConsumer,
  sliceConsumer,
  tierConsumer,
} from './consumers.ts';
import type { Consumer } from './reflector.ts';

/** A kind that every API server serves at the same place. */
export interface CoreKind {
  /** `Pods`: the name in messages and metrics. */
  readonly label: string;
  readonly path: string;
  readonly apiVersion: string;
  readonly kind: string;
  readonly consumer: (store: Store, inputs: CniInputs) => Consumer;
}

/** Kinds without which there is no answer. */
export const REQUIRED: readonly CoreKind[] = [
  {
    label: 'Namespaces',
    path: '/api/v1/namespaces',
    apiVersion: 'v1',
    kind: 'Namespace',
    consumer: namespaceConsumer,
  },
  {
    label: 'NetworkPolicies',
    path: '/apis/networking.k8s.io/v1/networkpolicies',
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    consumer: policyConsumer,
  },
  {
    label: 'Services',
    path: '/api/v1/services',
    apiVersion: 'v1',
    kind: 'Service',
    consumer: serviceConsumer,
  },
  {
    label: 'EndpointSlices',
    path: '/apis/discovery.k8s.io/v1/endpointslices',
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    consumer: sliceConsumer,
  },
  { label: 'Nodes', path: '/api/v1/nodes', apiVersion: 'v1', kind: 'Node', consumer: nodeConsumer },
  {
    label: 'DaemonSets',
    path: '/apis/apps/v1/daemonsets',
    apiVersion: 'apps/v1',
    kind: 'DaemonSet',
    consumer: (_, inputs) => daemonSetConsumer(inputs),
  },
  { label: 'Pods', path: '/api/v1/pods', apiVersion: 'v1', kind: 'Pod', consumer: podConsumer },
];

/** Followed only where the configuration says so: the right to read them is a heavy one. */
export const CONFIG_MAP: CoreKind = {
  label: 'ConfigMaps',
  path: '/api/v1/configmaps',
  apiVersion: 'v1',
  kind: 'ConfigMap',
  consumer: configConsumer,
};

/** A kind that is followed where the API server serves it. */
export interface OptionalKind {
  readonly group: string;
  readonly kind: string;
  /** Versions that can be read, the best first; undefined = whatever is preferred (only names are read). */
  readonly versions: readonly string[] | undefined;
  /** Not followed where this group serves the same kind. */
  readonly unless?: string;
  /** Only metadata is asked for. */
  readonly metadataOnly?: true;
  readonly consumer: (store: Store, apiVersion: string) => Consumer;
}

const route = (group: string, kind: string, versions: readonly string[]): OptionalKind => ({
  group,
  kind,
  versions,
  consumer: (store) => routeConsumer(store, kind),
});

const tier = (kind: string, versions: readonly string[]): OptionalKind => ({
  group: 'policy.networking.k8s.io',
  kind,
  versions,
  consumer: (store) => tierConsumer(store, kind),
});

const monitor = (kind: string): OptionalKind => ({
  group: MONITORING,
  kind,
  versions: ['v1'],
  consumer: (store) => monitorConsumer(store, kind),
});

const callback = (group: string, kind: string): OptionalKind => ({
  group,
  kind,
  versions: ['v1'],
  consumer: (store) => callbackConsumer(store, kind),
});

const foreign = (group: string, kind: string, unless?: string): OptionalKind => ({
  group,
  kind,
  versions: undefined,
  metadataOnly: true,
  ...(unless === undefined ? {} : { unless }),
  consumer: (store, apiVersion) => foreignConsumer(store, apiVersion, kind),
});

const GATEWAY = 'gateway.networking.k8s.io';

export const OPTIONAL: readonly OptionalKind[] = [
  route('networking.k8s.io', 'Ingress', ['v1']),
  route(GATEWAY, 'HTTPRoute', ['v1', 'v1beta1']),
  route(GATEWAY, 'GRPCRoute', ['v1', 'v1alpha2']),
  route(GATEWAY, 'TLSRoute', ['v1', 'v1alpha3', 'v1alpha2']),
  route(GATEWAY, 'TCPRoute', ['v1', 'v1alpha2']),
  route(GATEWAY, 'UDPRoute', ['v1', 'v1alpha2']),
  tier('AdminNetworkPolicy', ['v1alpha1']),
  tier('BaselineAdminNetworkPolicy', ['v1alpha1']),
  tier('ClusterNetworkPolicy', ['v1alpha2']),
  monitor('ServiceMonitor'),
  monitor('PodMonitor'),
  callback('admissionregistration.k8s.io', 'ValidatingWebhookConfiguration'),
  callback('admissionregistration.k8s.io', 'MutatingWebhookConfiguration'),
  callback('apiregistration.k8s.io', 'APIService'),
  callback('apiextensions.k8s.io', 'CustomResourceDefinition'),
  foreign('crd.projectcalico.org', 'NetworkPolicy'),
  foreign('crd.projectcalico.org', 'GlobalNetworkPolicy'),
  foreign('projectcalico.org', 'NetworkPolicy', 'crd.projectcalico.org'),
  foreign('projectcalico.org', 'GlobalNetworkPolicy', 'crd.projectcalico.org'),
  foreign('cilium.io', 'CiliumNetworkPolicy'),
  foreign('cilium.io', 'CiliumClusterwideNetworkPolicy'),
  foreign('crd.antrea.io', 'NetworkPolicy'),
  foreign('crd.antrea.io', 'ClusterNetworkPolicy'),
  foreign('k8s.ovn.org', 'EgressFirewall'),
  foreign('k8s.cni.cncf.io', 'MultiNetworkPolicy'),
  foreign('security.istio.io', 'AuthorizationPolicy'),
  foreign('policy.linkerd.io', 'AuthorizationPolicy'),
];

/** Where the specs of PortentPolicies go. Called synchronously; must not throw. */
export interface PolicySink {
  /** Gives what is wrong with it, one line each; then what was good before stays. Empty: it is in force. */
  put(name: string, spec: unknown): readonly string[];
  remove(name: string): void;
}

/** PortentPolicies: followed like the others, but no part of the model. */
export function portentPolicies(consumer: (apiVersion: string) => Consumer): OptionalKind {
  return {
    group: 'portent.dev',
    kind: 'PortentPolicy',
    versions: ['v1alpha1'],
    consumer: (_, apiVersion) => consumer(apiVersion),
  };
}

/** The kind and its group, as kubectl names a kind that is not alone with its name. */
export function optionalLabel({ kind, group }: OptionalKind): string {
  return `${kind}.${group}`;
}
