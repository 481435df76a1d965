/** The composition root of `portent serve`: wiring, signals, exit code. */
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import closeWithGrace from 'close-with-grace';
import { denialNote } from './admission/denial.ts';
import type { AdmissionDeps, Outcome } from './admission/handle.ts';
import type { MayExempt } from './admission/judging.ts';
import { Recent } from './admission/recent.ts';
import { type HoldModel, Turns } from './admission/turns.ts';
import type { DenialEvents } from './cluster/events.ts';
import type { Feed } from './cluster/feed.ts';
import type { PolicySink } from './cluster/kinds.ts';
import type { Config } from './config/config.ts';
import type { ConfigFileSource } from './config/file.ts';
import { inPod } from './config/kubeconfig.ts';
import { LiveConfig } from './config/live.ts';
import { standardTlsDirectory } from './config/load.ts';
import { judgeInSteps } from './decision/judge.ts';
import type { Snapshot } from './model/snapshot.ts';
import { RULE_IDS } from './rules/index.ts';
import type { CallersConfig } from './server/callers.ts';
import { type DebugSource, debugModel } from './server/debug.ts';
import { startLagMeter } from './server/lag.ts';
import { keepQuick } from './server/latency.ts';
import { listen } from './server/listen.ts';
import { keepSmall } from './server/memory.ts';
import { startMemoryMeter } from './server/memory-meter.ts';
import { buildMetricsServer, type Readiness } from './server/metrics-server.ts';
import { buildServer } from './server/server.ts';
import { createLog, type Log } from './telemetry/logger.ts';
import { Metrics, type WatchFigures } from './telemetry/metrics.ts';
import { secureOptions } from './tls/check.ts';
import { OWN_NAMES } from './tls/directory.ts';
import { Keeper } from './tls/keeper.ts';
import { loadServing, readAuthority, type Serving } from './tls/serving.ts';

/** What to serve, and from which cluster. */
export interface ServeOptions {
  readonly config: Config;
  /** The file it comes from, to be looked at again; left out, there is none. */
  readonly file?: ConfigFileSource;
  readonly version: string;
  /** Lines to log at the start, such as variables that mean nothing. */
  readonly notices?: readonly string[];
  /** A fixed cluster; left out, the live one is followed. */
  readonly snapshot?: Snapshot;
  /** PortentPolicies of the fixed cluster. */
  readonly policies?: readonly { readonly name: string; readonly spec: unknown }[];
  readonly kubeconfig?: string;
  readonly context?: string;
}

/** A webhook that listens. */
export interface Running {
  readonly port: number;
  readonly metricsPort: number;
  /** Path of the authority's certificate, when it is our own. */
  readonly authorityPath: string | undefined;
  /** Resolves when the model was loaded once. */
  readonly loaded: Promise<void>;
  /** Answers made-up reviews, so that the first real ones find compiled code; ends early when the webhook stops. */
  rehearse(): Promise<void>;
  /** Not ready, but serving, for `shutdown.lameDuckSeconds` unless it is to be quick; then the end. */
  stop(how?: 'gently' | 'quickly'): Promise<void>;
}

/** How often the configuration file is looked at, in milliseconds; it counts once two looks find the same. */
const CONFIG_PERIOD = 1000;

