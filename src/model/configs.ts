import { Interner } from './intern.ts';
import type { Config, ConfigEntry, Pod, Reference } from './objects.ts';
import { same } from './same.ts';

/** Of one pod, its own and those of its ConfigMaps together. */
const MOST_REFERENCES = 64;

/** What the ConfigMaps show of the pods that mention them. Only those that name a Service are held. */
export class Configs {
  /** By `namespace/name`. */
  readonly #entries = new Map<string, readonly ConfigEntry[]>();
  readonly #interner = new Interner();

  /** Whether it shows something else than before. */
  put({ namespace, name, entries }: Config): boolean {
    const key = `${namespace}/${name}`;
    if (same(this.#entries.get(key) ?? [], entries)) return false;
    if (entries.length === 0) this.#entries.delete(key);
    else this.#entries.set(key, entries);
    return true;
  }

  /** Whether it showed anything. */
  remove(namespace: string, name: string): boolean {
    return this.#entries.delete(`${namespace}/${name}`);
  }

  /** The pod with what its ConfigMaps show now, and nothing of what they showed before. */
  addTo(pod: Pod): Pod {
    // Pods are put by the hundred thousand, and without ConfigMaps none of them is to cost more.
    if (pod.configs.length === 0) return pod;
    const references = this.#referencesOf(pod);
    return references === pod.references ? pod : { ...pod, references };
  }

  #referencesOf({ namespace, configs, ownReferences }: Pod): readonly Reference[] {
    if (this.#entries.size === 0) return ownReferences;
    const found = new Map(ownReferences.map((reference) => [keyOf(reference), reference]));
    for (const mention of configs) {
      const [name = '', wanted] = mention.split('/', 2);
      for (const { key, references } of this.#entries.get(`${namespace}/${name}`) ?? []) {
        if (wanted !== undefined && wanted !== key) continue;
        for (const reference of references) {
          if (found.size >= MOST_REFERENCES) break;
          // What the spec itself says is told first.
          if (!found.has(keyOf(reference))) found.set(keyOf(reference), reference);
        }
      }
    }
    return found.size === ownReferences.length
      ? ownReferences
      : this.#interner.references([...found.values()]);
  }
}

function keyOf({ namespace, service, port }: Reference): string {
  return `${namespace}/${service}:${port}`;
}

/** Whether a pod's list of ConfigMaps has this one, or a key of it. */
export function mentions(configs: readonly string[], name: string): boolean {
  return configs.some((each) => each === name || each.startsWith(`${name}/`));
}
