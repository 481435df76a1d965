import { isDeepStrictEqual } from 'node:util';
import { type Change, changedObject, type Judged } from '../model/change.ts';
import type { Snapshot } from '../model/snapshot.ts';

interface Entry {
  readonly change: Change;
  /** Milliseconds on the caller's clock. */
  readonly until: number;
  /** What the model showed when it was last compared. */
  shown: Judged | undefined;
}

/** How long and how many; both bounds keep a flood of requests from filling the memory. */
export interface RecentLimits {
  readonly milliseconds?: number;
  readonly entries?: number;
}

/**
 * Changes that were just admitted and that the watch has not brought yet: the documents of one
 * `kubectl apply` arrive faster than their events. Dry runs never get in.
 */
export class Recent {
  readonly #entries = new Map<string, Entry>();
  readonly #milliseconds: number;
  readonly #limit: number;

  constructor(limits: RecentLimits = {}) {
    this.#milliseconds = limits.milliseconds ?? 10_000;
    this.#limit = limits.entries ?? 1000;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** Notes an admitted change; of one object only the latest is kept. */
  add(change: Change, snapshot: Snapshot, now: number): void {
    const key = keyOf(changedObject(change));
    // Set anew, so that the order stays that of time.
    this.#entries.delete(key);
    this.#entries.set(key, { change, until: now + this.#milliseconds, shown: shownBy(snapshot, change) });
    for (const oldest of this.#entries.keys()) {
      if (this.#entries.size <= this.#limit) break;
      this.#entries.delete(oldest);
    }
  }

  /** The changes that the snapshot does not show yet, oldest first. */
  pending(snapshot: Snapshot, now: number): readonly Change[] {
    if (this.#entries.size === 0) return NONE;
    const changes: Change[] = [];
    for (const [key, entry] of this.#entries) {
      if (entry.until <= now || overtaken(entry, snapshot)) this.#entries.delete(key);
      else changes.push(entry.change);
    }
    return changes;
  }
}

const NONE: readonly Change[] = Object.freeze([]);

function keyOf(object: Judged): string {
  return `${object.kind}/${object.namespace}/${object.name}`;
}

function shownBy(snapshot: Snapshot, change: Change): Judged | undefined {
  const { kind, namespace, name } = changedObject(change);
  const space = snapshot.spaces.get(namespace);
  return kind === 'NetworkPolicy' ? space?.policies.get(name) : space?.services.get(name);
}

/**
 * Whether the model has moved on: it shows the object as admitted, or in a state that is neither the one
 * before, so another replica has admitted something newer.
 */
function overtaken(entry: Entry, snapshot: Snapshot): boolean {
  const shown = shownBy(snapshot, entry.change);
  if (shown === entry.shown) return shown === undefined && entry.change.after === undefined;
  entry.shown = shown;
  return !isDeepStrictEqual(shown, entry.change.before);
}
