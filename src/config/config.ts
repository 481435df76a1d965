import type * as z from 'zod';
import type { PolicySpec } from './enforcement.ts';
import { ConfigError, type Problem } from './errors.ts';
import { nearest } from './nearest.ts';
import { type ConfigOutput, schema } from './schema.ts';
import { type Setting, settings } from './settings.ts';
import { parseText, type Source } from './source.ts';

/** The one configuration of a process: complete, and frozen to its leaves. */
export type Config = DeepReadonly<ConfigOutput>;

type DeepReadonly<T> = T extends readonly (infer E)[]
  ? readonly DeepReadonly<E>[]
  : T extends object
    ? { readonly [K in keyof T]: DeepReadonly<T[K]> }
    : T;

/** Where the configuration comes from; later ones win: file, environment, flags. */
export interface Origins {
  /** The text of a file, YAML or JSON, and what to call it in errors. */
  readonly file?: Source;
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** By the path of the setting: `{'listen.port': '8443'}`. */
  readonly flags?: Readonly<Record<string, string>>;
  /** The ids of all rules; with them a misspelt one is an error. */
  readonly rules?: readonly string[];
}

/**
 * Puts one configuration together.
 * @throws ConfigError with every problem found, each with its path and what to write instead.
 */
export function configOf(origins: Origins = {}): Config {
  const problems: Problem[] = [];
  const tree = origins.file === undefined ? {} : parseText(origins.file, problems);
  for (const setting of settings()) {
    const variable = origins.environment?.[setting.variable];
    if (variable !== undefined && variable !== '' && !isServiceLink(variable)) {
      assign(tree, setting, variable);
    }
    const flag = origins.flags?.[setting.path];
    if (flag !== undefined) assign(tree, setting, flag);
  }
  const result = schema.safeParse(tree, { reportInput: true });
  if (!result.success) problems.push(...problemsOf(result.error.issues));
  else if (origins.rules !== undefined) problems.push(...unknownRules(result.data, origins.rules));
  if (problems.length > 0 || !result.success) throw new ConfigError(problems, origins.file?.name);
  return freeze(result.data);
}

/** PORTENT_ variables that mean nothing here, most likely misspelt: `PORTENT_LOGLEVEL: …`. */
export function strayVariables(environment: Readonly<Record<string, string | undefined>>): string[] {
  const variables = ['PORTENT_CONFIG', ...settings().map((setting) => setting.variable)];
  const stray: string[] = [];
  for (const [name, value] of Object.entries(environment)) {
    if (!name.startsWith('PORTENT_') || variables.includes(name)) continue;
    if (SERVICE_LINK.test(name) || isServiceLink(value ?? '')) continue;
    const near = nearest(name, variables);
    stray.push(`${name}: no such setting${near === undefined ? '' : `; did you mean ${near}?`}`);
  }
  return stray;
}

/**
 * The kubelet gives every pod variables for the Services of its namespace. A Service named `portent-metrics`
 * makes PORTENT_METRICS_PORT=tcp://10.0.0.1:9090, which is no setting of ours.
 */
function isServiceLink(value: string): boolean {
  return /^(tcp|udp|sctp):\/\//.test(value);
}
const SERVICE_LINK = /_(SERVICE_HOST|SERVICE_PORT(_[A-Z0-9_]+)?|PORT_[0-9]+_(TCP|UDP|SCTP)(_[A-Z]+)?)$/;

type Tree = { [key: string]: unknown };

function assign(tree: Tree, setting: Setting, text: string): void {
  const keys = setting.path.split('.');
  const last = keys.pop() as string;
  let here = tree;
  for (const key of keys) {
    const next = Object.hasOwn(here, key) ? here[key] : undefined;
    if (typeof next === 'object' && next !== null && !Array.isArray(next)) here = next as Tree;
    else here = here[key] = {} as Tree;
  }
  here[last] = readValue(setting, text);
}

function readValue(setting: Setting, text: string): unknown {
  if (setting.type === 'list') {
    return text
      .split(',')
      .map((item) => item.trim())
      .filter((item) => item !== '');
  }
  if (setting.type === 'boolean' && /^(true|false)$/.test(text.trim())) return text.trim() === 'true';
  // What is no number stays a text, so that the schema's own message is shown.
  if (setting.type === 'number' && /^[0-9]+(\.[0-9]+)?$/.test(text.trim())) return Number(text);
  return text;
}

/** What a schema found wrong, in words for who wrote it. */
export function problemsOf(issues: readonly z.core.$ZodIssue[]): Problem[] {
  return issues.flatMap(problemsIn);
}

function problemsIn(issue: z.core.$ZodIssue): Problem[] {
  const path = issue.path.join('.');
  if (issue.code === 'unrecognized_keys') {
    const siblings = settings()
      .map((setting) => setting.path)
      .concat('rules', 'exemptions');
    const known = [...new Set(siblings.flatMap(prefixes))];
    return issue.keys.map((key) => {
      const here = path === '' ? key : `${path}.${key}`;
      const near = nearest(here, known);
      return { path: here, text: `no such setting${near === undefined ? '' : `; did you mean ${near}?`}` };
    });
  }
  const given = issue.input === undefined ? '' : `${shown(issue.input)}: `;
  if (issue.code === 'invalid_type' && issue.expected === 'object' && issue.path.length === 0) {
    return [{ path: '', text: 'the file must hold settings, such as "log: {level: info}"' }];
  }
  return [{ path, text: `${given}${wordsOf(issue)}` }];
}

function wordsOf(issue: z.core.$ZodIssue): string {
  if (issue.code === 'invalid_union' && issue.message === 'Invalid input') return 'use another value';
  if (issue.code === 'invalid_type' && issue.message.startsWith('Invalid input'))
    return `use ${article(issue.expected)}`;
  if (issue.code === 'invalid_key') return issue.issues[0]?.message ?? issue.message;
  return issue.message;
}

function article(type: string): string {
  return type === 'object' || type === 'record'
    ? 'settings (key: value)'
    : type === 'array'
      ? 'a list'
      : `a ${type}`;
}

function shown(input: unknown): string {
  const text = typeof input === 'string' ? `"${input}"` : (JSON.stringify(input) ?? String(input));
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}

function prefixes(path: string): string[] {
  const keys = path.split('.');
  return keys.map((_, index) => keys.slice(0, index + 1).join('.'));
}

/** Rule ids in actions and exemptions that no rule has. */
export function unknownRules(
  { rules = {}, exemptions = [] }: Pick<PolicySpec, 'rules' | 'exemptions'>,
  known: readonly string[],
): Problem[] {
  const given = Object.keys(rules).map((id) => ({ path: `rules.${id}`, id }));
  for (const [index, exemption] of exemptions.entries()) {
    for (const id of exemption.rules) if (id !== '*') given.push({ path: `exemptions.${index}.rules`, id });
  }
  return given
    .filter(({ id }) => !known.includes(id))
    .map(({ path, id }) => {
      const near = nearest(id, known);
      const hint = near === undefined ? '; `portent rules` lists them' : `; did you mean ${near}?`;
      return { path, text: `no such rule${path.endsWith(id) ? '' : ` as ${id}`}${hint}` };
    });
}

function freeze<T>(value: T): DeepReadonly<T> {
  if (typeof value === 'object' && value !== null) {
    for (const child of Object.values(value)) freeze(child);
    Object.freeze(value);
  }
  return value as DeepReadonly<T>;
}
