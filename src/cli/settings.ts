import type { Config } from '../config/config.ts';
import { ConfigError } from '../config/errors.ts';
import { loadConfig } from '../config/load.ts';
import { RULES } from '../rules/index.ts';
import { Failure } from './failure.ts';

/** A configuration, and lines to tell the operator. */
export interface Loaded {
  readonly config: Config;
  readonly notices: readonly string[];
}

/**
 * The configuration: the file, if any, the environment, then flags by the path of their setting.
 * @throws Failure with a line for each problem.
 */
export function loadSettings(file: string | undefined, flags: Readonly<Record<string, string>> = {}): Loaded {
  try {
    const rules = RULES.map(({ id }) => id);
    return loadConfig({ rules, flags, ...(file === undefined ? {} : { file }) });
  } catch (error) {
    if (error instanceof ConfigError) throw new Failure(error.message.split('\n'));
    throw error;
  }
}
