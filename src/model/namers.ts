/** Who names a Service of another namespace. Kept with every object that comes or goes, so that nobody searches for it. */
export class Namers<T> {
  readonly #byService = new Map<string, Set<T>>();

  add(namespace: string, service: string, one: T): void {
    const path = `${namespace}/${service}`;
    const known = this.#byService.get(path);
    if (known === undefined) this.#byService.set(path, new Set([one]));
    else known.add(one);
  }

  remove(namespace: string, service: string, one: T): void {
    const path = `${namespace}/${service}`;
    const known = this.#byService.get(path);
    known?.delete(one);
    if (known?.size === 0) this.#byService.delete(path);
  }

  of(namespace: string, service: string): ReadonlySet<T> {
    return this.#byService.get(`${namespace}/${service}`) ?? NOBODY;
  }
}

const NOBODY: ReadonlySet<never> = new Set();
