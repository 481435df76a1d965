/** How one kind of object is being followed; see `Contact`. */
export type SourceState =
  /** Never listed completely yet. */
  | 'syncing'
  /** Listed, and the watch is open. */
  | 'live'
  /** Listed once, but the watch is down: what is known may be old. */
  | 'stale'
  /** Portent's own rights do not cover this kind. */
  | 'forbidden'
  /** The API server does not serve this kind (any more). */
  | 'absent';

/** What /debug/model and the metrics say of one kind. Times are milliseconds since the epoch, 0 = never. */
export interface SourceReport {
  /** `Pods`, `NetworkPolicies`: a closed set, fit for a metric's label. */
  readonly kind: string;
  readonly path: string;
  readonly required: boolean;
  readonly state: SourceState;
  readonly synced: boolean;
  readonly lastContact: number;
  /** Since when the watch is down; 0 while it is not. */
  readonly downSince: number;
  readonly objects: number;
  readonly events: number;
  /** Watches that ended by a failure and had to be opened again. */
  readonly restarts: number;
  /** Complete lists after the first one. */
  readonly relists: number;
  /** Objects that could not be read into the model, over the whole time. */
  readonly consumerErrors: number;
  /** `namespace/name` of objects whose last version could not be read; at most 20. */
  readonly unread: readonly string[];
  readonly lastError: string;
  readonly lastErrorAt: number;
}

const UNREAD_SHOWN = 20;

/** The record of one reflector: what happened, and what state that makes. */
export class Contact {
  readonly #now: () => number;
  readonly #unread = new Set<string>();
  synced = false;
  lastContact = 0;
  downSince = 0;
  refusal: 'forbidden' | 'absent' | undefined;
  events = 0;
  restarts = 0;
  relists = 0;
  consumerErrors = 0;
  lastError = '';
  lastErrorAt = 0;

  constructor(now: () => number) {
    this.#now = now;
  }

  get state(): SourceState {
    if (this.refusal !== undefined) return this.refusal;
    if (!this.synced) return 'syncing';
    return this.downSince === 0 ? 'live' : 'stale';
  }

  /** Bytes came. */
  heard(): void {
    this.lastContact = this.#now();
  }

  /** The watch is open, or a list is complete. */
  up(): void {
    this.heard();
    this.refusal = undefined;
    if (this.synced) this.downSince = 0;
  }

  /** A list is complete. */
  listed(): void {
    if (this.synced) this.relists++;
    this.synced = true;
    this.up();
  }

  /** The connection failed; `since` when it is known to have been dead for longer. */
  down(error: unknown, since = this.#now()): void {
    if (this.downSince === 0) this.downSince = since;
    this.note(error);
  }

  note(error: unknown): void {
    this.lastError = errorText(error);
    this.lastErrorAt = this.#now();
  }

  /** An object was read, or is gone. */
  read(namespace: string, name: string): void {
    if (this.#unread.size > 0) this.#unread.delete(pathOf(namespace, name));
  }

  /** The model's own code failed on an object. */
  consumerFailed(error: unknown, namespace: string, name: string): void {
    this.consumerErrors++;
    const path = pathOf(namespace, name);
    this.note(`${path} could not be read: ${errorText(error)}`);
    this.#unread.add(path);
  }

  report(of: Pick<SourceReport, 'kind' | 'path' | 'required' | 'objects'>): SourceReport {
    const { state, synced, lastContact, downSince, events, restarts, relists } = this;
    const { consumerErrors, lastError, lastErrorAt } = this;
    const unread = [...this.#unread.values().take(UNREAD_SHOWN)];
    const counts = { events, restarts, relists, consumerErrors };
    return { ...of, state, synced, lastContact, downSince, ...counts, unread, lastError, lastErrorAt };
  }
}

function pathOf(namespace: string, name: string): string {
  return namespace === '' ? name : `${namespace}/${name}`;
}

/** What went wrong in one line; undici hides the reason of a failed connection in `cause`. */
export function errorText(error: unknown): string {
  if (typeof error === 'string') return error;
  if (!(error instanceof Error)) return 'unknown error';
  if (error instanceof AggregateError && error.errors.length > 0) return errorText(error.errors[0]);
  const text = error.message === '' ? error.name : error.message;
  return error.cause instanceof Error ? `${text} (${error.cause.message})` : text;
}
