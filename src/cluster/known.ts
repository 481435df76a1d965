/**
 * The objects of one kind that the model holds, with the resourceVersion of each. Two levels, so that the name
 * is the very string the model keeps too: some 50 bytes an object. A list marks what it names by the sign of the
 * number: a second table, or a name written anew, would weigh as much again each time everything is listed.
 */
export class Known {
  readonly #byNamespace = new Map<string, Map<string, number>>();
  /** What the newest list named has this sign, the rest the other one; without a list all have it. */
  #sign: 1 | -1 = 1;
  /** While a list goes on: how many it has not named yet. */
  #unnamed: number | undefined;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** Whether a list is under way. */
  get listing(): boolean {
    return this.#unnamed !== undefined;
  }

  /** The resourceVersion as a number; NaN when it is not one; undefined for an unknown object. */
  version(namespace: string, name: string): number | undefined {
    const mark = this.#byNamespace.get(namespace)?.get(name);
    return mark === undefined ? undefined : versionOf(mark);
  }

  set(namespace: string, name: string, version: number): void {
    let names = this.#byNamespace.get(namespace);
    if (names === undefined) {
      names = new Map();
      this.#byNamespace.set(namespace, names);
    }
    const before = names.get(name);
    if (before === undefined) this.#size++;
    else this.#named(before);
    names.set(name, markOf(version) * this.#sign);
  }

  delete(namespace: string, name: string): boolean {
    const names = this.#byNamespace.get(namespace);
    const mark = names?.get(name);
    if (names === undefined || mark === undefined) return false;
    names.delete(name);
    if (names.size === 0) this.#byNamespace.delete(namespace);
    this.#named(mark);
    this.#size--;
    return true;
  }

  /** A list begins, maybe anew. */
  beginList(): void {
    this.abandonList();
    this.#sign = this.#sign === 1 ? -1 : 1;
    this.#unnamed = this.#size;
  }

  /** The list is complete: gives what it did not name, which is still known. */
  endList(): { namespace: string; name: string }[] {
    const missing: { namespace: string; name: string }[] = [];
    this.#markAll((namespace, name) => missing.push({ namespace, name }));
    return missing;
  }

  /** The list came to nothing: everything is known as before. */
  abandonList(): void {
    this.#markAll();
  }

  /** Everything, as a list that stays valid while this changes. */
  all(): { namespace: string; name: string }[] {
    return [...this.#byNamespace].flatMap(([namespace, names]) =>
      [...names.keys()].map((name) => ({ namespace, name })),
    );
  }

  #named(before: number): void {
    if (this.#unnamed !== undefined && before * this.#sign < 0) this.#unnamed--;
  }

  /** Ends the list: what it did not name gets the mark all the same. */
  #markAll(onUnnamed?: (namespace: string, name: string) => void): void {
    const unnamed = this.#unnamed ?? 0;
    this.#unnamed = undefined;
    if (unnamed === 0) return;
    for (const [namespace, names] of this.#byNamespace) {
      for (const [name, mark] of names) {
        if (mark * this.#sign > 0) continue;
        names.set(name, -mark);
        onUnnamed?.(namespace, name);
      }
    }
  }
}

/** Never 0 and never NaN, so that there is a sign to tell. */
function markOf(version: number): number {
  return Number.isNaN(version) ? Number.POSITIVE_INFINITY : version + 1;
}

function versionOf(mark: number): number {
  return Number.isFinite(mark) ? Math.abs(mark) - 1 : Number.NaN;
}

/**
 * A resourceVersion as a number. They are decimal and comparable within one resource for what kube-apiserver
 * serves itself (KEP-5504); aggregated servers may use anything, which gives NaN and compares with nothing.
 */
export function versionNumber(text: string): number {
  return /^[0-9]{1,15}$/.test(text) ? Number(text) : Number.NaN;
}
