/**
 * The objects the model is made of: what a simulation needs, and nothing else of the originals.
 * Absent and empty are already told apart here (see model/parse): no field means "maybe".
 */
import type { Address, Block } from '../netset/addresses.ts';
import type { Protocol } from '../netset/connections.ts';
import type { Labels } from './labels.ts';
import type { Selector } from './selector.ts';

export type Direction = 'ingress' | 'egress';

/** The owner a person knows the pods by; a bare pod is its own workload, with kind `Pod`. */
export interface Workload {
  readonly namespace: string;
  readonly kind: string;
  readonly name: string;
}

export interface NamedPort {
  readonly name: string;
  readonly protocol: Protocol;
  readonly port: number;
}

/**
 * A pod's statement that it uses something, found in its own spec or in a ConfigMap that its spec mentions. Never holds
 * a value, only the Service's name.
 */
export interface Reference {
  readonly namespace: string;
  readonly service: string;
  /** 0 when the reference does not say. */
  readonly port: number;
  /** Where it stands, in words: `env REDIS_HOST`, `argument 2`, `ConfigMap shop-config key REDIS_HOST`. */
  readonly source: string;
}

/** What one ConfigMap shows: by key, the Services its value names. Keys that name none are left out. */
export interface Config {
  readonly namespace: string;
  readonly name: string;
  readonly entries: readonly ConfigEntry[];
}

export interface ConfigEntry {
  readonly key: string;
  readonly references: readonly Reference[];
}

export interface Pod {
  readonly namespace: string;
  readonly name: string;
  readonly labels: Labels;
  readonly workload: Workload;
  /** IPv4 addresses are numbers, IPv6 addresses bigints. Empty until one is assigned. */
  readonly addresses: readonly Address[];
  readonly hostNetwork: boolean;
  /** Empty while unscheduled. */
  readonly node: string;
  /** Every named container port, native sidecars included. */
  readonly namedPorts: readonly NamedPort[];
  readonly ready: boolean;
  /** 1 for a real pod; the replicas of an offline workload that stands for its pods. */
  readonly replicas: number;
  /** All that is known: the store adds what the ConfigMaps show to what the spec itself says. */
  readonly references: readonly Reference[];
  /** What the spec itself says; the very list of `references` where no ConfigMap adds to it. */
  readonly ownReferences: readonly Reference[];
  /** ConfigMaps its spec mentions, sorted: `name`, or `name/key` where only that key is used. */
  readonly configs: readonly string[];
  /** Additional networks (Multus), `namespace/name, …`; '' for none. No NetworkPolicy holds on them. */
  readonly networks: string;
  /**
   * What in its spec shows that it calls the API server by a token of its own: `service account ci` is a hint,
   * `env KUBERNETES_SERVICE_HOST` or `a projected token` says so. Empty when nothing does.
   */
  readonly apiUse: string;
  /** The port at which its annotations tell Prometheus to scrape it; 0 = not at all, -1 = at all ports it declares. */
  readonly scrapedAt: number;
}

export interface Namespace {
  readonly name: string;
  /** Always carries kubernetes.io/metadata.name. */
  readonly labels: Labels;
  readonly terminating: boolean;
}

export interface Node {
  readonly name: string;
  readonly labels: Labels;
  readonly addresses: readonly Address[];
}

/** A port entry of a policy rule. `from`/`to` inclusive; a whole protocol is 1–65535. */
export type PortMatch =
  | { readonly protocol: Protocol; readonly from: number; readonly to: number }
  | { readonly protocol: Protocol; readonly name: string };

/** A peer by labels. `namespaces: 'own'` = the policy's namespace. Both parts must match. */
export interface PodPeer {
  readonly kind: 'pods';
  readonly namespaces: Selector | 'own';
  readonly pods: Selector;
}

export interface BlockPeer {
  readonly kind: 'block';
  readonly block: Block;
}

export type Peer = PodPeer | BlockPeer;

