import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import { LABEL_VALUES, METRICS, type MetricName } from './names.ts';

/** What is counted of one answered review. Values outside the closed sets become `other`. */
export interface ReviewFigures {
  readonly resource: string;
  readonly operation: string;
  readonly decision: string;
  readonly dryRun: boolean;
  readonly seconds: number;
  readonly findings: readonly { readonly rule: string; readonly severity: string; readonly action: string }[];
  readonly unchecked: readonly { readonly rule: string }[];
}

/** How one watch is doing. */
export interface WatchFigures {
  readonly kind: string;
  /** `syncing`, `live`, `stale`, `forbidden` or `absent`. */
  readonly state: string;
  readonly synced: boolean;
  /** Milliseconds since 1970; 0 = never. */
  readonly lastContact: number;
  readonly restarts: number;
  readonly relists: number;
  readonly objects: number;
}

/** What is asked for when somebody scrapes. */
export interface Sources {
  readonly model?: () => { readonly state: string; readonly pods: number };
  readonly watches?: () => readonly WatchFigures[];
  /** Milliseconds since 1970. */
  readonly certificateExpiry?: () => number;
  /** Seconds. */
  readonly lag?: () => number;
  readonly recent?: () => number;
  readonly events?: () => Readonly<Record<(typeof LABEL_VALUES.event)[number], number>>;
  /** Whether what was read last of a source is in force. */
  readonly configGood?: (source: ConfigSource) => boolean;
}

export interface MetricsOptions {
  /** Ids of all rules: the closed set of the label `rule`. */
  readonly rules: readonly string[];
  readonly version: string;
  readonly sources?: Sources;
}

type Shed = (typeof LABEL_VALUES.shed)[number];
type Malformed = (typeof LABEL_VALUES.malformed)[number];
type ConfigSource = (typeof LABEL_VALUES.config_source)[number];
type ConfigResult = (typeof LABEL_VALUES.config_result)[number];
type Phase = (typeof LABEL_VALUES.phase)[number];

/** The metrics of one process, on a registry of their own. */
export class Metrics {
  readonly registry = new Registry();
  /** Reviews that are there and wait for their answer now. */
  inFlight = 0;
  readonly #requests = this.#counter(METRICS.requests);
  readonly #duration = this.#histogram(METRICS.duration);
  readonly #shed = this.#counter(METRICS.shed);
  readonly #malformed = this.#counter(METRICS.malformed);
  readonly #findings = this.#counter(METRICS.findings);
  readonly #unchecked = this.#counter(METRICS.unchecked);
  readonly #exemptions = this.#counter(METRICS.exemptions);
  readonly #configReads = this.#counter(METRICS.configReads);
  readonly #phase = this.#histogram(METRICS.phase);
  readonly #rules: ReadonlySet<string>;

  constructor(options: MetricsOptions) {
    this.#rules = new Set(options.rules);
    this.#gauge(METRICS.build).set({ version: options.version, node: process.versions.node }, 1);
    this.#scraped(options.sources ?? {});
    // A counter that appears with its first event hides that event from rate(): start all of them at 0.
    for (const reason of LABEL_VALUES.shed) this.#shed.inc({ reason }, 0);
    for (const reason of LABEL_VALUES.malformed) this.#malformed.inc({ reason }, 0);
    for (const source of LABEL_VALUES.config_source) {
      for (const result of LABEL_VALUES.config_result) this.#configReads.inc({ source, result }, 0);
    }
    for (const resource of LABEL_VALUES.resource) {
      for (const operation of LABEL_VALUES.operation) {
        for (const decision of LABEL_VALUES.decision) {
          this.#requests.inc({ resource, operation, decision, dry_run: 'false' }, 0);
        }
      }
    }
  }

