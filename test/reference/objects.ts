/**
 * Kubernetes objects as they are written down, as far as the reference and the made-up worlds of tests need them.
 * Types only: nothing here interprets anything.
 */
export type Protocol = 'TCP' | 'UDP' | 'SCTP';
export type Verdict = 'allowed' | 'denied' | 'unknown';

export interface Requirement {
  readonly key: string;
  readonly operator: string;
  readonly values?: readonly string[];
}

export interface LabelSelector {
  readonly matchLabels?: Readonly<Record<string, string>>;
  readonly matchExpressions?: readonly Requirement[];
}

export interface PeerObject {
  readonly podSelector?: LabelSelector;
  readonly namespaceSelector?: LabelSelector;
  readonly ipBlock?: { readonly cidr: string; readonly except?: readonly string[] };
}

export interface PortObject {
  readonly protocol?: Protocol;
  readonly port?: number | string;
  readonly endPort?: number;
}

export interface RuleObject {
  readonly from?: readonly PeerObject[];
  readonly to?: readonly PeerObject[];
  readonly ports?: readonly PortObject[];
}

export interface Meta {
  readonly name: string;
  readonly namespace?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly ownerReferences?: readonly object[];
}

export interface NamespaceObject {
  readonly apiVersion: 'v1';
  readonly kind: 'Namespace';
  readonly metadata: Meta;
}

export interface ContainerObject {
  readonly name: string;
  readonly image?: string;
  readonly restartPolicy?: string;
  readonly ports?: readonly {
    readonly name?: string;
    readonly containerPort: number;
    readonly protocol?: Protocol;
  }[];
}

export interface PodObject {
  readonly apiVersion: 'v1';
  readonly kind: 'Pod';
  readonly metadata: Meta;
  readonly spec: {
    readonly nodeName?: string;
    readonly hostNetwork?: boolean;
    readonly containers: readonly ContainerObject[];
    readonly initContainers?: readonly ContainerObject[];
  };
  readonly status?: {
    readonly phase?: string;
    readonly podIP?: string;
    readonly podIPs?: readonly { readonly ip: string }[];
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
  };
}

export interface NodeObject {
  readonly apiVersion: 'v1';
  readonly kind: 'Node';
  readonly metadata: Meta;
  readonly status: { readonly addresses: readonly { readonly type: string; readonly address: string }[] };
}

export interface PolicyObject {
  readonly apiVersion: 'networking.k8s.io/v1';
  readonly kind: 'NetworkPolicy';
  readonly metadata: Meta;
  readonly spec: {
    readonly podSelector?: LabelSelector;
    readonly policyTypes?: readonly ('Ingress' | 'Egress')[];
    readonly ingress?: readonly RuleObject[];
    readonly egress?: readonly RuleObject[];
  };
}

export interface TierPeerObject {
  readonly namespaces?: LabelSelector;
  readonly pods?: { readonly namespaceSelector: LabelSelector; readonly podSelector: LabelSelector };
  readonly nodes?: LabelSelector;
  readonly networks?: readonly string[];
  readonly domainNames?: readonly string[];
}

export interface TierPortObject {
  readonly portNumber?: { readonly protocol: Protocol; readonly port: number };
  readonly portRange?: { readonly protocol: Protocol; readonly start: number; readonly end: number };
  readonly namedPort?: string;
}

export interface TierRuleObject {
  readonly action: 'Allow' | 'Accept' | 'Deny' | 'Pass';
  readonly from?: readonly TierPeerObject[];
  readonly to?: readonly TierPeerObject[];
  readonly ports?: readonly TierPortObject[];
}

/** A policy of the admin or the baseline tier. */
export interface TierObject {
  readonly apiVersion: `policy.networking.k8s.io/${string}`;
  readonly kind: 'AdminNetworkPolicy' | 'BaselineAdminNetworkPolicy' | 'ClusterNetworkPolicy';
  readonly metadata: Meta;
  readonly spec: {
    readonly tier?: 'Admin' | 'Baseline';
    readonly priority?: number;
    readonly subject: Pick<TierPeerObject, 'namespaces' | 'pods'>;
    readonly ingress?: readonly TierRuleObject[];
    readonly egress?: readonly TierRuleObject[];
  };
}

/** An object the reference does not read: Services, workloads, … */
export interface OtherObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: Meta;
  readonly [field: string]: unknown;
}

export type WorldObject = NamespaceObject | PodObject | NodeObject | PolicyObject | TierObject | OtherObject;

/** A cluster, and whether its network plug-in matches an ipBlock against the addresses of pods. */
export interface World {
  readonly objects: readonly WorldObject[];
  readonly blocksMatchPods?: 'yes' | 'no' | 'unknown';
}
