/**
 * The objects of one kind that the model holds, with the resourceVersion of each. Two levels, so that the name
 * is the very string the model keeps too: some 50 bytes an object.
 */
export class Known {
  #byNamespace: Names = new Map();
  /** While a list goes on: what it has not named yet. */
  #old: Names | undefined;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** Whether a list is under way. */
  get listing(): boolean {
    return this.#old !== undefined;
  }

  /** The resourceVersion as a number; NaN when it is not one; undefined for an unknown object. */
  version(namespace: string, name: string): number | undefined {
    return this.#byNamespace.get(namespace)?.get(name) ?? this.#old?.get(namespace)?.get(name);
  }

  set(namespace: string, name: string, version: number): void {
    const wasOld = this.#old !== undefined && take(this.#old, namespace, name);
    let names = this.#byNamespace.get(namespace);
    if (names === undefined) {
      names = new Map();
      this.#byNamespace.set(namespace, names);
    }
    if (!wasOld && !names.has(name)) this.#size++;
    names.set(name, version);
  }

  delete(namespace: string, name: string): boolean {
    const known = take(this.#byNamespace, namespace, name);
    if (!known && (this.#old === undefined || !take(this.#old, namespace, name))) return false;
    this.#size--;
    return true;
  }

  /**
   * A list begins, maybe anew: what it names moves over, so that two lists at a time weigh no more than one.
   */
  beginList(): void {
    this.abandonList();
    this.#old = this.#byNamespace;
    this.#byNamespace = new Map();
  }

  /** The list is complete: gives what it did not name, which is still known. */
  endList(): { namespace: string; name: string }[] {
    const missing = this.#old === undefined ? [] : all(this.#old);
    this.abandonList();
    return missing;
  }

  /** The list came to nothing: everything is known as before. */
  abandonList(): void {
    if (this.#old === undefined) return;
    const old = this.#old;
    this.#old = undefined;
    for (const [namespace, names] of old) {
      const into = this.#byNamespace.get(namespace);
      if (into === undefined) this.#byNamespace.set(namespace, names);
      else for (const [name, version] of names) into.set(name, version);
    }
  }

  /** Everything, as a list that stays valid while this changes. */
  all(): { namespace: string; name: string }[] {
    return [...all(this.#byNamespace), ...(this.#old === undefined ? [] : all(this.#old))];
  }
}

type Names = Map<string, Map<string, number>>;

function take(from: Names, namespace: string, name: string): boolean {
  const names = from.get(namespace);
  if (names?.delete(name) !== true) return false;
  if (names.size === 0) from.delete(namespace);
  return true;
}

function all(names: Names): { namespace: string; name: string }[] {
  return [...names].flatMap(([namespace, of]) => [...of.keys()].map((name) => ({ namespace, name })));
}

/**
 * A resourceVersion as a number. They are decimal and comparable within one resource for what kube-apiserver
 * serves itself (KEP-5504); aggregated servers may use anything, which gives NaN and compares with nothing.
 */
export function versionNumber(text: string): number {
  return /^[0-9]{1,15}$/.test(text) ? Number(text) : Number.NaN;
}
