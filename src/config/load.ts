import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { type Config, configOf, type Origins, strayVariables } from './config.ts';
import { ConfigError } from './errors.ts';
import type { ConfigFileSource } from './file.ts';

/** What a command line may give beside the environment. */
export interface LoadOptions {
  /** Path of the configuration file; left out, PORTENT_CONFIG names it, or there is none. */
  readonly file?: string;
  readonly flags?: Readonly<Record<string, string>>;
  readonly rules?: readonly string[];
  readonly environment?: Readonly<Record<string, string | undefined>>;
}

/** A configuration, and what the operator should know about it. */
export interface LoadedConfig {
  readonly config: Config;
  readonly notices: readonly string[];
  /** The file, to be looked at again; undefined when there is none. */
  readonly file: ConfigFileSource | undefined;
}

/**
 * Reads the configuration: file, then environment, then flags.
 * @throws ConfigError when something is wrong.
 */
export function loadConfig(options: LoadOptions = {}): LoadedConfig {
  const environment = options.environment ?? process.env;
  const file = options.file ?? (environment.PORTENT_CONFIG || undefined);
  const origins: Origins = {
    environment,
    ...(options.flags === undefined ? {} : { flags: options.flags }),
    ...(options.rules === undefined ? {} : { rules: options.rules }),
  };
  const notices = strayVariables(environment);
  if (file === undefined) return { config: configOf(origins), notices, file: undefined };
  const source: ConfigFileSource = {
    first: textOf(file),
    text: () => textOf(file),
    parse: (text) => configOf({ ...origins, file: { name: file, text } }),
  };
  return { config: source.parse(source.first), notices, file: source };
}

/** The folder for self-made certificates when the configuration names none (XDG base directories). */
export function standardTlsDirectory(
  environment: Readonly<Record<string, string | undefined>> = process.env,
): string {
  const state = environment.XDG_STATE_HOME || join(homedir(), '.local', 'state');
  return join(state, 'portent', 'tls');
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    const text = code === 'ENOENT' ? 'no such file' : `cannot be read (${code})`;
    throw new ConfigError([{ path: '', text }], file);
  }
}
