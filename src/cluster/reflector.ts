import { setImmediate, setTimeout } from 'node:timers/promises';
import type { Access } from './access.ts';
import { ApiError } from './api-error.ts';
import { Contact, errorText, type SourceReport } from './contact.ts';
import { cannotStream, lostPlace, OrderError, refusalOf, refusalText } from './failures.ts';
import type { Hold } from './hold.ts';
import { Known, versionNumber } from './known.ts';
import { GarbledError } from './lines.ts';
import { type Logger, SILENT } from './logger.ts';
import { listPages } from './pages.ts';
import { type Identity, identityOf, type Raw } from './raw.ts';
import { pauseAfter, TIMINGS, type Timings } from './timings.ts';
import { SilenceError, type WatchEvent, WatchStream, watchQuery } from './watch-stream.ts';

/** Where the objects of one kind go. Called synchronously; nothing of `raw` may be kept. May throw. */
export interface Consumer {
  put(raw: Raw): void;
  remove(namespace: string, name: string): void;
}

export interface ReflectorOptions {
  /** `Pods`: the name in messages and metrics. */
  readonly kind: string;
  /** `/api/v1/pods`. */
  readonly path: string;
  readonly required?: boolean;
  readonly consumer: Consumer;
  readonly access: Access;
  /** Another representation than the whole object, such as metadata only. */
  readonly accept?: string;
  /** The same for the watch, whose events hold single objects. */
  readonly watchAccept?: string;
  readonly timings?: Timings;
  readonly logger?: Logger;
  /** The objects or the state may have changed. */
  readonly onChange?: () => void;
  /** While it is on, the consumer is told nothing. */
  readonly hold?: Hold | undefined;
  readonly random?: () => number;
  readonly now?: () => number;
}

/** A watch that ends sooner is followed by a pause, however politely it ended. */
const SHORT_WATCH_MS = 1_000;
/** Objects put in a row before other work gets its turn. */
const BATCH = 100;

/**
 * Keeps a consumer equal to one kind of object in the API server: list, then watch, for ever. No error ends it;
 * a relist is compared with what is known, so that the consumer is never empty in between.
 */
export class Reflector {
  readonly #options: ReflectorOptions;
  readonly #timings: Timings;
  readonly #log: Logger;
  readonly #now: () => number;
  readonly #random: () => number;
  readonly #contact: Contact;
  readonly #known = new Known();
  /** Where the next watch starts; '' = list first. */
  #version = '';
  #streams = true;
  #failures = 0;
  #garbled = 0;
  readonly #stop = new AbortController();
  /** Of the request that runs now. */
  #controller = new AbortController();
  #task: Promise<void> | undefined;

  constructor(options: ReflectorOptions) {
    this.#options = options;
    this.#timings = options.timings ?? TIMINGS;
    this.#log = options.logger ?? SILENT;
    this.#now = options.now ?? Date.now;
    this.#random = options.random ?? Math.random;
    this.#contact = new Contact(this.#now);
  }

  start(): void {
    this.#task ??= this.#run();
  }

  /** Ends the watch. The consumer keeps what it has. */
  async stop(): Promise<void> {
    this.#stop.abort();
    this.#controller.abort(new Error('stopped'));
    await this.#task;
  }

  /** Takes every object out of the consumer: the kind is gone from the API server. Call after `stop`. */
  async clear(): Promise<void> {
    const { hold } = this.#options;
    while (hold?.over !== undefined) await hold.over;
    for (const { namespace, name } of this.#known.all()) this.#remove(namespace, name);
    this.#options.onChange?.();
  }

  report(): SourceReport {
    const { kind, path, required = false } = this.#options;
    return this.#contact.report({ kind, path, required, objects: this.#known.size });
  }

  get #stopped(): boolean {
    return this.#stop.signal.aborted;
  }

