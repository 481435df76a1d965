import { labelValue } from '../model/labels.ts';
import type { Reference } from '../model/objects.ts';
import type { PodClass } from '../model/snapshot.ts';
import { APPLICATION_LABELS } from './application.ts';

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

  /** One pass over the namespace's classes. */
  constructor(classes: readonly PodClass[]) {
    for (const podClass of classes) {
      for (const reference of podClass.pods[0]?.references ?? []) {
        add(this.referrers, `${reference.namespace}/${reference.service}`, { podClass, reference });
      }
      for (const key of APPLICATION_LABELS) {
        const value = labelValue(podClass.labels, key);
        if (value !== undefined && value !== '') add(this.applications, `${key}=${value}`, podClass);
      }
    }
  }

  /** The classes that share an application label with this one, itself excepted; `most` at most, else none. */
  companions(podClass: PodClass, most: number): readonly PodClass[] {
    let all: Set<PodClass> | undefined;
    for (const key of APPLICATION_LABELS) {
      const value = labelValue(podClass.labels, key);
      if (value === undefined || value === '') continue;
      const group = this.applications.get(`${key}=${value}`) ?? [];
      if (group.length < 2 || group.length > most) continue;
      all ??= new Set();
      for (const one of group) if (one !== podClass) all.add(one);
    }
    return all === undefined ? NOBODY : [...all];
  }
}

const NOBODY: readonly PodClass[] = Object.freeze([]);

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
