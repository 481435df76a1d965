import type { Health, Snapshot } from '../model/snapshot.ts';
import { Store } from '../model/store.ts';
import { type Access, type AccessOptions, openAccess } from './access.ts';
import { type Asker, ExemptionRights, type RightAnswer } from './access-review.ts';
import { readSettings } from './cni/config-maps.ts';
import { detectCni, type StatedCni, withStated } from './cni/detect.ts';
import { cniFacts, newCniInputs } from './consumers.ts';
import type { SourceReport } from './contact.ts';
import { errorText } from './contact.ts';
import { healthOf, withUnseen } from './health.ts';
import { Hold } from './hold.ts';
import { CONFIG_MAP, type CoreKind, type PolicySink, REQUIRED } from './kinds.ts';
import { type Logger, SILENT } from './logger.ts';
import { OptionalKinds } from './optional.ts';
import { Policies } from './policies.ts';
import { Reflector } from './reflector.ts';
import { TIMINGS, type Timings } from './timings.ts';

export interface FeedOptions extends AccessOptions {
  readonly logger?: Logger;
  /** The model to write to; a new one without it. */
  readonly store?: Store;
  /** What the operator states about the CNI; it wins over detection. */
  readonly cniOverride?: StatedCni;
  readonly timings?: Partial<Timings>;
  /** Whether ConfigMaps are followed too. */
  readonly configMaps?: boolean;
  /** Where PortentPolicies go; they are not followed without it. */
  readonly policies?: PolicySink;
}

/** A model that follows a cluster. */
export interface Feed {
  readonly snapshot: Snapshot;
  /**
   * Whether every required kind was listed once, and the optional ones too or given up on for now. Stays true:
   * later trouble is staleness, not unreadiness.
   */
  ready(): boolean;
  /** Resolves when `ready`. */
  whenReady(): Promise<void>;
  /** How each kind is being followed. */
  sources(): SourceReport[];
  /** Calls back, at most every 50 ms, after the model or its health changed. Gives what takes it back. */
  onChange(listener: () => void): () => void;
  /** Whether a user may exempt objects of a namespace; within so many milliseconds, and never throws. */
  mayExempt(user: Asker, namespace: string, milliseconds: number): Promise<RightAnswer>;
  /** Keeps the snapshot as it is until what it gives is called; what the watches bring meanwhile waits. */
  hold(): () => void;
  /** Ends every watch and connection. The snapshot stays readable. */
  stop(): Promise<void>;
}

/** Health also grows old without events: it is looked at this often, and before every report. */
const HEALTH_MS = 1_000;
const CHANGE_MS = 50;
/** How long optional kinds may hold back readiness: an admin policy missed at the start would be a wrong answer. */
const OPTIONAL_GRACE_MS = 10_000;

/**
 * Starts to follow a cluster. Throws only when there is no cluster to connect to (no kubeconfig, no such
 * context); a cluster that does not answer, or refuses, is tried for ever, and the snapshot's health says so.
 */
export function startFeed(options: FeedOptions = {}): Feed {
  const timings: Timings = { ...TIMINGS, ...options.timings };
  const feed = new LiveFeed(openAccess(options), options, timings);
  feed.start();
  return feed;
}

class LiveFeed implements Feed {
  readonly #store: Store;
  readonly #access: Access;
  readonly #rights: ExemptionRights;
  readonly #policies: Policies | undefined;
  readonly #log: Logger;
  readonly #timings: Timings;
  readonly #stated: StatedCni;
  readonly #required: readonly Reflector[];
  /** Followed because the configuration says so. */
  readonly #wanted: readonly Reflector[];
  readonly #optional: OptionalKinds;
  readonly #inputs = newCniInputs();
  readonly #hold = new Hold();
  readonly #listeners = new Set<() => void>();
  readonly #waiting = new Set<() => void>();
  #ready = false;
  /** When every required kind had been listed; 0 before. */
  #requiredAt = 0;
  #timer: NodeJS.Timeout | undefined;
  #soon: NodeJS.Timeout | undefined;

