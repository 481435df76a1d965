import { type Change, changedObject, type Judged } from './change.ts';
import { Distinctions } from './distinctions.ts';
import type { Direction, NetworkPolicy, Pod, Service } from './objects.ts';
import { eachPolicySelector } from './policy-selectors.ts';
import { type Selector, selects } from './selector.ts';
import type { PodClass, Snapshot, Space } from './snapshot.ts';

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
  /** The classes that the Service's selector matches; none where it has no selector or is an ExternalName. */
  behind(service: Service): readonly PodClass[];
}

/** Policies as layers: the lower one is the snapshot's own list, whose identity lasts beyond the view. */
export interface LayeredPolicies {
  readonly stored: readonly NetworkPolicy[];
  /** Names among `stored` that no longer count. */
  readonly replaced: ReadonlyMap<string, NetworkPolicy | undefined>;
  readonly added: readonly NetworkPolicy[];
}

/** Most changes are about one kind: there is no map of the other. */
interface Replaced {
  /** undefined = deleted. */
  policies: Map<string, NetworkPolicy | undefined> | undefined;
  services: Map<string, Service | undefined> | undefined;
}

/** The snapshot before and after one change. Both show the pods in the same classes. */
export function aroundChange(
  snapshot: Snapshot,
  change: Change,
  earlier: readonly Change[] = [],
): { readonly before: View; readonly after: View } {
  const lens = new Lens(snapshot);
  const replaced = replacedBy(earlier, lens);
  const named = changedObject(change);
  return {
    before: new Overlay(snapshot, withPut(replaced, named, change.before, lens), lens),
    after: new Overlay(snapshot, withPut(replaced, named, change.after, lens), lens),
  };
}

/** The snapshot with all the changes made, in order. */
export function overlay(snapshot: Snapshot, changes: readonly Change[]): View {
  const lens = new Lens(snapshot);
  return new Overlay(snapshot, replacedBy(changes, lens), lens);
}

type AllReplaced = Map<string, Replaced>;

function replacedBy(changes: readonly Change[], lens: Lens): AllReplaced {
  let replaced: AllReplaced = new Map();
  for (const change of changes) replaced = put(replaced, changedObject(change), change.after, lens);
  return replaced;
}

function withPut(given: AllReplaced, named: Judged, value: Judged | undefined, lens: Lens): AllReplaced {
  const here = given.get(named.namespace);
  // What is not there before a creation is not there in the snapshot either: nothing is replaced.
  if (value === undefined && here === undefined && !lens.holds(named)) return given;
  const copy: AllReplaced = new Map(given);
  if (here !== undefined) {
    copy.set(named.namespace, {
      policies: here.policies && new Map(here.policies),
      services: here.services && new Map(here.services),
    });
  }
  return put(copy, named, value, lens);
}

function put(replaced: AllReplaced, named: Judged, value: Judged | undefined, lens: Lens): AllReplaced {
  let here = replaced.get(named.namespace);
  if (here === undefined) {
    here = { policies: undefined, services: undefined };
    replaced.set(named.namespace, here);
  }
  if (named.kind === 'NetworkPolicy') {
    here.policies ??= new Map();
    here.policies.set(named.name, value as NetworkPolicy | undefined);
  } else {
    here.services ??= new Map();
    here.services.set(named.name, value as Service | undefined);
  }
  if (value !== undefined) lens.learn(value);
  return replaced;
}

/**
 * The snapshot's classes, split where selectors of the changes tell apart what no stored selector does.
 * Learns all selectors first, and is looked through afterwards.
 */
class Lens {
  readonly #snapshot: Snapshot;
  /** What the changes mention and the snapshot's classes cannot tell apart, by namespace and for all. */
  readonly #near = new Map<string, Distinctions>();
  readonly #far = new Distinctions();
  #classes: Map<Space, readonly PodClass[]> | undefined;
  #parts: Map<PodClass, readonly PodClass[]> | undefined;

  constructor(snapshot: Snapshot) {
    this.#snapshot = snapshot;
  }

  /** Whether the snapshot has an object of that kind and name. */
  holds({ kind, namespace, name }: Judged): boolean {
    const space = this.#snapshot.spaces.get(namespace);
    if (space === undefined) return false;
    return kind === 'NetworkPolicy' ? space.policies.has(name) : space.services.has(name);
  }

  learn(judged: Judged): void {
    if (judged.kind === 'Service') {
      if (judged.selector !== undefined) this.#learnNear(judged.namespace, judged.selector);
      return;
    }
    eachPolicySelector(judged, (selector, reach) => {
      if (reach === 'near') this.#learnNear(judged.namespace, selector);
      else if (!this.#snapshot.covers(selector)) this.#far.add(selector);
    });
  }

  #learnNear(namespace: string, selector: Selector): void {
    if (this.#snapshot.spaces.get(namespace)?.covers(selector) ?? true) return;
    const near = this.#near.get(namespace) ?? new Distinctions();
    this.#near.set(namespace, near);
    near.add(selector);
  }

  /** Whether the stored classes of the namespace are fine enough. */
  isClear(space: Space): boolean {
    return this.#far.empty && !this.#near.has(space.name);
  }

  classes(space: Space): readonly PodClass[] {
    if (this.isClear(space)) return space.classes();
    this.#classes ??= new Map();
    const classes = this.#classes.get(space) ?? this.#split(space);
    this.#classes.set(space, classes);
    return classes;
  }

  /** The list itself when no class falls apart: what others keep for it stays good. */
  #split(space: Space): readonly PodClass[] {
    const stored = space.classes();
    let parted = false;
    const classes: PodClass[] = [];
    for (const podClass of stored) {
      const parts = this.#partsOf(podClass);
      parted ||= parts.length > 1;
      for (const part of parts) classes.push(part);
    }
    return parted ? classes : stored;
  }

