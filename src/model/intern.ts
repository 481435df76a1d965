import { type Labels, labelsOf } from './labels.ts';
import type { NamedPort, Reference, Workload } from './objects.ts';
import type { Requirement } from './selector.ts';

/**
 * How many values one generation of a pool holds. Two generations are alive at a time. Pods of one workload
 * arrive side by side, so a small pool shares nearly as much as a large one, and weighs less than what it saves.
 */
const GENERATION = 4_096;
/**
 * Of label sets and label values far fewer: many clusters have one on each pod that no other has, and what stays
 * in a pool for long is moved to where garbage is collected seldom. Half a kilobyte a pod of that is the whole
 * difference between a relist that nobody notices and one that needs 50 MiB more.
 */
const PASSING = 8;

/**
 * Remembers values by a text key for as long as they are in use, more or less: after `GENERATION` new keys
 * the older half is forgotten, so that an endless stream of unique labels cannot fill the memory.
 */
class Pool<T> {
  #young = new Map<string, T>();
  #old = new Map<string, T>();
  readonly #limit: number;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get(key: string): T | undefined {
    const young = this.#young.get(key);
    if (young !== undefined) return young;
    const old = this.#old.get(key);
    if (old !== undefined) this.set(key, old);
    return old;
  }

  set(key: string, value: T): T {
    if (this.#young.size >= this.#limit) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(key, value);
    return value;
  }

  get size(): number {
    return this.#young.size + this.#old.size;
  }
}

/** Shares equal values between objects: all pods of a ReplicaSet hold one label array, one workload, one port list. */
export class Interner {
  readonly #labels: Pool<Labels>;
  readonly #workloads: Pool<Workload>;
  readonly #ports: Pool<readonly NamedPort[]>;
  readonly #references: Pool<readonly Reference[]>;
  readonly #configs: Pool<readonly string[]>;
  readonly #requirements: Pool<readonly Requirement[]>;
  readonly #strings: Pool<string>;
  readonly #values: Pool<string>;

  constructor(generation: number = GENERATION) {
    this.#labels = new Pool(Math.min(generation, PASSING));
    this.#values = new Pool(Math.min(generation, 8 * PASSING));
    this.#workloads = new Pool(generation);
    this.#ports = new Pool(generation);
    this.#references = new Pool(generation);
    this.#configs = new Pool(generation);
    this.#requirements = new Pool(generation);
    this.#strings = new Pool(generation);
  }

  /** The one array for these labels, whatever order they came in. */
  labels(pairs: readonly (readonly [string, string])[]): Labels {
    const key = JSON.stringify(pairs.flat());
    const known = this.#labels.get(key);
    if (known !== undefined) return known;
    const sorted = labelsOf(pairs.map(([name, value]) => [this.string(name), this.#value(value)] as const));
    // The API server writes maps in key order: mostly both keys are one.
    const sortedKey = JSON.stringify(sorted);
    const labels = this.#labels.get(sortedKey) ?? this.#labels.set(sortedKey, sorted);
    return sortedKey === key ? labels : this.#labels.set(key, labels);
  }

  workload(namespace: string, kind: string, name: string): Workload {
    const key = `${namespace}\n${kind}\n${name}`;
    return (
      this.#workloads.get(key) ??
      this.#workloads.set(
        key,
        Object.freeze({
          namespace: this.string(namespace),
          kind: this.string(kind),
          name: this.string(name),
        }),
      )
    );
  }

  ports(ports: readonly NamedPort[]): readonly NamedPort[] {
    return shared(this.#ports, ports);
  }

  references(references: readonly Reference[]): readonly Reference[] {
    return shared(this.#references, references);
  }

  configs(configs: readonly string[]): readonly string[] {
    return shared(this.#configs, configs);
  }

  requirements(requirements: readonly Requirement[]): readonly Requirement[] {
    return shared(this.#requirements, requirements);
  }

  /** The one copy of this text; a copy cut out of a larger text would keep that text in memory. */
  string(text: string): string {
    return this.#strings.get(text) ?? this.#strings.set(text, text);
  }

  #value(text: string): string {
    return this.#values.get(text) ?? this.#values.set(text, text);
  }

  /** Everything remembered, for tests of the bound. */
  get size(): number {
    return (
      this.#labels.size +
      this.#workloads.size +
      this.#ports.size +
      this.#references.size +
      this.#configs.size +
      this.#requirements.size +
      this.#strings.size +
      this.#values.size
    );
  }
}

function shared<T>(pool: Pool<readonly T[]>, values: readonly T[]): readonly T[] {
  if (values.length === 0) return NOTHING;
  const key = JSON.stringify(values);
  return pool.get(key) ?? pool.set(key, Object.freeze(values.map((value) => Object.freeze(value))));
}

const NOTHING: readonly never[] = Object.freeze([]);
