import type { Config } from '../config/config.ts';
import { ConfigError } from '../config/errors.ts';
import { loadConfig } from '../config/load.ts';
import { RULES } from '../rules/index.ts';
import { Failure } from './failure.ts';

/**
 * The configuration of a command that judges: the file, if any, and the environment.
 * @throws Failure with a line for each problem.
 */
export function settingsOf(file: string | undefined): Config {
  try {
    const rules = RULES.map(({ id }) => id);
    return loadConfig({ rules, ...(file === undefined ? {} : { file }) }).config;
  } catch (error) {
    if (error instanceof ConfigError) throw new Failure(error.message.split('\n'));
    throw error;
  }
}
