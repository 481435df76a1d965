import { AddressIndex } from './address-index.ts';
import { Configs, mentions } from './configs.ts';
import { NO_LABELS, withLabel } from './labels.ts';
import { Namers } from './namers.ts';
import {
  type Callback,
  type Cni,
  type Config,
  type EndpointSlice,
  type ForeignPolicy,
  type Monitor,
  type Namespace,
  type NetworkPolicy,
  type Node,
  type Pod,
  type Route,
  type Service,
  type TierPolicy,
  UNKNOWN_CNI,
} from './objects.ts';
import { policySelectors } from './policy-selectors.ts';
import { same, sameItems } from './same.ts';
import { isScraper } from './scraper.ts';
import type { Selector } from './selector.ts';
import type { Health, Snapshot, Space } from './snapshot.ts';
import { StoredSpace } from './space.ts';
import { Vocabulary } from './vocabulary.ts';

/** The label every namespace carries, whether the object says so or not (KEP-2161). */
export const NAME_LABEL = 'kubernetes.io/metadata.name';

/**
 * The writable model. Only its owner (the cluster feed, or a loader of files) writes to it, between requests;
 * everybody else reads it as a `Snapshot`.
 */
export class Store implements Snapshot {
  readonly #spaces = new Map<string, StoredSpace>();
  readonly #nodes = new Map<string, Node>();
  readonly #tiers = new Map<string, TierPolicy>();
  readonly #foreign = new Map<string, ForeignPolicy>();
  readonly #foreignBySpace = new Map<string, Map<string, ForeignPolicy>>();
  readonly #monitors = new Map<string, Monitor>();
  readonly #callbacks = new Map<string, Callback>();
  /** Mentions by selectors that look into other namespaces than their own. */
  readonly #far = new Vocabulary();
  readonly #scrapers = new Set<Pod>();
  readonly #podsNaming = new Namers<Pod>();
  readonly #routesNaming = new Namers<Route>();
  // Host-network pods have their node's address, which says nothing about them.
  readonly #podsAt = new AddressIndex<Pod>((pod) => (pod.hostNetwork ? [] : pod.addresses));
  readonly #servicesAt = new AddressIndex<Service>(({ clusterIPs }) => clusterIPs);
  readonly #configs = new Configs();
  #podCount = 0;
  cni: Cni = UNKNOWN_CNI;
  health: Health = { state: 'fixed', problems: [] };
  /** Whether somebody brings ConfigMaps. If not, what pods of a live cluster mention of them is not even noted. */
  readsConfigMaps = true;

  get spaces(): ReadonlyMap<string, Space> {
    return this.#spaces;
  }
  get nodes(): ReadonlyMap<string, Node> {
    return this.#nodes;
  }
  get tiers(): ReadonlyMap<string, TierPolicy> {
    return this.#tiers;
  }
  get foreign(): ReadonlyMap<string, ForeignPolicy> {
    return this.#foreign;
  }

  foreignIn(namespace: string): Iterable<ForeignPolicy> {
    return this.#foreignBySpace.get(namespace)?.values() ?? [];
  }
  get callbacks(): ReadonlyMap<string, Callback> {
    return this.#callbacks;
  }
  get monitors(): ReadonlyMap<string, Monitor> {
    return this.#monitors;
  }
  get scrapers(): ReadonlySet<Pod> {
    return this.#scrapers;
  }
  get podCount(): number {
    return this.#podCount;
  }

  covers(selector: Selector): boolean {
    return this.#far.covers(selector);
  }

  podsNaming(namespace: string, service: string): ReadonlySet<Pod> {
    return this.#podsNaming.of(namespace, service);
  }

  routesNaming(namespace: string, service: string): ReadonlySet<Route> {
    return this.#routesNaming.of(namespace, service);
  }

  podAt(address: number | bigint): Pod | undefined {
    return this.#podsAt.at(address, () => this.#each(({ pods }) => pods.values()));
  }

  serviceAt(address: number | bigint): Service | undefined {
    return this.#servicesAt.at(address, () => this.#each(({ services }) => services.values()));
  }

  *#each<T>(of: (space: StoredSpace) => Iterable<T>): Iterable<T> {
    for (const space of this.#spaces.values()) yield* of(space);
  }

  putPod(given: Pod): void {
    const pod = this.#configs.addTo(given);
    const space = this.#space(pod.namespace);
    const old = space.pods.get(pod.name);
    if (old === undefined) {
      this.#podCount++;
      space.putPod(pod);
      this.#index(pod);
      return;
    }
    const now = sharing(old, pod);
    // Most events and every relist change nothing that counts here: the classes and what was read from them stay.
    if (now === old) return;
    this.#unindex(old);
    space.putPod(now);
    this.#index(now);
  }

