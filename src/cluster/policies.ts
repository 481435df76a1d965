import type { Access } from './access.ts';
import { ApiError } from './api-error.ts';
import { errorText } from './contact.ts';
import { type OptionalKind, type PolicySink, portentPolicies } from './kinds.ts';
import type { Logger } from './logger.ts';
import { listAt, type Raw, rawAt, textAt } from './raw.ts';

/** What a status says; every replica comes to the same, so that it does not matter which of them writes it. */
interface Verdict {
  readonly generation: number;
  readonly ready: boolean;
  readonly message: string;
}

interface Known {
  readonly path: string;
  readonly version: string;
  readonly wanted: Verdict;
  /** As stored; undefined when there is none. */
  readonly stored: Verdict | undefined;
  /** Since when the stored condition holds. */
  readonly since: string;
}

/** Two versions of Portent that judge differently must not overwrite each other without end. */
const AGAIN_MS = 60_000;
const LONGEST_MESSAGE = 2_000;
const IN_FORCE = 'In force.';

/** Hands PortentPolicies on as they come, and writes into their status whether they could be read. */
export class Policies {
  readonly #sink: PolicySink;
  readonly #access: Access;
  readonly #log: Logger;
  readonly #known = new Map<string, Known>();
  /** What was written last, and when. */
  readonly #written = new Map<string, { readonly text: string; readonly at: number }>();
  /** Whose turn will come: an API server that hangs must not make the queue longer and longer. */
  readonly #queued = new Set<string>();
  readonly #stop = new AbortController();
  readonly #timer: NodeJS.Timeout;
  #task: Promise<void> = Promise.resolve();

  constructor(sink: PolicySink, access: Access, log: Logger) {
    this.#sink = sink;
    this.#access = access;
    this.#log = log;
    this.#timer = setInterval(() => this.#writeAll(), AGAIN_MS);
    this.#timer.unref();
  }

  /** The kind to follow. */
  kind(): OptionalKind {
    return portentPolicies((apiVersion) => ({
      put: (raw) => this.#put(raw, `/apis/${apiVersion}/portentpolicies`),
      remove: (_, name) => this.#remove(name),
    }));
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    this.#stop.abort();
    await this.#task;
  }

  #put(raw: Raw, collection: string): void {
    const metadata = rawAt(raw, 'metadata');
    const name = textAt(metadata, 'name');
    const problems = this.#sink.put(name, raw.spec);
    const generation = typeof metadata.generation === 'number' ? metadata.generation : 0;
    const condition = listAt(raw.status, 'conditions').find((each) => textAt(each, 'type') === 'Ready');
    this.#known.set(name, {
      path: `${collection}/${encodeURIComponent(name)}/status`,
      version: textAt(metadata, 'resourceVersion'),
      wanted: {
        generation,
        ready: problems.length === 0,
        message: problems.length === 0 ? IN_FORCE : problems.join('; ').slice(0, LONGEST_MESSAGE),
      },
      stored: storedIn(raw, condition),
      since: textAt(condition, 'lastTransitionTime'),
    });
    this.#writeSoon(name);
  }

  #remove(name: string): void {
    this.#known.delete(name);
    this.#written.delete(name);
    this.#sink.remove(name);
  }

  #writeAll(): void {
    for (const name of this.#known.keys()) this.#writeSoon(name);
  }

  /** One after the other; a write that has become needless by its turn is left out. */
  #writeSoon(name: string): void {
    if (this.#queued.has(name)) return;
    this.#queued.add(name);
    this.#task = this.#task.then(() => {
      this.#queued.delete(name);
      return this.#write(name);
    });
  }

  async #write(name: string): Promise<void> {
    const known = this.#known.get(name);
    if (known === undefined || this.#stop.signal.aborted) return;
    const { path, version, wanted, stored, since } = known;
    const text = JSON.stringify(wanted);
    if (stored !== undefined && JSON.stringify(stored) === text) return;
    const last = this.#written.get(name);
    if (last?.text === text && Date.now() - last.at < AGAIN_MS) return;
    this.#written.set(name, { text, at: Date.now() });
    const condition = {
      type: 'Ready',
      status: wanted.ready ? 'True' : 'False',
      reason: wanted.ready ? 'InForce' : 'Invalid',
      message: wanted.message,
      observedGeneration: wanted.generation,
      lastTransitionTime: stored?.ready === wanted.ready && since !== '' ? since : now(),
    };
    // With the version: a status for an object that has changed meanwhile is not written.
    const body = {
      metadata: { resourceVersion: version },
      status: { observedGeneration: wanted.generation, conditions: [condition] },
    };
    const contentType = 'application/merge-patch+json';
    try {
      await this.#access.call('PATCH', path, { body, contentType, signal: this.#stop.signal });
    } catch (error) {
      if (this.#stop.signal.aborted) return;
      // Gone, or changed by somebody else: then its next event brings us here again.
      if (error instanceof ApiError && (error.status === 404 || error.status === 409)) {
        this.#written.delete(name);
        return;
      }
      this.#log.warn({ policy: name, error: errorText(error) }, 'PortentPolicy: its status was not written');
    }
  }
}

function storedIn(raw: Raw, condition: unknown): Verdict | undefined {
  if (condition === undefined) return undefined;
  const observed = rawAt(raw, 'status').observedGeneration;
  return {
    generation: typeof observed === 'number' ? observed : 0,
    ready: textAt(condition, 'status') === 'True',
    message: textAt(condition, 'message'),
  };
}

function now(): string {
  return new Date().toISOString().replace(/\.\d+Z$/, 'Z');
}
