/**
 * The objects of one kind that the model holds, with the resourceVersion of each. Two levels, so that the name
 * is the very string the model keeps too: some 50 bytes an object.
 */
export class Known {
  readonly #byNamespace = new Map<string, Map<string, number>>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** The resourceVersion as a number; NaN when it is not one; undefined for an unknown object. */
  version(namespace: string, name: string): number | undefined {
    return this.#byNamespace.get(namespace)?.get(name);
  }

  set(namespace: string, name: string, version: number): void {
    let names = this.#byNamespace.get(namespace);
    if (names === undefined) {
      names = new Map();
      this.#byNamespace.set(namespace, names);
    }
    if (!names.has(name)) this.#size++;
    names.set(name, version);
  }

  delete(namespace: string, name: string): boolean {
    const names = this.#byNamespace.get(namespace);
    if (names?.delete(name) !== true) return false;
    this.#size--;
    if (names.size === 0) this.#byNamespace.delete(namespace);
    return true;
  }

  /** The objects that `other` lacks, as a list that stays valid while this changes. */
  missingFrom(other: Known): { namespace: string; name: string }[] {
    const missing: { namespace: string; name: string }[] = [];
    for (const [namespace, names] of this.#byNamespace) {
      const others = other.#byNamespace.get(namespace);
      for (const name of names.keys()) if (others?.has(name) !== true) missing.push({ namespace, name });
    }
    return missing;
  }
}

/**
 * A resourceVersion as a number. They are decimal and comparable within one resource for what kube-apiserver
 * serves itself (KEP-5504); aggregated servers may use anything, which gives NaN and compares with nothing.
 */
export function versionNumber(text: string): number {
  return /^[0-9]{1,15}$/.test(text) ? Number(text) : Number.NaN;
}