  /** Counts one answered review. Findings of dry runs are left out: they leave no trace. */
  review(figures: ReviewFigures): void {
    const resource = within(LABEL_VALUES.resource, figures.resource);
    const operation = within(LABEL_VALUES.operation, figures.operation);
    const decision = within(LABEL_VALUES.decision, figures.decision);
    this.#requests.inc({ resource, operation, decision, dry_run: String(figures.dryRun) });
    this.#duration.observe({ resource, decision }, figures.seconds);
    if (figures.dryRun) return;
    for (const { rule, severity, action } of figures.findings) {
      this.#findings.inc({
        rule: this.#rule(rule),
        severity: within(LABEL_VALUES.severity, severity),
        action: within(LABEL_VALUES.action, action),
      });
    }
    for (const { rule } of figures.unchecked) this.#unchecked.inc({ rule: this.#rule(rule) });
  }

  /** Counts one exemption, once for each rule; an annotation that cannot be read names none. */
  exemption(rules: readonly string[], result: string): void {
    const labels = { result: within(LABEL_VALUES.exemption, result) };
    for (const rule of rules) this.#exemptions.inc({ ...labels, rule: this.#rule(rule) });
    if (rules.length === 0) this.#exemptions.inc({ ...labels, rule: 'other' });
  }

  configRead(source: ConfigSource, result: ConfigResult): void {
    this.#configReads.inc({ source, result });
  }

  shed(reason: Shed): void {
    this.#shed.inc({ reason });
  }

  malformed(reason: Malformed): void {
    this.#malformed.inc({ reason });
  }

  phase(phase: Phase, seconds: number): void {
    this.#phase.observe({ phase }, seconds);
  }

  /** The text that Prometheus scrapes. */
  text(): Promise<string> {
    return this.registry.metrics();
  }

  #rule(rule: string): string {
    return this.#rules.has(rule) ? rule : 'other';
  }

  #counter(metric: MetricName, collect?: () => void): Counter {
    return new Counter({ ...this.#base(metric), ...(collect === undefined ? {} : { collect }) });
  }

  #gauge(metric: MetricName, collect?: () => void): Gauge {
    return new Gauge({ ...this.#base(metric), ...(collect === undefined ? {} : { collect }) });
  }

  #histogram(metric: MetricName): Histogram {
    return new Histogram({ ...this.#base(metric), buckets: [...(metric.buckets ?? [])] });
  }

  #base({ name, help, labels }: MetricName) {
    return { name, help, labelNames: [...labels], registers: [this.registry] };
  }

  /** Figures that are asked for at each scrape instead of being kept up to date. */
  #scraped(sources: Sources): void {
    const { model, watches, certificateExpiry, lag, recent, events, configGood } = sources;
    const value = (metric: MetricName, read: (() => number) | undefined) => {
      if (read !== undefined)
        this.#gauge(metric, function (this: Gauge) {
          this.set(read());
        } as () => void);
    };
    value(METRICS.certificateExpiry, certificateExpiry && (() => certificateExpiry() / 1000));
    value(METRICS.inFlight, () => this.inFlight);
    value(METRICS.lag, lag);
    value(METRICS.recent, recent);
    value(METRICS.pods, model && (() => model().pods));
    value(METRICS.memory, () => process.memoryUsage.rss());
    value(METRICS.heap, () => process.memoryUsage().heapUsed);
    value(METRICS.started, () => Math.round(Date.now() / 1000 - process.uptime()));
    this.#counter(METRICS.cpu, function (this: Counter) {
      const { user, system } = process.cpuUsage();
      this.reset();
      this.inc((user + system) / 1e6);
    } as () => void);
    if (configGood !== undefined) {
      const good = this.#gauge(METRICS.configGood, () => {
        for (const source of LABEL_VALUES.config_source) good.set({ source }, configGood(source) ? 1 : 0);
      });
    }
    if (model !== undefined) {
      const state = this.#gauge(METRICS.state, () => {
        const now = model().state;
        for (const one of LABEL_VALUES.state) state.set({ state: one }, one === now ? 1 : 0);
      });
    }
    if (events !== undefined) {
      const counter = this.#counter(METRICS.events, () => {
        counter.reset();
        const counts = events();
        for (const result of LABEL_VALUES.event) counter.inc({ result }, counts[result]);
      });
    }
    if (watches === undefined) return;
    const perKind = (metric: MetricName, read: (watch: WatchFigures) => number) => {
      const gauge = this.#gauge(metric, () => {
        for (const watch of watches()) gauge.set({ kind: watch.kind }, read(watch));
      });
    };
    const countPerKind = (metric: MetricName, read: (watch: WatchFigures) => number) => {
      const counter = this.#counter(metric, () => {
        counter.reset();
        for (const watch of watches()) counter.inc({ kind: watch.kind }, read(watch));
      });
    };
    const states = this.#gauge(METRICS.watchState, () => {
      for (const { kind, state } of watches()) {
        for (const one of LABEL_VALUES.watch_state) states.set({ kind, state: one }, one === state ? 1 : 0);
      }
    });
    perKind(METRICS.synced, ({ synced }) => (synced ? 1 : 0));
    perKind(METRICS.lastContact, ({ lastContact }) => lastContact / 1000);
    perKind(METRICS.objects, ({ objects }) => objects);
    countPerKind(METRICS.restarts, ({ restarts }) => restarts);
    countPerKind(METRICS.relists, ({ relists }) => relists);
  }
}

function within(values: readonly string[], value: string): string {
  return values.includes(value) ? value : 'other';
}
