import { type Families, familiesOfAddresses } from './families.ts';
import { LabelIndex } from './label-index.ts';
import type { Labels } from './labels.ts';
import type {
  EndpointSlice,
  NamedPort,
  NetworkPolicy,
  Pod,
  Reference,
  Route,
  Service,
  Workload,
} from './objects.ts';
import { type Selector, selects } from './selector.ts';
import type { PodClass, Space } from './snapshot.ts';
import { projection, Vocabulary } from './vocabulary.ts';

const NONE: readonly NetworkPolicy[] = Object.freeze([]);

/** A class whose members change as pods come and go. */
class StoredClass implements PodClass {
  readonly space: Space;
  readonly pods: Pod[];
  ingress: readonly NetworkPolicy[] | undefined = undefined;
  egress: readonly NetworkPolicy[] | undefined = undefined;
  services: readonly Service[] | undefined = undefined;
  policyVersion = -1;
  serviceVersion = -1;

  /**
   * What all its pods have in common, as the first one has it: kept here, for to look it up there is three cold looks
   * into memory for each class that a judgement passes.
   */
  workload!: Workload;
  labels!: Labels;
  namedPorts!: readonly NamedPort[];
  hostNetwork!: boolean;
  families!: Families;
  references!: readonly Reference[];

  constructor(space: Space, first: Pod) {
    this.space = space;
    this.pods = [first];
    this.readFirst();
  }

  /** Anew when another pod comes first: what no selector asks for may be different. */
  readFirst(): void {
    const first = this.pods[0] as Pod;
    this.workload = first.workload;
    this.labels = first.labels;
    this.namedPorts = first.namedPorts;
    this.hostNetwork = first.hostNetwork;
    this.families = familiesOfAddresses(first.addresses);
    this.references = first.references;
  }
}

/** The class itself, or the one it is a part of: no stored policy or Service tells them apart. */
function storedClass(podClass: PodClass): StoredClass | undefined {
  const whole = podClass.whole ?? podClass;
  return whole instanceof StoredClass ? whole : undefined;
}

/** The writable side of a namespace; only the store calls its writers. */
export class StoredSpace implements Space {
  readonly name: string;
  labels: Labels;
  terminating = false;
  known = false;
  readonly pods = new Map<string, Pod>();
  readonly policies = new Map<string, NetworkPolicy>();
  readonly services = new Map<string, Service>();
  readonly slices = new Map<string, Map<string, EndpointSlice>>();
  readonly routes = new Map<string, Route>();
  /** Mentions by selectors that look only into this namespace. */
  readonly near = new Vocabulary();
  readonly #far: Vocabulary;
  readonly #sliceOwner = new Map<string, string>();
  #classes: Map<string, StoredClass> | undefined;
  #classList: readonly PodClass[] | undefined;
  #byLabel: LabelIndex<StoredClass> | undefined;
  #nearVersion = -1;
  #farVersion = -1;
  #unclear: readonly NetworkPolicy[] = NONE;
  #policyVersion = 0;
  #serviceVersion = 0;

  constructor(name: string, labels: Labels, far: Vocabulary) {
    this.name = name;
    this.labels = labels;
    this.#far = far;
  }

  get empty(): boolean {
    return (
      this.pods.size + this.policies.size + this.services.size + this.slices.size + this.routes.size === 0
    );
  }

  classes(): readonly PodClass[] {
    const classes = this.#currentClasses();
    this.#classList ??= [...classes.values()];
    return this.#classList;
  }

  selected(selector: Selector): readonly PodClass[] {
    const classes = this.#currentClasses();
    // Labels that nobody mentions may differ within a class and are in no index.
    const found = this.covers(selector) ? this.#labelIndex(classes).find(selector) : undefined;
    return found ?? this.classes().filter(({ labels }) => selects(selector, labels));
  }

  #labelIndex(classes: ReadonlyMap<string, StoredClass>): LabelIndex<StoredClass> {
    if (this.#byLabel !== undefined) return this.#byLabel;
    const index = new LabelIndex<StoredClass>(
      (key, value) => this.near.weighs(key, value) === 'value' || this.#far.weighs(key, value) === 'value',
    );
    for (const one of classes.values()) index.add(one.labels, one);
    this.#byLabel = index;
    return index;
  }

  classOf(pod: Pod): PodClass {
    const key = this.#keyOf(pod);
    let found = this.#currentClasses().get(key);
    if (found === undefined) {
      // Built while selectors mentioned more than now: the pod stands under a finer key.
      this.#dropClasses();
      found = this.#currentClasses().get(key);
    }
    if (found === undefined) throw new Error(`pod ${pod.namespace}/${pod.name} is not in the model`);
    return found;
  }

  isolating(podClass: PodClass, direction: 'ingress' | 'egress'): readonly NetworkPolicy[] {
    // Host-network pods are never selected: their traffic is the node's.
    if (podClass.hostNetwork) return NONE;
    const cached = storedClass(podClass);
    if (cached !== undefined && cached.policyVersion === this.#policyVersion) {
      const known = cached[direction];
      if (known !== undefined) return known;
    }
    const ingress: NetworkPolicy[] = [];
    const egress: NetworkPolicy[] = [];
    for (const policy of this.policies.values()) {
      if (!selects(policy.subject, podClass.labels)) continue;
      if (policy.ingress !== undefined) ingress.push(policy);
      if (policy.egress !== undefined) egress.push(policy);
    }
    if (cached !== undefined) {
      cached.policyVersion = this.#policyVersion;
      cached.ingress = ingress.length === 0 ? NONE : ingress;
      cached.egress = egress.length === 0 ? NONE : egress;
    }
    return direction === 'ingress' ? ingress : egress;
  }