  constructor(
    access: Access,
    { store = new Store(), logger = SILENT, cniOverride, configMaps = false, policies }: FeedOptions,
    timings: Timings,
  ) {
    this.#store = store;
    this.#access = access;
    this.#rights = new ExemptionRights(access);
    this.#policies = policies === undefined ? undefined : new Policies(policies, access, logger);
    this.#log = logger;
    this.#timings = timings;
    this.#stated = cniOverride ?? {};
    store.cni = withStated(store.cni, this.#stated);
    const onChange = (): void => this.#changed();
    const common = { access, timings, logger, onChange, hold: this.#hold };
    const follow = ({ label, path, consumer }: CoreKind, required: boolean): Reflector =>
      new Reflector({ ...common, kind: label, path, required, consumer: consumer(store, this.#inputs) });
    store.readsConfigMaps = configMaps;
    this.#required = REQUIRED.map((kind) => follow(kind, true));
    this.#wanted = configMaps ? [follow(CONFIG_MAP, false)] : [];
    this.#optional = new OptionalKinds({
      ...common,
      store,
      ...(this.#policies === undefined ? {} : { more: [this.#policies.kind()] }),
      onGroups: (groups) => {
        void this.#readSettings();
        if (groups.join() === this.#inputs.apiGroups?.join()) return;
        this.#inputs.apiGroups = groups;
        this.#inputs.changed = true;
        this.#changed();
      },
    });
  }

  get snapshot(): Snapshot {
    return this.#store;
  }

  start(): void {
    this.#log.info({ server: this.#access.server }, 'following the cluster');
    this.#refresh();
    this.#timer = setInterval(() => this.#refresh(), HEALTH_MS);
    for (const reflector of [...this.#required, ...this.#wanted]) reflector.start();
    this.#optional.start();
  }

  ready(): boolean {
    this.#refresh();
    return this.#ready;
  }

  async whenReady(): Promise<void> {
    if (this.ready()) return;
    await new Promise<void>((resolve) => this.#waiting.add(resolve));
  }

  sources(): SourceReport[] {
    const own = [...this.#required, ...this.#wanted].map((each) => each.report());
    return [...own, ...this.#optional.reports()];
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  mayExempt(user: Asker, namespace: string, milliseconds: number): Promise<RightAnswer> {
    return this.#rights.mayExempt(user, namespace, milliseconds);
  }

  hold(): () => void {
    return this.#hold.take();
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    clearTimeout(this.#soon);
    await Promise.all([
      this.#policies?.stop(),
      this.#optional.stop(),
      ...[...this.#required, ...this.#wanted].map((each) => each.stop()),
    ]);
    clearTimeout(this.#soon);
    await this.#access.close();
  }

  #changed(): void {
    if (!this.#ready) this.#refresh();
    this.#soon ??= setTimeout(() => {
      this.#soon = undefined;
      this.#refresh();
      for (const listener of this.#listeners) this.#tell(listener);
    }, CHANGE_MS);
  }

  #tell(listener: () => void): void {
    try {
      listener();
    } catch (error) {
      this.#log.error({ error: errorText(error) }, 'a listener of the model failed');
    }
  }

  #refresh(): void {
    // The next look is at most a second away.
    if (this.#hold.over !== undefined) return;
    const before = this.#store.health;
    const health = this.#health();
    this.#store.health = health;
    if (!this.#ready && health.state !== 'syncing') {
      this.#ready = true;
      for (const resolve of this.#waiting) resolve();
      this.#waiting.clear();
    }
    if (health.state !== 'syncing') this.#detect();
    if (before.state === health.state) return;
    const problems = health.problems;
    if (health.state === 'stale') this.#log.error({ problems }, 'the model is stale');
    else if (health.state === 'live') this.#log.info({ pods: this.#store.podCount }, 'the model is live');
  }

  #health(): Health {
    const now = Date.now();
    const health = withUnseen(
      healthOf(this.sources(), now, this.#timings.staleAfterMs),
      this.#optional.unseen(),
    );
    if (health.state === 'syncing' || this.#ready) return health;
    if (this.#requiredAt === 0) this.#requiredAt = now;
    const settled =
      this.#optional.settled() && this.#wanted.every((each) => each.report().state !== 'syncing');
    if (settled || now - this.#requiredAt > OPTIONAL_GRACE_MS) return health;
    const problem = 'Optional kinds: not listed yet';
    return { state: 'syncing', problems: [...health.problems, problem] };
  }

  /** The plug-ins' own ConfigMaps, as often as the API server is asked what it serves; what is known stays. */
  async #readSettings(): Promise<void> {
    try {
      const settings = await readSettings(this.#access);
      if (JSON.stringify([...settings]) === JSON.stringify([...this.#inputs.settings])) return;
      this.#inputs.settings = settings;
      this.#inputs.changed = true;
      this.#changed();
    } catch {
      // The watches say that the API server does not answer.
    }
  }

  #detect(): void {
    if (!this.#inputs.changed) return;
    this.#inputs.changed = false;
    const before = this.#store.cni;
    const cni = withStated(detectCni(cniFacts(this.#inputs)), this.#stated);
    this.#store.cni = cni;
    if (before.name !== cni.name || before.enforcesIngress !== cni.enforcesIngress) {
      this.#log.info(
        { cni: cni.name, ingress: cni.enforcesIngress, egress: cni.enforcesEgress },
        'network plug-in',
      );
    }
  }
}
