import { setTimeout as sleep } from 'node:timers/promises';
import { authoritiesIn, blocksIn, nextStep, type Pair, type Shared, type Step } from './bundle.ts';
import type { Checked } from './check.ts';
import { type Pace, paceOf } from './life.ts';
import type { Serving } from './serving.ts';

/** What callers trust now: a bundle of authorities (PEM) for each of their entries. */
export interface Published {
  readonly version: string;
  readonly bundles: readonly string[];
}

/** What the replicas share, and what the clock of the place says, which all of them go by. */
export interface Stored {
  readonly version: string;
  readonly content: Shared;
  readonly now: Date;
}

/** Where certificates are shared and callers are told whom to trust. All may throw; `undefined` = somebody was faster. */
export interface Place {
  /** Undefined when there are no callers. */
  published(): Promise<Published | undefined>;
  publish(bundle: string, onto: Published): Promise<Published | undefined>;
  /** Makes the place, empty, when it is not there. */
  stored(): Promise<Stored>;
  store(content: Shared, onto: Stored): Promise<boolean>;
  /** Calls back when something changed there, sooner or later; gives up never. */
  follow(listener: () => void): void;
  stop(): Promise<void>;
}

/** What the keeper needs of a logger; pino's fits. */
export interface KeeperLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

export interface KeeperOptions {
  readonly names: readonly string[];
  /** How long a certificate lives, in milliseconds. */
  readonly life: number;
  readonly log: KeeperLog;
}

/** Times a round is begun again at once because another replica was faster. */
const TRIES = 5;
const LONGEST_PAUSE = 30_000;

/**
 * Keeps one certificate that all replicas serve, and tells callers whom to trust. Every replica runs one, none
 * leads. Callers are told of an authority, and that is read back, before anything is served under it.
 */
export class Keeper implements Serving {
  readonly authorityPath = undefined;
  readonly #place: Place;
  readonly #options: KeeperOptions;
  readonly #pace: Pace;
  #own: Pair | undefined;
  /** Since when callers have trusted an authority, by this process's clock. Undefined: there are no callers. */
  #trusted: Map<string, number> | undefined = new Map();
  /** Bundles that a replica may have published, the latest first. */
  #known: readonly string[] = [];
  #problem: string | undefined = 'not made yet';
  #onChange: (pair: Checked) => void = () => {};
  #wake = new AbortController();
  readonly #stop = new AbortController();
  #task: Promise<void> | undefined;

  constructor(place: Place, options: KeeperOptions) {
    this.#place = place;
    this.#options = options;
    this.#pace = paceOf(options.life);
  }

  current(): Checked | undefined {
    return this.#own?.serving;
  }

  /** Why callers cannot be served yet. Once they can, it stays undefined: later trouble is no unreadiness. */
  problem(): string | undefined {
    return this.#problem;
  }

  follow(onChange: (pair: Checked) => void): void {
    this.#onChange = onChange;
    this.#place.follow(() => this.#wake.abort());
    this.#task ??= this.#run();
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    this.#wake.abort();
    await this.#place.stop();
    await this.#task;
  }

  async #run(): Promise<void> {
    const { log } = this.#options;
    let [failures, told] = [0, ''];
    while (!this.#stop.signal.aborted) {
      this.#wake = new AbortController();
      try {
        await this.#look();
        if (told !== '') log.info({}, 'certificate: shared again');
        [failures, told] = [0, ''];
      } catch (error) {
        if (this.#stop.signal.aborted) return;
        failures++;
        const reason = error instanceof Error ? error.message : String(error);
        if (this.#problem !== undefined) this.#problem = reason;
        // The same trouble every half minute would only hide the rest of the log.
        if (reason !== told)
          log.error({ reason }, 'certificate: cannot be looked after; what is served stays');
        told = reason;
      }
      await this.#pause(failures);
    }
  }

  /** Until there is news, or it is time; replicas shall not all come at once. */
  async #pause(failures: number): Promise<void> {
    const backOff = Math.min(LONGEST_PAUSE, 250 * 2 ** Math.min(failures, 10));
    const whole = failures === 0 ? this.#pace.look : backOff;
    const { signal } = failures === 0 ? this.#wake : this.#stop;
    await sleep(whole * (0.75 + Math.random() / 2), undefined, { signal }).catch(() => undefined);
    // News come in bursts: a Secret and a bundle change together.
    if (signal.aborted && !this.#stop.signal.aborted) await sleep(50 + Math.random() * 150);
  }

  async #look(): Promise<void> {
    for (let tries = 0; tries < TRIES; tries++) if (await this.#round()) return;
    throw new Error('other replicas were always faster');
  }

  /** One look and at most one step. False when another replica came in between. */
  async #round(): Promise<boolean> {
    const { names, life, log } = this.#options;
    // In this order: who publishes on top of this had read content at least as new as ours.
    const before = await this.#place.published();
    this.#note(before);
    const stored = await this.#place.stored();
    const settled = (authority: string) => this.#settled(authority);
    const step = await nextStep(stored.content, { names, life, now: stored.now, own: this.#own, settled });
    if (this.#stop.signal.aborted) return true;
    this.#known = [...new Set([stored.content['ca.crt'] ?? '', step.bundle, ...this.#known])].slice(0, 8);
    if (step.reason !== undefined) {
      if (!(await this.#place.store(step.shared, stored))) return false;
      const { notAfter } = step.current.serving;
      log.info(
        { reason: step.reason, until: notAfter, next: step.next?.serving.notAfter },
        'certificate: shared',
      );
    }
    let after = before;
    if (before?.bundles.some((bundle) => bundle !== step.bundle) === true) {
      after = await this.#place.publish(step.bundle, before);
      if (after === undefined) return false;
      const fields = { authorities: authoritiesIn(step.bundle, stored.now).length };
      const foreign = before.bundles.some((bundle) => bundle !== '' && !this.#known.includes(bundle));
      if (foreign) log.warn(fields, 'caBundle: repaired, somebody else had changed it');
      else log.info(fields, 'caBundle: published');
      this.#note(after);
    }
    this.#serve(step);
    return true;
  }

  /** Remembers since when callers trust whom. What is not in every bundle is not trusted. */
  #note(published: Published | undefined): void {
    if (published === undefined || published.bundles.length === 0) {
      this.#trusted = undefined;
      return;
    }
    const since = new Map<string, number>();
    const [first = [], ...others] = published.bundles.map(blocksIn);
    for (const authority of first) {
      if (!others.every((blocks) => blocks.includes(authority))) continue;
      since.set(authority, this.#trusted?.get(authority) ?? performance.now());
    }
    this.#trusted = since;
  }

  #settled(authority: string): boolean {
    if (this.#trusted === undefined) return true;
    const since = this.#trusted.get(authority);
    return since !== undefined && performance.now() - since >= this.#pace.settle;
  }

  #serve({ current }: Step): void {
    const own = this.#own;
    const trusts = (pair: Pair) => this.#trusted?.has(pair.authority) ?? true;
    const same = own !== undefined && own.serving.certificate === current.serving.certificate;
    // What is served stays until callers surely know the other authority, unless they do not know ours.
    const stays = own !== undefined && trusts(own) && !this.#settled(current.authority);
    if (!same && !stays) {
      this.#own = current;
      this.#onChange(current.serving);
    }
    if (this.#own !== undefined && trusts(this.#own)) this.#problem = undefined;
    else if (this.#problem !== undefined) this.#problem = 'callers do not know its authority yet';
  }
}