export interface PolicyRule {
  /** 'any' = every source or destination, external ones included. */
  readonly peers: 'any' | readonly Peer[];
  /** 'any' = every port of every protocol. */
  readonly ports: 'any' | readonly PortMatch[];
}

export interface NetworkPolicy {
  readonly kind: 'NetworkPolicy';
  readonly namespace: string;
  readonly name: string;
  readonly labels: Labels;
  /** Only annotations that Portent reads. */
  readonly annotations: Labels;
  readonly subject: Selector;
  /** Undefined = the policy does not isolate in this direction. [] = isolates, allows nothing. */
  readonly ingress: readonly PolicyRule[] | undefined;
  readonly egress: readonly PolicyRule[] | undefined;
  /** Directions whose rules are written down but left out of policyTypes. */
  readonly ignored: readonly Direction[];
  readonly makeup: Makeup;
}

/** What a policy is made of, counted when it is read: a cluster has thousands, and most questions need no more. */
export interface Makeup {
  /** Bits of TRAITS. */
  readonly traits: number;
  /** Rules, peers and ports. */
  readonly ingressParts: number;
  readonly egressParts: number;
  /** What a look from every outside address goes through: each rule, port and range; no index helps. */
  readonly ingressLooks: number;
  readonly egressLooks: number;
}

export interface ServicePort {
  readonly name: string;
  readonly protocol: Protocol;
  readonly port: number;
  readonly targetPort: number | string;
  /** 0 = none. */
  readonly nodePort: number;
}

export interface Service {
  readonly kind: 'Service';
  readonly namespace: string;
  readonly name: string;
  readonly labels: Labels;
  readonly annotations: Labels;
  readonly type: 'ClusterIP' | 'NodePort' | 'LoadBalancer' | 'ExternalName';
  readonly headless: boolean;
  readonly clusterIPs: readonly Address[];
  readonly externalIPs: readonly string[];
  readonly externalName: string;
  /** Whose load balancers it asks for; '' = the cluster's default. */
  readonly loadBalancerClass: string;
  readonly loadBalancerSourceRanges: readonly string[];
  readonly externalTrafficPolicy: 'Cluster' | 'Local';
  readonly internalTrafficPolicy: 'Cluster' | 'Local';
  readonly publishNotReady: boolean;
  /** Undefined = selector-less: its EndpointSlices are made by hand. An empty selector counts as none. */
  readonly selector: Selector | undefined;
  readonly ports: readonly ServicePort[];
}

export interface EndpointSlice {
  readonly namespace: string;
  readonly name: string;
  /** The Service it belongs to, or ''. */
  readonly service: string;
  /** `port` 0 = all ports. */
  readonly ports: readonly NamedPort[];
  /** Addresses, by whether what answers there is ready. Flat: a cluster has as many of them as pods. */
  readonly ready: readonly Address[];
  readonly notReady: readonly Address[];
}

/** An Ingress or Gateway route, reduced to the Services it sends traffic to. */
export interface Route {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly ingressClass: string;
  /** port: number, name, or 0 when it does not say. */
  readonly backends: readonly {
    readonly namespace: string;
    readonly service: string;
    readonly port: number | string;
  }[];
}

/** A ServiceMonitor or PodMonitor of the Prometheus operator: what it tells Prometheus to scrape. */
export interface Monitor {
  readonly kind: 'ServiceMonitor' | 'PodMonitor';
  readonly namespace: string;
  readonly name: string;
  /** Where it looks; 'any' = in every namespace. */
  readonly namespaces: 'any' | readonly string[];
  /** Of Services, or of pods. */
  readonly selector: Selector;
  /** Names or numbers of ports; a name is a Service's port for a ServiceMonitor, a container's for a PodMonitor. */
  readonly ports: readonly MonitoredPort[];
}

export interface MonitoredPort {
  readonly port: number | string;
  /** Whether the port is the pods' own whatever Service they are behind. */
  readonly ofPods: boolean;
}