/** Starts the webhook, without touching signals. */
export async function start(options: ServeOptions, log: Log): Promise<Running> {
  const { config, version } = options;
  const { logger } = log;
  for (const notice of options.notices ?? []) logger.warn(notice);
  // Certificates first: when one cannot be used there is nothing to stop.
  const callers = callersOf(config);
  const serving = await openServing(options, log);
  const live = liveConfig(options, log, () => metrics);
  const cluster = await open(options, log, live);
  const { events } = cluster;
  const lag = startLagMeter();
  const memory = startMemoryMeter();
  const recent = new Recent();
  const metrics: Metrics = new Metrics({
    rules: [...RULE_IDS, 'budget'],
    version,
    sources: {
      model: () => ({ state: cluster.snapshot.health.state, pods: cluster.snapshot.podCount }),
      certificateExpiry: () => serving.current()?.notAfter.getTime() ?? 0,
      lag: lag.seconds,
      recent: () => recent.size,
      configGood: (source) => live.isGood(source),
      ...(cluster.watches === undefined ? {} : { watches: cluster.watches }),
      ...(events === undefined ? {} : { events: () => events.counts() }),
    },
  });
  for (const { name, spec } of options.policies ?? []) live.put(name, spec);
  const admission: AdmissionDeps = {
    snapshot: () => cluster.snapshot,
    judge: (snapshot, change, context) =>
      judgeInSteps(snapshot, change, {
        ...context,
        config: live.current,
        budget: live.current.budget,
        now: Date.now(),
        fixes: false,
      }),
    recent,
    turns: new Turns(cluster.hold),
    ...(cluster.mayExempt === undefined ? {} : { mayExempt: cluster.mayExempt }),
    now: () => performance.now(),
  };
  const webhook = buildServer({
    admission,
    metrics,
    logger,
    limits: { ...config.limits },
    lag,
    memory,
    ready: () => withDetail(withCertificate(cluster.ready(), serving), live.problems()),
    secure: secureOptions(serving.current()),
    ...callers,
    ...(events === undefined ? {} : { denied: (outcome: Outcome) => tell(events, outcome) }),
  });
  const figures = buildMetricsServer(metrics, webhook.readiness, () =>
    debugModel(cluster.snapshot, cluster.sources(), Date.now()),
  );
  const looking = setInterval(() => live.look(), CONFIG_PERIOD);
  looking.unref();
  const ended = new AbortController();
  const end = async (): Promise<void> => {
    ended.abort();
    clearInterval(looking);
    lag.stop();
    memory.stop();
    await Promise.all([
      serving.stop(),
      webhook.app.close(),
      new Promise((resolve) => figures.close(resolve)),
      cluster.stop(),
    ]);
  };
  try {
    await listen('metrics', config.metrics, (at) => {
      return new Promise((resolve, reject) =>
        figures.once('error', reject).listen(at, () => resolve(undefined)),
      );
    });
    await listen('webhook', config.listen, (at) => webhook.app.listen(at));
  } catch (error) {
    await end();
    throw error;
  }
  // What cannot be accepted is one connection, and not the end of the process.
  for (const server of [webhook.app.server, figures])
    server.on('error', (error) => logger.error({ err: error }, 'a connection could not be taken'));
  serving.follow((pair) => {
    webhook.swap(secureOptions(pair));
    logger.info({ until: pair.notAfter }, 'certificate: served');
  });
  return {
    port: portOf(webhook.app.server.address()),
    metricsPort: portOf(figures.address()),
    authorityPath: serving.authorityPath,
    loaded: cluster.loaded,
    rehearse: async () => {
      const begin = performance.now();
      try {
        // Loaded here: a start has no use for it.
        const { rehearse } = await import('./admission/rehearsal/rehearse.ts');
        const reviews = await rehearse(admission, ended.signal);
        logger.info({ reviews, milliseconds: Math.round(performance.now() - begin) }, 'rehearsed');
      } catch (error) {
        // Nobody waits for it; the first reviews are only slower.
        logger.error({ err: error }, 'the rehearsal failed');
      }
    },
    stop: async (how = 'gently') => {
      webhook.lameDuck();
      // What an uninstall deletes meanwhile is not to be made again.
      await serving.stop();
      if (how === 'gently') await sleep(config.shutdown.lameDuckSeconds * 1000);
      // Whoever is still in the middle of something after that is cut off.
      const cut = setTimeout(() => {
        webhook.app.server.closeAllConnections();
        figures.closeAllConnections();
      }, config.shutdown.closeSeconds * 1000);
      figures.closeIdleConnections();
      await end();
      clearTimeout(cut);
    },
  };
}

