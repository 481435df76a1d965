import { labelValue } from '../model/labels.ts';
import type { Reference } from '../model/objects.ts';
import type { PodClass } from '../model/snapshot.ts';
import { APPLICATION_LABELS, followsCaller, LARGEST_APPLICATION } from './application.ts';

export interface Referrer {
  readonly podClass: PodClass;
  readonly reference: Reference;
}

/** Who refers to which Service, and who belongs to which application, among the classes of one namespace. */
export class SpaceIndex {
  /** By `namespace/service`. */
  readonly referrers = new Map<string, Referrer[]>();
  /** By `label=value`. */
  readonly applications = new Map<string, PodClass[]>();
  readonly #companions = new Map<PodClass, readonly Companion[]>();

  /** One pass over the namespace's classes. */
  constructor(classes: readonly PodClass[]) {
    for (const podClass of classes) {
      for (const reference of podClass.references) {
        add(this.referrers, `${reference.namespace}/${reference.service}`, { podClass, reference });
      }
      for (const key of APPLICATION_LABELS) {
        const value = labelValue(podClass.labels, key);
        if (value !== undefined && value !== '') add(this.applications, `${key}=${value}`, podClass);
      }
    }
  }

  /**
   * The classes that share an application label with this one, itself excepted. A label that more than
   * `LARGEST_APPLICATION` share says nothing.
   */
  companions(podClass: PodClass): readonly Companion[] {
    const known = this.#companions.get(podClass);
    if (known !== undefined) return known;
    // Bounded: what is kept is worth keeping only for the namespaces where much happens.
    if (this.#companions.size >= MOST_KEPT) this.#companions.clear();
    const found = this.#findCompanions(podClass);
    this.#companions.set(podClass, found);
    return found;
  }

  #findCompanions(podClass: PodClass): readonly Companion[] {
    const all = new Map<PodClass, Companion>();
    for (const key of APPLICATION_LABELS) {
      const value = labelValue(podClass.labels, key);
      if (value === undefined || value === '') continue;
      const group = this.applications.get(`${key}=${value}`) ?? [];
      if (group.length < 2 || group.length > LARGEST_APPLICATION) continue;
      for (const one of group) {
        if (one === podClass || all.has(one)) continue;
        const needsUs = !followsCaller(one, podClass);
        const neededByUs = !followsCaller(podClass, one);
        const why = needsUs && neededByUs ? '' : 'replication: ';
        all.set(one, { podClass: one, source: `${why}both are ${key}=${value}`, needsUs, neededByUs });
      }
    }
    return all.size === 0 ? NOBODY : [...all.values()];
  }
}

const MOST_KEPT = 512;

/** A class of the same application. */
export interface Companion {
  readonly podClass: PodClass;
  /** What they have in common, in words: `both are app=redis`, `replication: both are app=redis`. */
  readonly source: string;
  /** Whether it may be a client of ours: a leader is no client of its follower. */
  readonly needsUs: boolean;
  readonly neededByUs: boolean;
}

const NOBODY: readonly Companion[] = Object.freeze([]);

function add<T>(map: Map<string, T[]>, key: string, value: T): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [value]);
  else list.push(value);
}

const indexes = new WeakMap<readonly PodClass[], SpaceIndex>();

/** The index of a namespace's classes; kept as long as the namespace has these classes. */
export function indexOfClasses(classes: readonly PodClass[]): SpaceIndex {
  const known = indexes.get(classes);
  if (known !== undefined) return known;
  const index = new SpaceIndex(classes);
  indexes.set(classes, index);
  return index;
}