/** Something the API server itself calls: webhook, APIService or conversion webhook back end. */
export interface Callback {
  readonly kind: string;
  readonly name: string;
  readonly namespace: string;
  readonly service: string;
  readonly port: number;
  /** Whether a failure to call it breaks requests (failurePolicy Fail, APIService, conversion). */
  readonly required: boolean;
}

/** Peer of a tier policy. `nodes` and `domains` are only ever egress. */
export type TierPeer =
  | PodPeer
  | BlockPeer
  | { readonly kind: 'nodes'; readonly nodes: Selector }
  | { readonly kind: 'unknown'; readonly reason: string };

export interface TierRule {
  readonly name: string;
  readonly action: 'allow' | 'deny' | 'pass';
  readonly peers: readonly TierPeer[];
  readonly ports: 'any' | readonly PortMatch[];
}

/** AdminNetworkPolicy, BaselineAdminNetworkPolicy or ClusterNetworkPolicy. Lower priority number = earlier. */
export interface TierPolicy {
  readonly kind: 'AdminNetworkPolicy' | 'BaselineAdminNetworkPolicy' | 'ClusterNetworkPolicy';
  readonly name: string;
  readonly tier: 'admin' | 'baseline';
  readonly priority: number;
  readonly namespaces: Selector;
  readonly pods: Selector;
  readonly ingress: readonly TierRule[];
  readonly egress: readonly TierRule[];
}

/** Another project's policy kind that Portent only notices: verdicts it could change carry that caveat. */
export interface ForeignPolicy {
  readonly apiVersion: string;
  readonly kind: string;
  /** '' for cluster-wide. */
  readonly namespace: string;
  readonly name: string;
}

/** What a DaemonSet tells about the CNI: names, images and arguments only. */
export interface DaemonSetFacts {
  readonly namespace: string;
  readonly name: string;
  readonly images: readonly string[];
  readonly arguments: readonly string[];
  /** The nodes it runs on: one of these must match; tolerations are not looked at. */
  readonly nodes: readonly Selector[];
  /** env names with plain values of system DaemonSets, `NAME=value`; only of kube-system-like namespaces. */
  readonly settings: readonly string[];
}

export type Tristate = 'yes' | 'no' | 'unknown';

/** What is known of the network plug-in. `unknown` never denies. */
export interface Cni {
  readonly name: string;
  readonly enforcesIngress: Tristate;
  readonly enforcesEgress: Tristate;
  /** Whether an ipBlock matches the addresses of pods. */
  readonly blocksMatchPods: Tristate;
  /** Port ranges, and the protocol SCTP; undefined = not known. */
  readonly enforcesEndPort?: Tristate;
  readonly enforcesSctp?: Tristate;
  /** Groups of nodes for which the answer is another one. */
  readonly pools?: readonly CniPool[];
  /** The evidence in words. */
  readonly evidence: readonly string[];
  /** What the operator should know or do about it, in words. */
  readonly advice?: readonly string[];
}

/** Nodes that are not served by what serves the others, and what is known of them. */
export interface CniPool {
  /** The nodes by name. */
  readonly nodes: ReadonlySet<string>;
  readonly enforcesIngress: Tristate;
  readonly enforcesEgress: Tristate;
  readonly evidence: readonly string[];
}

/** Whether policies are enforced on a node: its pool's answer, or that of the cluster. */
export function cniOf(cni: Cni, node: string): Pick<Cni, 'enforcesIngress' | 'enforcesEgress' | 'evidence'> {
  return cni.pools?.find(({ nodes }) => nodes.has(node)) ?? cni;
}

export const UNKNOWN_CNI: Cni = Object.freeze({
  name: 'unknown',
  enforcesIngress: 'unknown',
  enforcesEgress: 'unknown',
  blocksMatchPods: 'unknown',
  evidence: Object.freeze([]),
});

/** `default/web[Deployment]`; a bare pod is `default/web`. */
export function workloadText(workload: Workload): string {
  return workload.kind === 'Pod'
    ? `${workload.namespace}/${workload.name}`
    : `${workload.namespace}/${workload.name}[${workload.kind}]`;
}