/** Runs `portent serve` until a signal ends it. Resolves when it listens. */
export async function serve(options: ServeOptions): Promise<void> {
  const log = createLog(options.config.log.level);
  const { shutdown } = options.config;
  let running: Running | undefined;
  // Ready for a signal before anything is waited for: a start may take long.
  const grace = closeWithGrace(
    { delay: (shutdown.lameDuckSeconds + shutdown.closeSeconds + 5) * 1000, logger: false },
    async ({ signal, err }) => {
      if (err !== undefined) log.logger.fatal({ err }, 'ended by an error');
      else if (signal !== undefined) log.logger.info({ signal }, 'ending');
      // Ctrl-C in a terminal is not to take ten seconds, and after an error nothing is to be trusted.
      await running?.stop(signal === 'SIGTERM' ? 'gently' : 'quickly');
      log.flush();
    },
  );
  try {
    // First what else is to be loaded: code that was compiled for the image does not fit other settings of V8.
    if (options.snapshot === undefined) await clusterClient();
    keepSmall();
    running = await start(options, log);
    // Not before: what is compiled while the model is loaded adds to its peak.
    void running.loaded.then(keepQuick).then(running.rehearse);
  } catch (error) {
    // Or its handler for an ordinary end would turn the failure into success.
    grace.uninstall();
    log.flush();
    throw error;
  }
  const { address, port } = options.config.listen;
  const host = address === '*' ? 'localhost' : address.includes(':') ? `[${address}]` : address;
  const { authorityPath, metricsPort } = running;
  const url = `https://${host}:${port === 0 ? running.port : port}/validate`;
  if (inPod()) {
    // In a pod both streams end in one log, and each line of it is JSON.
    log.logger.info({ url, metricsPort, authority: authorityPath }, 'listening');
    return;
  }
  const authority = authorityPath === undefined ? '' : `, authority ${authorityPath}`;
  process.stdout.write(`portent serves ${url}, metrics on port ${metricsPort}${authority}\n`);
}

interface Cluster {
  readonly snapshot: Snapshot;
  readonly ready: () => Readiness;
  /** Resolves when everything that is needed was loaded once. */
  readonly loaded: Promise<void>;
  readonly watches?: () => readonly WatchFigures[];
  /** Of a fixed snapshot there are none. */
  readonly sources: () => readonly DebugSource[];
  /** Left out when there are to be none, or there is no API server to write them to. */
  readonly events?: DenialEvents;
  readonly mayExempt?: MayExempt;
  /** Left out: nobody writes to the snapshot. */
  readonly hold?: HoldModel;
  readonly stop: () => Promise<void>;
}

/** The configuration as it changes; each change is logged and counted. */
function liveConfig({ config, file }: ServeOptions, { logger }: Log, metrics: () => Metrics): LiveConfig {
  const live: LiveConfig = new LiveConfig(config, {
    rules: RULE_IDS,
    ...(file === undefined ? {} : { file }),
    onNews: ({ source, name, result, problems, later }) => {
      metrics().configRead(source, result);
      const what = source === 'file' ? 'configuration file' : `PortentPolicy ${name}`;
      if (result === 'broken') logger.error({ problems }, `${what}: broken, the last good version stays`);
      else logger.info(`${what}: ${result}`);
      if (later.length > 0) logger.warn({ settings: later }, `${what}: takes effect at the next start only`);
      logger.level = live.current.log.level;
    },
  });
  return live;
}

