import type { Config } from './config.ts';
import { enforcementSettings, type PolicySpec } from './enforcement.ts';
import { ConfigError, type Problem } from './errors.ts';
import { ConfigFile, type ConfigFileSource } from './file.ts';
import { withPolicies } from './merge.ts';
import { readPolicySpec } from './policy.ts';
import { schema } from './schema.ts';
import { settings } from './settings.ts';

/** What happened to the configuration while the program runs. */
export interface News {
  readonly source: 'file' | 'policy';
  /** Of the PortentPolicy; '' for the file. */
  readonly name: string;
  readonly result: 'applied' | 'removed' | 'broken';
  /** One line each; the last good version stays in force. */
  readonly problems: readonly string[];
  /** Settings that have changed in the file and take effect at the next start only. */
  readonly later: readonly string[];
}

export interface LiveOptions {
  /** Left out: there is no file. */
  readonly file?: ConfigFileSource;
  /** The ids of all rules. */
  readonly rules: readonly string[];
  readonly onNews: (news: News) => void;
}

interface Policy {
  readonly text: string;
  /** The last that could be read. */
  readonly good: PolicySpec | undefined;
  readonly problems: readonly string[];
}

const CHANGEABLE: readonly string[] = [...Object.keys(enforcementSettings), 'budget', 'log'];

/** Sections of the configuration that are read once, at the start. */
export const FIXED: readonly string[] = Object.keys(schema.shape).filter((key) => !CHANGEABLE.includes(key));

/** The configuration that is in force: the file, with the PortentPolicies on top in the order of their names. */
export class LiveConfig {
  readonly #options: LiveOptions;
  readonly #first: Config;
  readonly #file: ConfigFile | undefined;
  readonly #policies = new Map<string, Policy>();
  #base: Config;
  #current: Config;
  #problems: readonly string[] = [];

  constructor(first: Config, options: LiveOptions) {
    this.#options = options;
    this.#first = first;
    this.#base = first;
    this.#current = first;
    this.#file = options.file === undefined ? undefined : new ConfigFile(options.file);
  }

  get current(): Config {
    return this.#current;
  }

  /** Looks whether the file has changed. */
  look(): void {
    const found = this.#file?.look() ?? 'same';
    if (found === 'same') return;
    const common = { source: 'file', name: '' } as const;
    if (found instanceof ConfigError) {
      this.#problems = found.message.split('\n');
      this.#options.onNews({ ...common, result: 'broken', problems: this.#problems, later: [] });
      return;
    }
    this.#base = found;
    this.#problems = [];
    this.#merge();
    this.#options.onNews({ ...common, result: 'applied', problems: [], later: changed(this.#first, found) });
  }

  /** Takes the `spec` of a PortentPolicy, or says what is wrong with it. */
  put(name: string, spec: unknown): readonly string[] {
    const before = this.#policies.get(name);
    // Its status changes too, and that by our own hand.
    const text = JSON.stringify(spec) ?? '';
    if (before?.text === text) return before.problems;
    const read = readPolicySpec(spec, this.#options.rules);
    const problems = 'problems' in read ? read.problems.map(specProblem) : [];
    const good = 'problems' in read ? before?.good : read.spec;
    this.#policies.set(name, { text, good, problems });
    this.#merge();
    const result = problems.length === 0 ? 'applied' : 'broken';
    this.#options.onNews({ source: 'policy', name, result, problems, later: [] });
    return problems;
  }

  remove(name: string): void {
    if (!this.#policies.delete(name)) return;
    this.#merge();
    this.#options.onNews({ source: 'policy', name, result: 'removed', problems: [], later: [] });
  }

  /** What is broken now, one line each, with what is in force instead. */
  problems(): readonly string[] {
    const file = this.#problems.map((line) => `configuration: ${line} (the last good one stays in force)`);
    return [...file, ...this.#sorted().flatMap(([name, policy]) => problemLines(name, policy))];
  }

  /** Whether what was read last is in force. */
  isGood(source: News['source']): boolean {
    if (source === 'file') return this.#problems.length === 0;
    return this.#policies.values().every(({ problems }) => problems.length === 0);
  }

  #merge(): void {
    const specs = this.#sorted().flatMap(([, { good }]) => (good === undefined ? [] : [good]));
    this.#current = withPolicies(this.#base, specs);
  }

  #sorted(): [string, Policy][] {
    return [...this.#policies].sort(([a], [b]) => (a < b ? -1 : 1));
  }
}

function specProblem({ path, text }: Problem): string {
  return `spec${path === '' ? '' : `.${path}`}: ${text}`;
}

function problemLines(name: string, { problems, good }: Policy): string[] {
  const instead = good === undefined ? 'nothing of it is in force' : 'its last good version stays in force';
  return problems.map((problem) => `PortentPolicy ${name}: ${problem} (${instead})`);
}

/** The settings of fixed sections in which two configurations differ. */
function changed(first: Config, now: Config): string[] {
  const fixed = settings().filter(({ path }) => FIXED.some((section) => path.startsWith(`${section}.`)));
  return fixed
    .filter(({ path }) => JSON.stringify(at(first, path)) !== JSON.stringify(at(now, path)))
    .map(({ path }) => path);
}

function at(config: Config, path: string): unknown {
  let here: unknown = config;
  for (const key of path.split('.')) here = (here as Readonly<Record<string, unknown>> | undefined)?.[key];
  return here;
}
