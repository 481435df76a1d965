import { ConfigError } from '../config/errors.ts';
import { type LoadedConfig, loadConfig } from '../config/load.ts';
import { RULE_IDS } from '../rules/index.ts';
import { Failure } from './failure.ts';

/**
 * The configuration: the file, if any, the environment, then flags by the path of their setting.
 * @throws Failure with a line for each problem.
 */
export function loadSettings(
  file: string | undefined,
  flags: Readonly<Record<string, string>> = {},
): LoadedConfig {
  try {
    return loadConfig({ rules: RULE_IDS, flags, ...(file === undefined ? {} : { file }) });
  } catch (error) {
    if (error instanceof ConfigError) throw new Failure(error.message.split('\n'));
    throw error;
  }
}