  async #run(): Promise<void> {
    while (!this.#stopped) {
      this.#controller = new AbortController();
      try {
        if (this.#version !== '') await this.#watch(false);
        else if (this.#streams) await this.#watch(true);
        else await this.#list();
      } catch (error) {
        if (this.#stopped) return;
        await this.#recover(error);
      }
    }
  }

  async #list(): Promise<void> {
    const { access, path, accept, hold } = this.#options;
    const { headMs, silenceMs } = this.#timings;
    let version = '';
    const signal = this.#controller.signal;
    const options = { ...(accept === undefined ? {} : { accept }), signal, headMs, silenceMs };
    for await (const page of listPages(access, path, options)) {
      while (hold?.over !== undefined) await hold.over;
      if (page.first) this.#known.beginList();
      if (page.version !== '') version = page.version;
      this.#contact.heard();
      for (const [index, item] of page.items.entries()) {
        this.#put(item as Raw);
        if (index % BATCH !== BATCH - 1) continue;
        await setImmediate();
        while (hold?.over !== undefined) await hold.over;
      }
      if (this.#stopped) return;
    }
    while (hold?.over !== undefined) await hold.over;
    this.#completeList(version);
  }

  async #watch(initial: boolean): Promise<void> {
    const { access, path, watchAccept, hold } = this.#options;
    const { headMs, silenceMs, listSilenceMs } = this.#timings;
    const opened = this.#now();
    let heard = false;
    if (initial) this.#known.beginList();
    const stream = new WatchStream(access, {
      path,
      query: watchQuery(initial ? '' : this.#version, this.#timings.watchSeconds, this.#random),
      ...(watchAccept === undefined ? {} : { accept: watchAccept }),
      headMs,
      silenceMs: initial ? listSilenceMs : silenceMs,
      controller: this.#controller,
      onOpen: () => {
        if (!initial) this.#contact.up();
        this.#options.onChange?.();
      },
      onBytes: () => this.#contact.heard(),
    });
    for await (const events of stream.chunks()) {
      while (hold?.over !== undefined) await hold.over;
      for (const event of events) {
        if (this.#stopped) return;
        this.#apply(event);
        heard = true;
        if (event.type === 'bookmark' && event.initialEnd) stream.allowSilence(silenceMs);
      }
      if (!this.#known.listing) {
        this.#failures = 0;
        this.#garbled = 0;
      }
      this.#options.onChange?.();
    }
    if (this.#known.listing) throw new GarbledError('the initial list ended before it was complete');
    if (this.#now() - opened >= SHORT_WATCH_MS) return;
    if (!heard) throw new GarbledError('the API server ended the watch at once');
    await this.#sleep(this.#timings.pauseMs[0]);
  }

  #apply(event: WatchEvent): void {
    this.#contact.events++;
    if (event.type === 'bookmark') {
      if (!this.#known.listing) this.#advance(event.version);
      else if (event.initialEnd) this.#completeList(event.version);
      return;
    }
    const identity = this.#identify(event.object);
    if (identity === undefined) return;
    const { namespace, name, version } = identity;
    if (this.#known.listing) {
      // What a list says is the truth, whatever was known before.
      if (event.type === 'put') this.#put(event.object);
      else this.#remove(namespace, name);
      return;
    }
    const number = versionNumber(version);
    const known = this.#known.version(namespace, name);
    if (known === undefined) {
      this.#advance(version, event.type === 'remove' ? 'tolerant' : 'strict');
      if (event.type === 'put') this.#put(event.object);
      return;
    }
    // Repeated or late: what is known is newer.
    if (number < known) return;
    this.#advance(version, 'tolerant');
    if (event.type === 'remove') this.#remove(namespace, name);
    else if (number !== known) this.#put(event.object);
  }

  /** An object without a name can be neither kept nor removed; the watch goes on without it. */
  #identify(raw: Raw): Identity | undefined {
    try {
      return identityOf(raw);
    } catch (error) {
      this.#consumerFailed(error, '', '(no name)');
      return undefined;
    }
  }

  /** Moves the place where the next watch starts. A step back means that the order cannot be relied on. */
  #advance(version: string, mood: 'strict' | 'tolerant' = 'strict'): void {
    if (version === '') return;
    if (versionNumber(version) < versionNumber(this.#version)) {
      if (mood === 'tolerant') return;
      throw new OrderError(`resourceVersion ${version} came after ${this.#version}`);
    }
    this.#version = version;
  }

  #completeList(version: string): void {
    if (version === '') throw new GarbledError('the API server sent a list without a resourceVersion');
    for (const { namespace, name } of this.#known.endList()) this.#remove(namespace, name);
    this.#version = version;
    this.#failures = 0;
    const first = !this.#contact.synced;
    this.#contact.listed();
    const { kind } = this.#options;
    this.#log.info({ kind, objects: this.#known.size }, first ? `${kind}: listed` : `${kind}: listed again`);
    this.#options.onChange?.();
  }

  #put(raw: Raw): void {
    const identity = this.#identify(raw);
    if (identity === undefined) return;
    const { namespace, name } = identity;
    this.#known.set(namespace, name, versionNumber(identity.version));
    try {
      this.#options.consumer.put(raw);
      this.#contact.read(namespace, name);
    } catch (error) {
      this.#consumerFailed(error, namespace, name);
    }
  }

  #remove(namespace: string, name: string): void {
    if (!this.#known.delete(namespace, name)) return;
    try {
      this.#contact.read(namespace, name);
      this.#options.consumer.remove(namespace, name);
    } catch (error) {
      this.#consumerFailed(error, namespace, name);
    }
  }

  #consumerFailed(error: unknown, namespace: string, name: string): void {
    this.#contact.consumerFailed(error, namespace, name);
    const { kind } = this.#options;
    this.#log.error(
      { kind, namespace, name, error: errorText(error) },
      `${kind}: an object could not be read`,
    );
  }

  /** Decides from what happened where to go on, and waits as long as that deserves. */
  async #recover(error: unknown): Promise<void> {
    const { kind, onChange } = this.#options;
    const contact = this.#contact;
    const listing = this.#known.listing || this.#version === '';
    const wasRefused = contact.refusal;
    this.#known.abandonList();
    if (error instanceof GarbledError) this.#garbled++;
    if (this.#mustRelist(error)) {
      this.#version = '';
      contact.down(error);
      this.#log.info({ kind, error: errorText(error) }, `${kind}: must be listed again`);
      onChange?.();
      // The first time at once; a server that keeps saying so gets pauses like any other failure.
      if (this.#failures++ > 0) await this.#pause(error);
      return;
    }
    if (listing && this.#streams && (cannotStream(error) || this.#garbled >= 2)) {
      this.#garbled = 0;
      this.#streams = false;
      this.#log.info(
        { kind, error: errorText(error) },
        `${kind}: the API server does not stream lists; pages instead`,
      );
      return;
    }
    this.#failures++;
    contact.restarts++;
    contact.refusal = refusalOf(error);
    contact.down(error, error instanceof SilenceError ? contact.lastContact : this.#now());
    if (contact.refusal !== undefined) {
      if (wasRefused !== contact.refusal) {
        this.#log.warn({ kind, error: errorText(error) }, refusalText(kind, contact.refusal));
      }
    } else
      this.#log.warn(
        { kind, failures: this.#failures, error: errorText(error) },
        `${kind}: the watch failed`,
      );
    onChange?.();
    // A silent connection may be the only thing that was wrong.
    if (error instanceof SilenceError && this.#failures === 1) return;
    await this.#pause(error);
  }

  #mustRelist(error: unknown): boolean {
    if (error instanceof OrderError) return true;
    if (error instanceof GarbledError && this.#garbled >= 3 && this.#version !== '') {
      this.#garbled = 0;
      return true;
    }
    return lostPlace(error);
  }

  async #pause(error: unknown): Promise<void> {
    const { pauseMs, refusedMs } = this.#timings;
    let pause = pauseAfter(this.#failures, pauseMs, this.#random);
    if (this.#contact.refusal !== undefined) pause = refusedMs * (0.75 + this.#random() / 2);
    if (error instanceof ApiError) pause = Math.max(pause, Math.min(error.retryAfterMs, pauseMs[1]));
    await this.#sleep(pause);
  }

  async #sleep(milliseconds: number): Promise<void> {
    try {
      await setTimeout(milliseconds, undefined, { signal: this.#stop.signal });
    } catch {
      // Stopped.
    }
  }
}
