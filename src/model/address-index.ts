import type { Address } from '../netset/addresses.ts';

/** Objects by their addresses. Built when first asked for, then kept up to date. */
export class AddressIndex<T> {
  readonly #addressesOf: (one: T) => readonly Address[];
  #known: Map<Address, T> | undefined;

  constructor(addressesOf: (one: T) => readonly Address[]) {
    this.#addressesOf = addressesOf;
  }

  /** The object with this address; `all` are read the first time. */
  at(address: Address, all: () => Iterable<T>): T | undefined {
    if (this.#known === undefined) {
      this.#known = new Map();
      for (const one of all()) this.add(one);
    }
    return this.#known.get(address);
  }

  add(one: T): void {
    if (this.#known === undefined) return;
    for (const address of this.#addressesOf(one)) this.#known.set(address, one);
  }

  /** Another object may have the address by now: an address is given away again before its old pod is gone. */
  remove(one: T): void {
    if (this.#known === undefined) return;
    for (const address of this.#addressesOf(one)) {
      if (this.#known.get(address) === one) this.#known.delete(address);
    }
  }
}