  /** All parts of these stored classes. */
  partsOf(stored: readonly PodClass[]): readonly PodClass[] {
    return stored.flatMap((podClass) => this.#partsOf(podClass));
  }

  #partsOf(podClass: PodClass): readonly PodClass[] {
    this.#parts ??= new Map();
    let parts = this.#parts.get(podClass);
    if (parts === undefined) {
      parts = split(podClass, this.#near.get(podClass.space.name) ?? NOTHING, this.#far);
      this.#parts.set(podClass, parts);
    }
    return parts;
  }

  classOf(space: Space, pod: Pod): PodClass | undefined {
    const podClass = space.classOf(pod);
    if (this.isClear(space)) return podClass;
    return this.#partsOf(podClass).find((part) => part.pods.includes(pod));
  }
}

class Overlay implements View {
  readonly snapshot: Snapshot;
  readonly #replaced: ReadonlyMap<string, Replaced>;
  readonly #lens: Lens;
  /** Worked out once; most changes are about one direction. */
  readonly #isolating: Record<Direction, Map<PodClass, readonly NetworkPolicy[]> | undefined> = {
    ingress: undefined,
    egress: undefined,
  };
  #behind: Map<Service, readonly PodClass[]> | undefined;

  constructor(snapshot: Snapshot, replaced: ReadonlyMap<string, Replaced>, lens: Lens) {
    this.snapshot = snapshot;
    this.#replaced = replaced;
    this.#lens = lens;
  }

  classes(space: Space): readonly PodClass[] {
    return this.#lens.classes(space);
  }

  selected(space: Space, selector: Selector): readonly PodClass[] {
    if (this.#lens.isClear(space)) return space.selected(selector);
    // What a stored selector mentions is the same in every part of a class.
    if (space.covers(selector)) return this.#lens.partsOf(space.selected(selector));
    return this.classes(space).filter(({ labels }) => selects(selector, labels));
  }

  classOf(pod: Pod): PodClass | undefined {
    const space = this.#space(pod.namespace);
    return space === undefined ? undefined : this.#lens.classOf(space, pod);
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
    if (here === undefined || podClass.hostNetwork) {
      return podClass.space.isolating(podClass, direction);
    }
    this.#isolating[direction] ??= new Map();
    const isolating = this.#isolating[direction];
    const known = isolating.get(podClass);
    if (known !== undefined) return known;
    const { stored, added } = this.isolation(podClass, direction);
    const list = layered(stored, here, added);
    isolating.set(podClass, list);
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
    if (here === undefined || podClass.hostNetwork) {
      return { stored, replaced: NOTHING_REPLACED, added: NO_POLICIES };
    }
    let added: NetworkPolicy[] | undefined;
    for (const policy of here.values()) {
      if (policy?.[direction] === undefined || !selects(policy.subject, podClass.labels)) continue;
      if (added === undefined) added = [policy];
      else added.push(policy);
    }
    return { stored, replaced: here, added: added ?? NO_POLICIES };
  }

  servicesOf(podClass: PodClass): readonly Service[] {
    const stored = podClass.space.servicesOf(podClass);
    const here = this.#replaced.get(podClass.space.name)?.services;
    if (here === undefined) return stored;
    const list = stored.filter((service) => !here.has(service.name));
    for (const service of here.values()) {
      if (service?.selector !== undefined && selects(service.selector, podClass.labels)) list.push(service);
    }
    return list;
  }

  behind(service: Service): readonly PodClass[] {
    const known = this.#behind?.get(service);
    if (known !== undefined) return known;
    const space = this.#space(service.namespace);
    if (service.selector === undefined || service.type === 'ExternalName' || space === undefined)
      return NOBODY;
    const classes = this.selected(space, service.selector);
    this.#behind ??= new Map();
    this.#behind.set(service, classes);
    return classes;
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

const NOTHING = new Distinctions();
const NOTHING_REPLACED: ReadonlyMap<string, NetworkPolicy | undefined> = new Map();
const NO_POLICIES: readonly NetworkPolicy[] = Object.freeze([]);
const NOBODY: readonly PodClass[] = Object.freeze([]);

/** The class in parts that the changes do not tell apart any further; itself when it is one already. */
function split(podClass: PodClass, near: Distinctions, far: Distinctions): readonly PodClass[] {
  const first = podClass.pods[0];
  if (first === undefined || podClass.pods.every((pod) => pod.labels === first.labels)) return [podClass];
  const parts = new Map<string, Pod[]>();
  for (const pod of podClass.pods) {
    const key = `${near.textOf(pod.labels)}/${far.textOf(pod.labels)}`;
    const part = parts.get(key);
    if (part === undefined) parts.set(key, [pod]);
    else part.push(pod);
  }
  if (parts.size === 1) return [podClass];
  return [...parts.values()].map((pods) => partOf(podClass, pods));
}

/** Some of the pods of a class, as a class of their own. */
export function partOf(podClass: PodClass, pods: readonly Pod[]): PodClass {
  const labels = pods[0]?.labels ?? podClass.labels;
  const { space, workload, namedPorts, hostNetwork, families, references } = podClass;
  const whole = podClass.whole ?? podClass;
  return { space, workload, labels, namedPorts, hostNetwork, families, references, pods, whole };
}
