import { type Change, changedObject, type Judged } from './change.ts';
import type { Direction, NetworkPolicy, Pod, Service } from './objects.ts';
import { policySelectors } from './policy-selectors.ts';
import { type Selector, selects } from './selector.ts';
import type { PodClass, Snapshot, Space } from './snapshot.ts';
import { projection, Vocabulary } from './vocabulary.ts';

/** A snapshot with some policies and Services replaced. Nothing of the snapshot is copied. */
export interface View {
  readonly snapshot: Snapshot;
  policy(namespace: string, name: string): NetworkPolicy | undefined;
  policies(namespace: string): Iterable<NetworkPolicy>;
  service(namespace: string, name: string): Service | undefined;
  services(namespace: string): Iterable<Service>;
  /** The namespace's classes, split where a replaced object's selector tells their pods apart. */
  classes(space: Space): readonly PodClass[];
  /** Those of them that the selector of the change, or of a stored object, selects. */
  selected(space: Space, selector: Selector): readonly PodClass[];
  classOf(pod: Pod): PodClass | undefined;
  /** The policies that select the class and isolate it in this direction. */
  isolating(podClass: PodClass, direction: Direction): readonly NetworkPolicy[];
  /** The policies that may or may not select the class: their own selector is invalid. */
  unclear(podClass: PodClass, direction: Direction): readonly NetworkPolicy[];
  /** The same as `isolating`, told apart: the snapshot's list, what is replaced in it, what the changes add. */
  isolation(podClass: PodClass, direction: Direction): LayeredPolicies;
  /** The Services whose selector matches the class. */
  servicesOf(podClass: PodClass): readonly Service[];
}

/** Policies as layers: the lower one is the snapshot's own list, whose identity lasts beyond the view. */
export interface LayeredPolicies {
  readonly stored: readonly NetworkPolicy[];
  /** Names among `stored` that no longer count. */
  readonly replaced: ReadonlyMap<string, NetworkPolicy | undefined>;
  readonly added: readonly NetworkPolicy[];
}

interface Replaced {
  /** undefined = deleted. */
  readonly policies: Map<string, NetworkPolicy | undefined>;
  readonly services: Map<string, Service | undefined>;
}

/** The snapshot before a change: what the API server calls the old object, or nothing, in its place. */
export function beforeChange(snapshot: Snapshot, change: Change, earlier: readonly Change[] = []): View {
  return overlay(snapshot, earlier, (put) => put(changedObject(change), change.before), change.after);
}

/** The snapshot after a change. */
export function afterChange(snapshot: Snapshot, change: Change, earlier: readonly Change[] = []): View {
  // The old object's selectors are learnt too, so that both views see the pods in the same classes.
  return overlay(snapshot, [...earlier, change], undefined, change.before);
}

/** The snapshot with all the changes made, in order. */
export function overlay(
  snapshot: Snapshot,
  changes: readonly Change[],
  last?: (put: (named: NetworkPolicy | Service, value: NetworkPolicy | Service | undefined) => void) => void,
  learn?: NetworkPolicy | Service,
): View {
  const replaced = new Map<string, Replaced>();
  const put = (named: NetworkPolicy | Service, value: NetworkPolicy | Service | undefined): void => {
    let here = replaced.get(named.namespace);
    if (here === undefined) {
      here = { policies: new Map(), services: new Map() };
      replaced.set(named.namespace, here);
    }
    if (named.kind === 'NetworkPolicy') here.policies.set(named.name, value as NetworkPolicy | undefined);
    else here.services.set(named.name, value as Service | undefined);
  };
  for (const change of changes) put(changedObject(change), change.after);
  last?.(put);
  return new Overlay(snapshot, replaced, learn);
}