  get unclear(): readonly NetworkPolicy[] {
    return this.#unclear;
  }

  servicesOf(podClass: PodClass): readonly Service[] {
    const cached = storedClass(podClass);
    if (cached?.services !== undefined && cached.serviceVersion === this.#serviceVersion)
      return cached.services;
    const found: Service[] = [];
    for (const service of this.services.values()) {
      if (service.selector !== undefined && selects(service.selector, podClass.labels)) found.push(service);
    }
    if (cached !== undefined) {
      cached.serviceVersion = this.#serviceVersion;
      cached.services = found;
    }
    return found;
  }

  covers(selector: Selector): boolean {
    return this.near.covers(selector) || this.#far.covers(selector);
  }

  putPod(pod: Pod): void {
    const old = this.pods.get(pod.name);
    if (old !== undefined && this.#isCurrent()) this.#leave(old);
    this.pods.set(pod.name, pod);
    // Asked again: leaving drops the classes when the pod's own is not found under what selectors mention now.
    if (this.#isCurrent()) this.#join(pod);
    else this.#dropClasses();
  }

  removePod(pod: Pod): void {
    if (this.#isCurrent()) this.#leave(pod);
    else this.#dropClasses();
    this.pods.delete(pod.name);
  }

  putPolicy(policy: NetworkPolicy): void {
    this.policies.set(policy.name, policy);
    this.#policiesChanged(policy);
  }

  removePolicy(name: string): void {
    this.policies.delete(name);
    this.#policiesChanged();
  }

  #policiesChanged(put?: NetworkPolicy): void {
    this.#policyVersion++;
    if (this.#unclear.length === 0 && put?.subject.problem === undefined) return;
    this.#unclear = [...this.policies.values()].filter(({ subject }) => subject.problem !== undefined);
  }

  putService(service: Service): void {
    this.services.set(service.name, service);
    this.#serviceVersion++;
  }

  removeService(name: string): void {
    this.services.delete(name);
    this.#serviceVersion++;
  }

  putSlice(slice: EndpointSlice): void {
    const owner = this.#sliceOwner.get(slice.name);
    if (owner !== undefined && owner !== slice.service) this.removeSlice(slice.name);
    const ofService = this.slices.get(slice.service) ?? new Map<string, EndpointSlice>();
    this.slices.set(slice.service, ofService);
    ofService.set(slice.name, slice);
    this.#sliceOwner.set(slice.name, slice.service);
  }

  removeSlice(name: string): void {
    const owner = this.#sliceOwner.get(name);
    if (owner === undefined) return;
    this.#sliceOwner.delete(name);
    const ofService = this.slices.get(owner);
    ofService?.delete(name);
    if (ofService?.size === 0) this.slices.delete(owner);
  }

  #isCurrent(): boolean {
    return (
      this.#classes !== undefined &&
      this.#nearVersion === this.near.version &&
      this.#farVersion === this.#far.version
    );
  }

  #dropClasses(): void {
    this.#classes = undefined;
    this.#classList = undefined;
    this.#byLabel = undefined;
  }

  #currentClasses(): Map<string, StoredClass> {
    if (this.#classes !== undefined && this.#isCurrent()) return this.#classes;
    this.#dropClasses();
    this.#classes = new Map();
    this.#nearVersion = this.near.version;
    this.#farVersion = this.#far.version;
    for (const pod of this.pods.values()) this.#join(pod);
    return this.#classes;
  }

  #join(pod: Pod): void {
    const classes = this.#classes as Map<string, StoredClass>;
    const key = this.#keyOf(pod);
    const found = classes.get(key);
    if (found !== undefined) {
      found.pods.push(pod);
      return;
    }
    const made = new StoredClass(this, pod);
    classes.set(key, made);
    this.#classList = undefined;
    this.#byLabel?.add(pod.labels, made);
  }

  #leave(pod: Pod): void {
    const classes = this.#classes as Map<string, StoredClass>;
    const key = this.#keyOf(pod);
    const found = classes.get(key);
    const place = found?.pods.indexOf(pod) ?? -1;
    if (found === undefined || place < 0) {
      this.#dropClasses();
      return;
    }
    const last = found.pods.pop() as Pod;
    if (place < found.pods.length) found.pods[place] = last;
    if (place === 0 && found.pods.length > 0) found.readFirst();
    if (found.pods.length === 0) {
      classes.delete(key);
      this.#classList = undefined;
      this.#byLabel?.remove(pod.labels, found);
    }
  }

  #keyOf(pod: Pod): string {
    let key = `${pod.workload.kind}/${pod.workload.name}\n${pod.hostNetwork ? 'host' : ''}\n`;
    for (const address of pod.addresses) key += typeof address === 'number' ? '4' : '6';
    for (const port of pod.namedPorts) key += `${port.name}/${port.protocol}/${port.port} `;
    // What shows needs is evidence; pods that differ in it are not alike.
    if (pod.apiUse !== '') key += `${pod.apiUse}\n`;
    if (pod.scrapedAt !== 0) key += `scraped ${pod.scrapedAt}\n`;
    for (const { namespace, service, port } of pod.references) key += `${namespace}/${service}:${port} `;
    if (pod.networks !== '') key += `\n${pod.networks}`;
    return `${key}\n${projection(pod.labels, this.near, this.#far)}`;
  }
}
