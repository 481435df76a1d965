/** Kubernetes Events about denials, written in the background: whoever does not see the terminal finds them. */
import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import type { Access } from './access.ts';
import { type AccessOptions, openAccess } from './access.ts';
import { ApiError } from './api-error.ts';
import { errorText } from './contact.ts';
import { type Logger, SILENT } from './logger.ts';

/** A change that was refused. */
export interface Denial {
  readonly kind: 'NetworkPolicy' | 'Service';
  readonly namespace: string;
  readonly name: string;
  readonly operation: 'create' | 'update' | 'delete';
  /** Why, for the person who looks at the Events. Cut to 1,024 bytes, the most the API server takes. */
  readonly note: string;
}

export interface EventsOptions extends AccessOptions {
  readonly logger?: Logger;
  readonly limits?: Partial<Limits>;
}

interface Limits {
  /** Writes that may follow each other at once. */
  readonly burst: number;
  /** Milliseconds after which one more write is allowed. */
  readonly refillMs: number;
  /** Different denials that are remembered; more are dropped. */
  readonly series: number;
  /** Milliseconds after which the same denial is a new Event. */
  readonly forgetMs: number;
}

/** One write in five seconds for each replica: a controller that tries for ever must not fill etcd. */
const LIMITS: Limits = { burst: 20, refillMs: 5_000, series: 200, forgetMs: 10 * 60_000 };
const NOTE_BYTES = 1024;
/** At most one line of the log in so many milliseconds says that Events cannot be written. */
const COMPLAIN_MS = 10 * 60_000;

const API_VERSIONS = { NetworkPolicy: 'networking.k8s.io/v1', Service: 'v1' } as const;
const ACTIONS = { create: 'Create', update: 'Update', delete: 'Delete' } as const;
const CONTROLLER = 'portent.dev/webhook';

/** What became of writes so far. `dropped`: too many different denials at once. */
export interface EventCounts {
  readonly written: number;
  readonly failed: number;
  readonly dropped: number;
}

/** The same denial, however often it came: one Event with a count. */
interface Series {
  readonly denial: Denial;
  readonly first: number;
  last: number;
  count: number;
  /** Of the Event that is stored; undefined when none is. */
  event: string | undefined;
}

/** Writes Events about denials. Best effort: what cannot be written is counted and forgotten. */
export class DenialEvents {
  readonly #access: Access;
  readonly #log: Logger;
  readonly #limits: Limits;
  /** By denial, the one that came longest ago first. */
  readonly #series = new Map<string, Series>();
  readonly #waiting = new Set<string>();
  readonly #counts = { written: 0, failed: 0, dropped: 0 };
  readonly #ended = new AbortController();
  #tokens: number;
  #filledAt = Date.now();
  #timer: NodeJS.Timeout | undefined;
  #writing = false;
  #complainedAt = Number.NEGATIVE_INFINITY;

  constructor(access: Access, { logger = SILENT, limits }: Omit<EventsOptions, keyof AccessOptions> = {}) {
    this.#access = access;
    this.#log = logger;
    this.#limits = { ...LIMITS, ...limits };
    this.#tokens = this.#limits.burst;
  }

  /** Takes note of a denial and returns at once. Never throws. */
  record(denial: Denial): void {
    if (this.#ended.signal.aborted || denial.name === '') return;
    const now = Date.now();
    this.#forget(now);
    const key = JSON.stringify(Object.values(denial));
    const series = this.#series.get(key) ?? { denial, first: now, last: now, count: 0, event: undefined };
    if (series.count === 0 && this.#series.size >= this.#limits.series) {
      this.#counts.dropped++;
      return;
    }
    series.count++;
    series.last = now;
    this.#series.delete(key);
    this.#series.set(key, series);
    this.#waiting.add(key);
    this.#soon(0);
  }

  counts(): EventCounts {
    return { ...this.#counts };
  }

  /** Gives up what was not written yet, and ends the connections. */
  async stop(): Promise<void> {
    this.#ended.abort();
    clearTimeout(this.#timer);
    this.#waiting.clear();
    await this.#access.close();
  }

  #forget(now: number): void {
    for (const [key, { last }] of this.#series) {
      if (now - last < this.#limits.forgetMs) return;
      this.#series.delete(key);
      this.#waiting.delete(key);
    }
  }

  #soon(milliseconds: number): void {
    if (this.#timer !== undefined || this.#writing || this.#ended.signal.aborted) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      void this.#writeWaiting();
    }, milliseconds);
    this.#timer.unref();
  }

