import { setTimeout } from 'node:timers/promises';
import type { Store } from '../model/store.ts';
import type { Access } from './access.ts';
import { errorText, type SourceReport } from './contact.ts';
import { type Discovery, discover, type ServedKind } from './discovery.ts';
import type { Hold } from './hold.ts';
import { OPTIONAL, type OptionalKind, optionalLabel } from './kinds.ts';
import { type Logger, SILENT } from './logger.ts';
import { rawAt, textAt } from './raw.ts';
import { type Consumer, Reflector, type ReflectorOptions } from './reflector.ts';
import { TIMINGS, type Timings } from './timings.ts';

/** Names are enough for policies that are only noticed, and metadata is a tenth of an object. */
export const METADATA_LIST =
  'application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io,application/json';
/** A group that vanishes for a moment while its server restarts is not removed; one that stays away is. */
const MISSED_BEFORE_CLEAR = 2;

export interface OptionalOptions {
  readonly access: Access;
  readonly store: Store;
  readonly timings?: Timings;
  readonly logger?: Logger;
  readonly onChange?: () => void;
  /** The API groups that are served, after every look. */
  readonly onGroups: (groups: readonly string[]) => void;
  /** Kinds that do not belong to the model, besides those that do. */
  readonly more?: readonly OptionalKind[];
  /** While it is on, nothing is written to the model. */
  readonly hold?: Hold;
}

interface Followed {
  readonly reflector: Reflector;
  readonly path: string;
  missed: number;
}