  removePod(namespace: string, name: string): void {
    const space = this.#spaces.get(namespace);
    const old = space?.pods.get(name);
    if (space === undefined || old === undefined) return;
    this.#podCount--;
    this.#unindex(old);
    space.removePod(old);
    this.#forget(space);
  }

  /** What a ConfigMap shows counts for the pods that mention it, whichever of the two comes first. */
  putConfig(config: Config): void {
    if (this.#configs.put(config)) this.#configChanged(config.namespace, config.name);
  }

  removeConfig(namespace: string, name: string): void {
    if (this.#configs.remove(namespace, name)) this.#configChanged(namespace, name);
  }

  #configChanged(namespace: string, name: string): void {
    const pods = this.#spaces.get(namespace)?.pods.values() ?? [];
    for (const pod of [...pods].filter(({ configs }) => mentions(configs, name))) this.putPod(pod);
  }

  putNamespace(namespace: Namespace): void {
    const space = this.#space(namespace.name);
    space.known = true;
    space.labels = withLabel(namespace.labels, NAME_LABEL, namespace.name);
    space.terminating = namespace.terminating;
  }

  removeNamespace(name: string): void {
    const space = this.#spaces.get(name);
    if (space === undefined) return;
    space.known = false;
    space.labels = withLabel(NO_LABELS, NAME_LABEL, name);
    this.#forget(space);
  }

  putPolicy(policy: NetworkPolicy): void {
    const space = this.#space(policy.namespace);
    const old = space.policies.get(policy.name);
    // What a relist repeats stays as it is, with everything that was computed from it; so do Services and slices.
    if (same(old, policy)) return;
    this.#mention(space, old, 'remove');
    space.putPolicy(policy);
    this.#mention(space, policy, 'add');
  }

  removePolicy(namespace: string, name: string): void {
    const space = this.#spaces.get(namespace);
    const old = space?.policies.get(name);
    if (space === undefined || old === undefined) return;
    this.#mention(space, old, 'remove');
    space.removePolicy(name);
    this.#forget(space);
  }

  putService(service: Service): void {
    const space = this.#space(service.namespace);
    const old = space.services.get(service.name);
    if (same(old, service)) return;
    if (old?.selector !== undefined) space.near.remove(old.selector);
    if (service.selector !== undefined) space.near.add(service.selector);
    if (old !== undefined) this.#servicesAt.remove(old);
    space.putService(service);
    this.#servicesAt.add(service);
  }

  removeService(namespace: string, name: string): void {
    const space = this.#spaces.get(namespace);
    const old = space?.services.get(name);
    if (space === undefined || old === undefined) return;
    if (old.selector !== undefined) space.near.remove(old.selector);
    this.#servicesAt.remove(old);
    space.removeService(name);
    this.#forget(space);
  }

  putSlice(slice: EndpointSlice): void {
    const space = this.#space(slice.namespace);
    if (!same(space.slices.get(slice.service)?.get(slice.name), slice)) space.putSlice(slice);
  }

  removeSlice(namespace: string, name: string): void {
    const space = this.#spaces.get(namespace);
    if (space === undefined) return;
    space.removeSlice(name);
    this.#forget(space);
  }

  putRoute(route: Route): void {
    const { routes } = this.#space(route.namespace);
    const key = `${route.kind}/${route.name}`;
    const old = routes.get(key);
    if (same(old, route)) return;
    this.#nameByRoute(old, 'remove');
    routes.set(key, route);
    this.#nameByRoute(route, 'add');
  }

  removeRoute(kind: string, namespace: string, name: string): void {
    const space = this.#spaces.get(namespace);
    if (space === undefined) return;
    this.#nameByRoute(space.routes.get(`${kind}/${name}`), 'remove');
    space.routes.delete(`${kind}/${name}`);
    this.#forget(space);
  }

  putNode(node: Node): void {
    if (!same(this.#nodes.get(node.name), node)) this.#nodes.set(node.name, node);
  }

  removeNode(name: string): void {
    this.#nodes.delete(name);
  }

  putTier(policy: TierPolicy): void {
    const key = `${policy.kind}/${policy.name}`;
    this.#mentionTier(this.#tiers.get(key), 'remove');
    this.#tiers.set(key, policy);
    this.#mentionTier(policy, 'add');
  }

  removeTier(kind: string, name: string): void {
    this.#mentionTier(this.#tiers.get(`${kind}/${name}`), 'remove');
    this.#tiers.delete(`${kind}/${name}`);
  }

  putForeign(policy: ForeignPolicy): void {
    const key = foreignKey(policy);
    this.#foreign.set(key, policy);
    const here = this.#foreignBySpace.get(policy.namespace) ?? new Map<string, ForeignPolicy>();
    this.#foreignBySpace.set(policy.namespace, here);
    here.set(key, policy);
  }

  removeForeign(policy: ForeignPolicy): void {
    const key = foreignKey(policy);
    this.#foreign.delete(key);
    const here = this.#foreignBySpace.get(policy.namespace);
    here?.delete(key);
    if (here?.size === 0) this.#foreignBySpace.delete(policy.namespace);
  }

  putMonitor(monitor: Monitor): void {
    const key = `${monitor.kind}/${monitor.namespace}/${monitor.name}`;
    this.#mentionMonitor(this.#monitors.get(key), 'remove');
    this.#monitors.set(key, monitor);
    this.#mentionMonitor(monitor, 'add');
  }

  removeMonitor(kind: string, namespace: string, name: string): void {
    const key = `${kind}/${namespace}/${name}`;
    this.#mentionMonitor(this.#monitors.get(key), 'remove');
    this.#monitors.delete(key);
  }

  putCallback(callback: Callback): void {
    this.#callbacks.set(`${callback.kind}/${callback.name}`, callback);
  }

  removeCallback(kind: string, name: string): void {
    this.#callbacks.delete(`${kind}/${name}`);
  }

  #space(name: string): StoredSpace {
    let space = this.#spaces.get(name);
    if (space === undefined) {
      space = new StoredSpace(name, withLabel(NO_LABELS, NAME_LABEL, name), this.#far);
      this.#spaces.set(name, space);
    }
    return space;
  }

  /** A namespace that is gone and empty must not stay in memory for ever. */
  #forget(space: StoredSpace): void {
    if (!space.known && space.empty) this.#spaces.delete(space.name);
  }

  #mention(space: StoredSpace, policy: NetworkPolicy | undefined, how: 'add' | 'remove'): void {
    if (policy === undefined) return;
    for (const { selector, reach } of policySelectors(policy)) {
      (reach === 'near' ? space.near : this.#far)[how](selector);
    }
  }

  #mentionTier(policy: TierPolicy | undefined, how: 'add' | 'remove'): void {
    if (policy === undefined) return;
    const selectors: Selector[] = [policy.pods];
    for (const rule of [...policy.ingress, ...policy.egress]) {
      for (const peer of rule.peers) if (peer.kind === 'pods') selectors.push(peer.pods);
    }
    for (const selector of selectors) this.#far[how](selector);
  }

  /** Only a PodMonitor selects pods; a ServiceMonitor looks at the labels of Services. */
  #mentionMonitor(monitor: Monitor | undefined, how: 'add' | 'remove'): void {
    if (monitor?.kind === 'PodMonitor') this.#far[how](monitor.selector);
  }

