/**
 * The model as its readers see it. One snapshot is read from overlay to decision, in one turn of the event loop or
 * while it is held, so no reader ever sees it change (docs/adr/0001 and 0007).
 */
import type { Families } from './families.ts';
import type { Labels } from './labels.ts';
import type {
  Callback,
  Cni,
  EndpointSlice,
  ForeignPolicy,
  Monitor,
  NamedPort,
  NetworkPolicy,
  Node,
  Pod,
  Reference,
  Route,
  Service,
  TierPolicy,
  Workload,
} from './objects.ts';
import type { Selector } from './selector.ts';

/**
 * Pods of one workload that no selector in the cluster can tell apart: same namespace, same labels as far
 * as any selector looks at them, same named ports, same host network.
 */
export interface PodClass {
  readonly space: Space;
  readonly workload: Workload;
  /** Labels of one of the pods; labels that no selector mentions may differ between the pods. */
  readonly labels: Labels;
  readonly namedPorts: readonly NamedPort[];
  readonly hostNetwork: boolean;
  /** The address families that its pods speak; 0 while they have no address. */
  readonly families: Families;
  /** The Services that its pods' own spec names. */
  readonly references: readonly Reference[];
  /** Never empty. */
  readonly pods: readonly Pod[];
  /** The stored class this is a part of: no stored selector tells the two apart. */
  readonly whole?: PodClass;
}

/** One namespace with what lives in it. */
export interface Space {
  readonly name: string;
  readonly labels: Labels;
  readonly terminating: boolean;
  /** False when only its contents were seen, never the Namespace itself: its labels are not known. */
  readonly known: boolean;
  readonly pods: ReadonlyMap<string, Pod>;
  readonly policies: ReadonlyMap<string, NetworkPolicy>;
  readonly services: ReadonlyMap<string, Service>;
  /** EndpointSlices by the name of their Service. */
  readonly slices: ReadonlyMap<string, ReadonlyMap<string, EndpointSlice>>;
  readonly routes: ReadonlyMap<string, Route>;
  /** The classes of the namespace's pods. Built when first asked for, then kept up to date. */
  classes(): readonly PodClass[];
  classOf(pod: Pod): PodClass;
  /** The classes that the selector selects, found by index; for a selector that `covers` holds for. */
  selected(selector: Selector): readonly PodClass[];
  /** Whether the classes are fine enough for this selector on pods of this namespace. */
  covers(selector: Selector): boolean;
  /** The stored policies that select the class and isolate it in this direction. Cached. */
  isolating(podClass: PodClass, direction: 'ingress' | 'egress'): readonly NetworkPolicy[];
  /** Stored policies whose own selector is invalid: whom they select is not known. */
  readonly unclear: readonly NetworkPolicy[];
  /** The stored Services whose selector matches the class. Cached. */
  servicesOf(podClass: PodClass): readonly Service[];
}

/** How far the model can be trusted. */
export interface Health {
  /** `fixed`: read from files, never changes. */
  readonly state: 'fixed' | 'syncing' | 'live' | 'stale';
  /** Kinds that are not up to date, each with a reason in words. */
  readonly problems: readonly string[];
  /**
   * Kinds that exist or may exist and could not be read, as `Ingress.networking.k8s.io`. What they would say is
   * not in the model; a rule that reads them names them in `reads`.
   */
  readonly missing?: readonly string[];
}

export interface Snapshot {
  readonly spaces: ReadonlyMap<string, Space>;
  readonly nodes: ReadonlyMap<string, Node>;
  /** Admin and baseline tier policies by kind and name; in no order. */
  readonly tiers: ReadonlyMap<string, TierPolicy>;
  /** Policies of other projects, only noticed. */
  readonly foreign: ReadonlyMap<string, ForeignPolicy>;
  /** Those of one namespace; those of the whole cluster for ''. */
  foreignIn(namespace: string): Iterable<ForeignPolicy>;
  readonly callbacks: ReadonlyMap<string, Callback>;
  readonly monitors: ReadonlyMap<string, Monitor>;
  /** The pods of Prometheus, by their usual labels. */
  readonly scrapers: ReadonlySet<Pod>;
  readonly cni: Cni;
  readonly health: Health;
  readonly podCount: number;
  /** The pods of other namespaces whose own spec names the Service; it need not exist. */
  podsNaming(namespace: string, service: string): ReadonlySet<Pod>;
  /** The routes of other namespaces that lead to the Service. */
  routesNaming(namespace: string, service: string): ReadonlySet<Route>;
  /** Whether the classes of every namespace are fine enough for this selector. */
  covers(selector: Selector): boolean;
  /** Pods by address; host-network pods are not in it. Built when first asked for. */
  podAt(address: number | bigint): Pod | undefined;
  /** Services by their own address (clusterIPs). Built when first asked for. */
  serviceAt(address: number | bigint): Service | undefined;
}