/** The best version in which a kind is served and can be read. */
export function servedAs(optional: OptionalKind, { kinds, groups }: Discovery): ServedKind | undefined {
  if (optional.unless !== undefined && groups.includes(optional.unless)) return undefined;
  const served = kinds.filter(({ group, kind }) => group === optional.group && kind === optional.kind);
  if (optional.versions === undefined) return served[0];
  for (const wanted of optional.versions) {
    const found = served.find(({ version }) => version === wanted);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** How long definitions of new kinds are waited for before looking: they come in batches. */
const BATCH_MS = 500;

/** Follows the optional kinds, looking again and again which of them the API server serves. */
export class OptionalKinds {
  readonly #options: OptionalOptions;
  readonly #log: Logger;
  readonly #stop = new AbortController();
  readonly #followed = new Map<OptionalKind, Followed>();
  /** Served, but in versions that cannot be read: logged once. */
  readonly #unreadable = new Set<string>();
  /** Kinds that may well exist and are not followed. */
  #unseen: readonly string[] = OPTIONAL.map(optionalLabel);
  readonly #kinds: readonly OptionalKind[];
  readonly #groups: ReadonlySet<string>;
  /** Ends the pause between two looks. */
  #wake = new AbortController();
  #task: Promise<void> | undefined;
  lastError = '';
  /** Milliseconds since the epoch; 0 = the API server never said what it serves. */
  lastLook = 0;

  constructor(options: OptionalOptions) {
    this.#options = options;
    this.#log = options.logger ?? SILENT;
    this.#kinds = [...OPTIONAL, ...(options.more ?? [])];
    this.#groups = new Set(this.#kinds.map(({ group }) => group));
  }

  start(): void {
    this.#task ??= this.#run();
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#task;
    await Promise.all([...this.#followed.values()].map(({ reflector }) => reflector.stop()));
  }

  /** Whether the API server said what it serves, and every kind of that was listed or refused. */
  settled(): boolean {
    return this.lastLook > 0 && this.reports().every(({ state }) => state !== 'syncing');
  }

  /** Kinds that are not followed although they exist, or may: what is served is not known, or not readable. */
  unseen(): readonly string[] {
    return this.#unseen;
  }

  reports(): SourceReport[] {
    return [...this.#followed.values()].map(({ reflector }) => reflector.report());
  }

  async #run(): Promise<void> {
    const { access, timings = TIMINGS } = this.#options;
    const signal = this.#stop.signal;
    while (!signal.aborted) {
      try {
        const discovery = await discover(access, this.#groups, signal);
        await this.#adjust(discovery);
        this.lastLook = Date.now();
        this.lastError = '';
        this.#options.onGroups(discovery.groups);
        this.#options.onChange?.();
      } catch (error) {
        if (signal.aborted) return;
        this.lastError = errorText(error);
        this.#log.warn({ error: this.lastError }, 'could not ask the API server which kinds it serves');
      }
      // Sooner at first: the answer is needed, and nobody else asks yet.
      const pause = this.lastLook === 0 ? Math.min(2_000, timings.discoveryMs) : timings.discoveryMs;
      const either = AbortSignal.any([signal, this.#wake.signal]);
      await setTimeout(pause * (0.75 + Math.random() / 2), undefined, { signal: either }).catch(
        () => undefined,
      );
      if (!this.#wake.signal.aborted) continue;
      this.#wake = new AbortController();
      await setTimeout(BATCH_MS, undefined, { signal }).catch(() => undefined);
    }
  }

  async #adjust(discovery: Discovery): Promise<void> {
    const unseen: string[] = [];
    for (const optional of this.#kinds) {
      const served = servedAs(optional, discovery);
      const followed = this.#followed.get(optional);
      if (served === undefined) {
        const unknown = discovery.unknownGroups.includes(optional.group);
        const unreadable = this.#isUnreadable(optional, discovery);
        const ofModel = this.#options.more?.includes(optional) !== true;
        if (ofModel && (unreadable || (unknown && followed === undefined)))
          unseen.push(optionalLabel(optional));
        if (followed === undefined || unknown) continue;
        if (++followed.missed >= MISSED_BEFORE_CLEAR) await this.#drop(optional, followed);
        continue;
      }
      const path = `/apis/${served.group}/${served.version}/${served.resource}`;
      if (followed?.path === path) {
        followed.missed = 0;
        continue;
      }
      if (followed !== undefined) await this.#drop(optional, followed);
      this.#follow(optional, served, path);
    }
    this.#unseen = unseen;
  }

  #follow(optional: OptionalKind, served: ServedKind, path: string): void {
    if (this.#stop.signal.aborted) return;
    const { access, store, timings = TIMINGS, logger, onChange, hold } = this.#options;
    const options: ReflectorOptions = {
      kind: optionalLabel(optional),
      path,
      access,
      timings,
      hold,
      consumer: this.#noticing(optional, optional.consumer(store, `${served.group}/${served.version}`)),
      ...(optional.metadataOnly === true ? { accept: METADATA_LIST, watchAccept: METADATA_WATCH } : {}),
      ...(logger === undefined ? {} : { logger }),
      ...(onChange === undefined ? {} : { onChange }),
    };
    const reflector = new Reflector(options);
    this.#followed.set(optional, { reflector, path, missed: 0 });
    reflector.start();
  }

  /** A new definition of a kind that is wanted is reason to look at once. */
  #noticing(optional: OptionalKind, consumer: Consumer): Consumer {
    if (optional.kind !== 'CustomResourceDefinition') return consumer;
    return {
      put: (raw) => {
        consumer.put(raw);
        const spec = rawAt(raw, 'spec');
        const group = textAt(spec, 'group');
        const kind = textAt(rawAt(spec, 'names'), 'kind');
        const wanted = this.#kinds.find((each) => each.group === group && each.kind === kind);
        if (wanted !== undefined && !this.#followed.has(wanted)) this.#wake.abort();
      },
      remove: (namespace, name) => consumer.remove(namespace, name),
    };
  }

  async #drop(optional: OptionalKind, followed: Followed): Promise<void> {
    this.#followed.delete(optional);
    await followed.reflector.stop();
    await followed.reflector.clear();
    this.#log.info({ kind: optionalLabel(optional) }, `${optionalLabel(optional)}: no longer served`);
  }

  /** Whether the kind is served, but only in versions that cannot be read. */
  #isUnreadable(optional: OptionalKind, { kinds, groups }: Discovery): boolean {
    if (optional.versions === undefined) return false;
    if (optional.unless !== undefined && groups.includes(optional.unless)) return false;
    const versions = kinds.filter(({ group, kind }) => group === optional.group && kind === optional.kind);
    const label = optionalLabel(optional);
    if (versions.length > 0 && !this.#unreadable.has(label)) {
      this.#unreadable.add(label);
      const served = versions.map(({ version }) => version);
      this.#log.warn(
        { kind: label, served },
        `${label}: served only in versions that cannot be read; left out`,
      );
    }
    return versions.length > 0;
  }
}

const METADATA_WATCH = 'application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io,application/json';