  #nameByRoute(route: Route | undefined, how: 'add' | 'remove'): void {
    for (const { namespace, service } of route?.backends ?? []) {
      if (namespace !== route?.namespace) this.#routesNaming[how](namespace, service, route as Route);
    }
  }

  #nameByPod(pod: Pod, how: 'add' | 'remove'): void {
    for (const { namespace, service } of pod.references) {
      if (namespace !== pod.namespace) this.#podsNaming[how](namespace, service, pod);
    }
  }

  #index(pod: Pod): void {
    this.#nameByPod(pod, 'add');
    this.#podsAt.add(pod);
    if (isScraper(pod.labels)) this.#scrapers.add(pod);
  }

  #unindex(pod: Pod): void {
    this.#nameByPod(pod, 'remove');
    this.#podsAt.remove(pod);
    this.#scrapers.delete(pod);
  }
}

/** The new pod with the values that are as before shared with the old one; the old one itself if all are. */
function sharing(old: Pod, pod: Pod): Pod {
  const now: Pod = {
    ...pod,
    namespace: old.namespace,
    name: old.name,
    labels: sameItems(old.labels, pod.labels) ? old.labels : pod.labels,
    addresses: sameItems(old.addresses, pod.addresses) ? old.addresses : pod.addresses,
    workload: sameText(old.workload, pod.workload) ? old.workload : pod.workload,
    namedPorts: sameText(old.namedPorts, pod.namedPorts) ? old.namedPorts : pod.namedPorts,
    references: sameText(old.references, pod.references) ? old.references : pod.references,
    ownReferences: sameText(old.ownReferences, pod.ownReferences) ? old.ownReferences : pod.ownReferences,
    configs: sameItems(old.configs, pod.configs) ? old.configs : pod.configs,
  };
  const fields = Object.keys(now) as (keyof Pod)[];
  return fields.every((field) => now[field] === old[field]) ? old : now;
}

/** Shared values are mostly the very same object; only what the pools have forgotten is compared. */
function sameText(one: object, other: object): boolean {
  return one === other || JSON.stringify(one) === JSON.stringify(other);
}

/** Two projects may name a kind alike. */
function foreignKey({ apiVersion, kind, namespace, name }: ForeignPolicy): string {
  return `${apiVersion}/${kind}/${namespace}/${name}`;
}