async function open(options: ServeOptions, { logger }: Log, policies: PolicySink): Promise<Cluster> {
  const { snapshot, kubeconfig, context } = options;
  if (snapshot !== undefined) {
    const ready = { ready: true, detail: [] };
    return {
      snapshot,
      ready: () => ready,
      loaded: Promise.resolve(),
      sources: () => [],
      stop: async () => {},
    };
  }
  const [{ startFeed }, { openEvents }] = await clusterClient();
  const access = {
    ...(kubeconfig === undefined ? {} : { kubeconfigPath: kubeconfig }),
    ...(context === undefined ? {} : { context }),
  };
  const events = options.config.events.enabled ? openEvents({ ...access, logger }) : undefined;
  const feed: Feed = startFeed({
    ...access,
    logger,
    policies,
    cniOverride: options.config.cni,
    configMaps: options.config.evidence.configMaps,
  });
  return {
    snapshot: feed.snapshot,
    ready: () => ({ ready: feed.ready(), detail: feed.snapshot.health.problems }),
    loaded: feed.whenReady(),
    watches: () => figuresOf(feed),
    sources: () => feed.sources().map((source) => ({ ...source })),
    ...(events === undefined ? {} : { events }),
    hold: () => feed.hold(),
    mayExempt: (user, namespace, milliseconds) => feed.mayExempt(user, namespace, milliseconds),
    stop: async () => {
      await Promise.all([feed.stop(), events?.stop()]);
    },
  };
}

/** The cluster client is the heaviest part of all; a fixed snapshot does without it. */
function clusterClient(): Promise<
  [typeof import('./cluster/feed.ts'), typeof import('./cluster/events.ts')]
> {
  return Promise.all([import('./cluster/feed.ts'), import('./cluster/events.ts')]);
}

/** A denial that was stored nowhere else: the object is as it was, or is not there at all. */
function tell(events: DenialEvents, outcome: Outcome): void {
  const { kind, namespace, name } = outcome.named;
  const { operation } = outcome;
  if (kind !== 'NetworkPolicy' && kind !== 'Service') return;
  if (operation !== 'create' && operation !== 'update' && operation !== 'delete') return;
  events.record({ kind, namespace, name, operation, note: denialNote(outcome) });
}

/** A kind that this cluster does not serve has no watch that could be down. */
function figuresOf(feed: Feed): WatchFigures[] {
  return feed
    .sources()
    .filter(({ state, required }) => required || state !== 'absent')
    .map((source) => ({ ...source, synced: source.state === 'live' }));
}

/** The certificate: from files, from a folder of ours, or shared by all replicas through the cluster. */
async function openServing({ config, kubeconfig, context }: ServeOptions, { logger }: Log): Promise<Serving> {
  const { certificateFile, keyFile, names, secret, webhookConfiguration, lifeSeconds } = config.tls;
  if (secret !== undefined) {
    const { CertificatePlace } = await import('./cluster/certificate-place.ts');
    const place = new CertificatePlace({
      secret,
      configuration: webhookConfiguration,
      logger,
      ...(kubeconfig === undefined ? {} : { kubeconfigPath: kubeconfig }),
      ...(context === undefined ? {} : { context }),
    });
    return new Keeper(place, { names: [...OWN_NAMES, ...names], life: lifeSeconds * 1000, log: logger });
  }
  const onProblem = ({ message }: Error) =>
    logger.error({ reason: message }, 'certificate: the new one cannot be used, the old one stays');
  if (certificateFile !== undefined && keyFile !== undefined)
    return loadServing({ kind: 'files', certificateFile, keyFile }, onProblem);
  const directory = config.tls.directory ?? standardTlsDirectory();
  return loadServing({ kind: 'self-made', directory, names }, onProblem);
}

/** Read once: whoever changes whom the API server's certificates come from restarts Portent anyway. */
function callersOf({ tls }: Config): { callers?: CallersConfig } {
  const { clientAuthorityFile: file, clientNames: names } = tls;
  return file === undefined ? {} : { callers: { authority: readAuthority(file), names } };
}

/** Ready is also: callers can trust what is served. */
function withCertificate({ ready, detail }: Readiness, serving: Serving): Readiness {
  const problem = serving.problem();
  if (problem === undefined) return { ready, detail };
  return { ready: false, detail: [...detail, `certificate: ${problem}`] };
}

/** Something to know that does not make it unready. */
function withDetail({ ready, detail }: Readiness, more: readonly string[]): Readiness {
  return more.length === 0 ? { ready, detail } : { ready, detail: [...detail, ...more] };
}

function portOf(address: AddressInfo | string | null): number {
  return typeof address === 'object' && address !== null ? address.port : 0;
}