  async #writeWaiting(): Promise<void> {
    this.#writing = true;
    for (const key of this.#waiting) {
      const wait = this.#take();
      if (wait > 0) {
        this.#writing = false;
        this.#soon(wait);
        return;
      }
      this.#waiting.delete(key);
      const series = this.#series.get(key);
      if (series !== undefined) await this.#write(series);
    }
    this.#writing = false;
  }

  /** Takes the right to write once; otherwise gives the milliseconds until there is one. */
  #take(): number {
    const { burst, refillMs } = this.#limits;
    const now = Date.now();
    const earned = Math.floor((now - this.#filledAt) / refillMs);
    this.#filledAt += earned * refillMs;
    this.#tokens = Math.min(burst, this.#tokens + earned);
    if (this.#tokens === 0) return this.#filledAt + refillMs - now;
    this.#tokens--;
    return 0;
  }

  async #write(series: Series): Promise<void> {
    try {
      if (series.event !== undefined && (await this.#counted(series))) return;
      const event = eventOf(series);
      await this.#send('POST', eventsPath(series.denial), event);
      series.event = event.metadata.name;
    } catch (error) {
      if (!this.#ended.signal.aborted) this.#failed(error);
    }
  }

  /** Tells the stored Event the new count; false when the API server has dropped that Event meanwhile. */
  async #counted(series: Series): Promise<boolean> {
    try {
      await this.#send('PATCH', `${eventsPath(series.denial)}/${series.event}`, { series: repeats(series) });
      return true;
    } catch (error) {
      if (error instanceof ApiError && error.status === 404) return false;
      throw error;
    }
  }

  async #send(method: 'POST' | 'PATCH', path: string, body: object): Promise<void> {
    const contentType = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json';
    await this.#access.call(method, path, { body, contentType, signal: this.#ended.signal });
    this.#counts.written++;
  }

  #failed(error: unknown): void {
    this.#counts.failed++;
    const now = Date.now();
    if (now - this.#complainedAt < COMPLAIN_MS) return;
    this.#complainedAt = now;
    this.#log.warn({ error: errorText(error) }, 'Events about denials cannot be written');
  }
}

/** Opens a connection of its own for Events. Throws when there is no cluster to connect to. */
export function openEvents({ logger, limits, ...access }: EventsOptions = {}): DenialEvents {
  return new DenialEvents(openAccess(access), {
    ...(logger === undefined ? {} : { logger }),
    ...(limits === undefined ? {} : { limits }),
  });
}

function eventsPath({ namespace }: Denial): string {
  return `/apis/events.k8s.io/v1/namespaces/${encodeURIComponent(namespace)}/events`;
}

/** An Event of events.k8s.io/v1. What is created is not stored yet, so it is named without a uid. */
function eventOf(series: Series) {
  const { kind, namespace, name, operation, note } = series.denial;
  return {
    apiVersion: 'events.k8s.io/v1',
    kind: 'Event',
    // Not after the object: its name may be as long as a name can be.
    metadata: { name: `portent.${randomBytes(10).toString('hex')}`, namespace },
    eventTime: microTime(series.first),
    type: 'Warning',
    reason: 'Denied',
    action: ACTIONS[operation],
    regarding: { apiVersion: API_VERSIONS[kind], kind, namespace, name },
    note: clipped(note, NOTE_BYTES),
    reportingController: CONTROLLER,
    reportingInstance: hostname().slice(0, 128) || 'portent',
    ...(series.count > 1 ? { series: repeats(series) } : {}),
  };
}

function repeats({ count, last }: Series): object {
  return { count, lastObservedTime: microTime(last) };
}

/** MicroTime of the API: always six digits. */
function microTime(milliseconds: number): string {
  return new Date(milliseconds).toISOString().replace('Z', '000Z');
}

function clipped(text: string, bytes: number): string {
  const all = Buffer.from(text);
  if (all.length <= bytes) return text;
  // A character cut in two becomes U+FFFD, which is dropped with what follows; three bytes are left for the dots.
  return `${all
    .subarray(0, bytes - 3)
    .toString()
    .replace(/\uFFFD+$/, '')}…`;
}
