import {
  ALL_CONNECTIONS,
  type Connections,
  connectionsText,
  intersectConnections,
  NO_CONNECTIONS,
  subtractConnections,
  uniteConnections,
} from '../netset/connections.ts';

/** Ids of the two sets that need no look-up. */
export const NONE = 0;
export const ALL = 1;

/**
 * Connection sets as small numbers, equal sets as equal numbers, and their operations looked up once.
 * A cluster has a million pairs and a few dozen different sets.
 */
export class ConnectionTable {
  readonly #sets: Connections[] = [NO_CONNECTIONS, ALL_CONNECTIONS];
  readonly #texts: (readonly string[] | undefined)[] = [];
  readonly #byText = new Map<string, number>([
    ['', NONE],
    ['All', ALL],
  ]);
  readonly #byObject = new WeakMap<Connections, number>();
  readonly #united = new Map<number, number>();
  readonly #common = new Map<number, number>();

  id(set: Connections): number {
    const seen = this.#byObject.get(set);
    if (seen !== undefined) return seen;
    const text = connectionsText(set).join();
    let id = this.#byText.get(text);
    if (id === undefined) {
      id = this.#sets.push(set) - 1;
      this.#byText.set(text, id);
    }
    this.#byObject.set(set, id);
    return id;
  }

  set(id: number): Connections {
    return this.#sets[id] ?? NO_CONNECTIONS;
  }

  /** As `list` prints it. The same array for the same id. */
  text(id: number): readonly string[] {
    let text = this.#texts[id];
    if (text === undefined) {
      text = Object.freeze(connectionsText(this.set(id)));
      this.#texts[id] = text;
    }
    return text;
  }

  unite(a: number, b: number): number {
    if (a === b || b === NONE || a === ALL) return a;
    if (a === NONE || b === ALL) return b;
    return this.#lookUp(this.#united, a, b, uniteConnections);
  }

  intersect(a: number, b: number): number {
    if (a === b || b === ALL || a === NONE) return a;
    if (a === ALL || b === NONE) return b;
    return this.#lookUp(this.#common, a, b, intersectConnections);
  }

  subtract(a: number, b: number): number {
    if (a === b || a === NONE || b === ALL) return NONE;
    return b === NONE ? a : this.id(subtractConnections(this.set(a), this.set(b)));
  }

  #lookUp(
    memo: Map<number, number>,
    a: number,
    b: number,
    compute: (a: Connections, b: Connections) => Connections,
  ): number {
    const key = a < b ? a * 0x4000000 + b : b * 0x4000000 + a;
    let result = memo.get(key);
    if (result === undefined) {
      result = this.id(compute(this.set(a), this.set(b)));
      memo.set(key, result);
    }
    return result;
  }
}