class Overlay implements View {
  readonly snapshot: Snapshot;
  readonly #replaced: ReadonlyMap<string, Replaced>;
  /** What replaced objects mention and the snapshot's classes cannot tell apart, by namespace and for all. */
  readonly #near = new Map<string, Vocabulary>();
  readonly #far = new Vocabulary();
  readonly #classes = new Map<Space, readonly PodClass[]>();
  readonly #isolating = {
    ingress: new Map<PodClass, readonly NetworkPolicy[]>(),
    egress: new Map<PodClass, readonly NetworkPolicy[]>(),
  };

  constructor(snapshot: Snapshot, replaced: ReadonlyMap<string, Replaced>, learn?: Judged) {
    this.snapshot = snapshot;
    this.#replaced = replaced;
    for (const { policies, services } of replaced.values()) {
      for (const policy of policies.values()) if (policy !== undefined) this.#learn(policy);
      for (const service of services.values()) if (service !== undefined) this.#learn(service);
    }
    if (learn !== undefined) this.#learn(learn);
  }

  classes(space: Space): readonly PodClass[] {
    const near = this.#near.get(space.name);
    if (near === undefined && this.#far.empty) return space.classes();
    const classes = this.#classes.get(space) ?? this.#split(space.classes(), near);
    this.#classes.set(space, classes);
    return classes;
  }

  /** The list itself when no class falls apart: what others keep for it stays good. */
  #split(stored: readonly PodClass[], near: Vocabulary = NOTHING): readonly PodClass[] {
    let parted = false;
    const classes: PodClass[] = [];
    for (const podClass of stored) {
      const parts = split(podClass, near, this.#far);
      parted ||= parts.length > 1;
      for (const part of parts) classes.push(part);
    }
    return parted ? classes : stored;
  }

  selected(space: Space, selector: Selector): readonly PodClass[] {
    if (!this.#near.has(space.name) && this.#far.empty) return space.selected(selector);
    return this.classes(space).filter(({ labels }) => selects(selector, labels));
  }

  classOf(pod: Pod): PodClass | undefined {
    const space = this.#space(pod.namespace);
    if (space === undefined) return undefined;
    const podClass = space.classOf(pod);
    const near = this.#near.get(space.name);
    if (near === undefined && this.#far.empty) return podClass;
    return split(podClass, near ?? NOTHING, this.#far).find((part) => part.pods.includes(pod));
  }

  policy(namespace: string, name: string): NetworkPolicy | undefined {
    const here = this.#replaced.get(namespace)?.policies;
    return here?.has(name) ? here.get(name) : this.#space(namespace)?.policies.get(name);
  }

  policies(namespace: string): Iterable<NetworkPolicy> {
    return merged(this.#space(namespace)?.policies, this.#replaced.get(namespace)?.policies);
  }

  service(namespace: string, name: string): Service | undefined {
    const here = this.#replaced.get(namespace)?.services;
    return here?.has(name) ? here.get(name) : this.#space(namespace)?.services.get(name);
  }

  services(namespace: string): Iterable<Service> {
    return merged(this.#space(namespace)?.services, this.#replaced.get(namespace)?.services);
  }

  isolating(podClass: PodClass, direction: Direction): readonly NetworkPolicy[] {
    const here = this.#replaced.get(podClass.space.name)?.policies;
    if (here === undefined || here.size === 0 || podClass.hostNetwork) {
      return podClass.space.isolating(podClass, direction);
    }
    const known = this.#isolating[direction].get(podClass);
    if (known !== undefined) return known;
    const { stored, added } = this.isolation(podClass, direction);
    const list = layered(stored, here, added);
    this.#isolating[direction].set(podClass, list);
    return list;
  }

  unclear(podClass: PodClass, direction: Direction): readonly NetworkPolicy[] {
    const { space } = podClass;
    if (space.unclear.length === 0 || podClass.hostNetwork) return NO_POLICIES;
    const here = this.#replaced.get(space.name)?.policies;
    return space.unclear.filter((policy) => policy[direction] !== undefined && !here?.has(policy.name));
  }

  isolation(podClass: PodClass, direction: Direction): LayeredPolicies {
    const stored = podClass.space.isolating(podClass, direction);
    const here = this.#replaced.get(podClass.space.name)?.policies;
    if (here === undefined || here.size === 0 || podClass.hostNetwork) {
      return { stored, replaced: NOTHING_REPLACED, added: NO_POLICIES };
    }
    const added: NetworkPolicy[] = [];
    for (const policy of here.values()) {
      if (policy?.[direction] !== undefined && selects(policy.subject, podClass.labels)) added.push(policy);
    }
    return { stored, replaced: here, added };
  }

  servicesOf(podClass: PodClass): readonly Service[] {
    const stored = podClass.space.servicesOf(podClass);
    const here = this.#replaced.get(podClass.space.name)?.services;
    if (here === undefined || here.size === 0) return stored;
    const list = stored.filter((service) => !here.has(service.name));
    for (const service of here.values()) {
      if (service?.selector !== undefined && selects(service.selector, podClass.labels)) list.push(service);
    }
    return list;
  }

  #learn(judged: Judged): void {
    if (judged.kind === 'Service') {
      if (judged.selector !== undefined) this.#learnNear(judged.namespace, judged.selector);
      return;
    }
    for (const { selector, reach } of policySelectors(judged)) {
      if (reach === 'near') this.#learnNear(judged.namespace, selector);
      else if (!this.snapshot.covers(selector)) this.#far.add(selector);
    }
  }

  #learnNear(namespace: string, selector: Selector): void {
    if (this.#space(namespace)?.covers(selector) ?? true) return;
    const near = this.#near.get(namespace) ?? new Vocabulary();
    this.#near.set(namespace, near);
    near.add(selector);
  }

  #space(namespace: string): Space | undefined {
    return this.snapshot.spaces.get(namespace);
  }
}

/** The stored list itself where nothing of it is replaced and nothing added: what is indexed for it stays good. */
function layered(
  stored: readonly NetworkPolicy[],
  replaced: ReadonlyMap<string, NetworkPolicy | undefined>,
  added: readonly NetworkPolicy[],
): readonly NetworkPolicy[] {
  const kept = stored.some(({ name }) => replaced.has(name))
    ? stored.filter(({ name }) => !replaced.has(name))
    : stored;
  if (added.length === 0) return kept;
  return kept.length === 0 ? added : [...kept, ...added];
}

function* merged<T>(
  stored: ReadonlyMap<string, T> | undefined,
  replaced: ReadonlyMap<string, T | undefined> | undefined,
): Iterable<T> {
  for (const [name, value] of stored ?? []) if (!replaced?.has(name)) yield value;
  for (const value of replaced?.values() ?? []) if (value !== undefined) yield value;
}

const NOTHING = new Vocabulary();
const NOTHING_REPLACED: ReadonlyMap<string, NetworkPolicy | undefined> = new Map();
const NO_POLICIES: readonly NetworkPolicy[] = Object.freeze([]);

/** The class in parts that the vocabularies cannot tell apart any further; itself when it is one already. */
function split(podClass: PodClass, near: Vocabulary, far: Vocabulary): readonly PodClass[] {
  const first = podClass.pods[0];
  if (first === undefined || podClass.pods.every((pod) => pod.labels === first.labels)) return [podClass];
  const parts = new Map<string, Pod[]>();
  for (const pod of podClass.pods) {
    const key = projection(pod.labels, near, far);
    const part = parts.get(key);
    if (part === undefined) parts.set(key, [pod]);
    else part.push(pod);
  }
  if (parts.size === 1) return [podClass];
  return [...parts.values()].map((pods) => partOf(podClass, pods));
}

/** Some of the pods of a class, as a class of their own. */
export function partOf(podClass: PodClass, pods: readonly Pod[]): PodClass {
  const { space, workload, namedPorts, hostNetwork } = podClass;
  return { space, workload, labels: pods[0]?.labels ?? podClass.labels, namedPorts, hostNetwork, pods };
}
