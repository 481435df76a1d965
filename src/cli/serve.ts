import { Command } from 'commander';
import { type StatedCni, withStated } from '../cluster/cni/detect.ts';
import type { Config } from '../config/config.ts';
import { type Setting, settings } from '../config/settings.ts';
import { serve } from '../main.ts';
import type { Snapshot } from '../model/snapshot.ts';
import { cniNamed } from './cni.ts';
import type { ServeOptions, StateOptions } from './options.ts';
import { stateOptions } from './program-options.ts';
import { loadSettings } from './settings.ts';
import { readState } from './state.ts';
import { VERSION } from './version.ts';

/** The grammar of `portent serve`: a flag for every setting of the configuration. */
export function serveCommand(): Command {
  const command = new Command('serve')
    .description('Answer admission reviews: the webhook.')
    .option('--config <file>', 'configuration file, YAML or JSON');
  stateOptions(command);
  for (const setting of settings()) {
    command.option(
      `${setting.flag} <${placeholder(setting)}>`,
      `${setting.description}${standardText(setting)}`,
    );
  }
  return command.action((options: ServeOptions) => run(options, flagsOf(command)));
}

function standardText({ standard }: Setting): string {
  const text = Array.isArray(standard) ? standard.join(',') : String(standard ?? '');
  return text === '' ? '' : ` (default: ${text})`;
}

function placeholder({ type }: Setting): string {
  return type === 'text' ? 'value' : type;
}

/** The settings that were given as flags, by their path. */
function flagsOf(command: Command): Record<string, string> {
  const flags: [string, string][] = [];
  for (const { flag, path } of settings()) {
    const option = command.options.find(({ long }) => long === flag);
    const value: unknown = option === undefined ? undefined : command.getOptionValue(option.attributeName());
    if (typeof value === 'string') flags.push([path, value]);
  }
  return Object.fromEntries(flags);
}

async function run(options: ServeOptions, flags: Readonly<Record<string, string>>): Promise<void> {
  const loaded = loadSettings(options.config, flags);
  const stated = options.cni === undefined ? {} : cniNamed(options.cni);
  const withCni = (config: Config): Config => ({ ...config, cni: { ...config.cni, ...stated } });
  const config = withCni(loaded.config);
  const { file } = loaded;
  const { kubeconfig, context } = options;
  const policies: { name: string; spec: unknown }[] = [];
  const snapshot = fixedSnapshot(options, config.cni, policies);
  await serve({
    config,
    version: VERSION,
    notices: loaded.notices,
    ...(file === undefined ? {} : { file: { ...file, parse: (text: string) => withCni(file.parse(text)) } }),
    ...(snapshot === undefined ? {} : { snapshot, policies }),
    ...(kubeconfig === undefined ? {} : { kubeconfig }),
    ...(context === undefined ? {} : { context }),
  });
}

function fixedSnapshot(
  { snapshot }: StateOptions,
  stated: StatedCni,
  policies: { name: string; spec: unknown }[],
): Snapshot | undefined {
  if (snapshot === undefined) return undefined;
  const store = readState(snapshot, [], {
    put: (name, spec) => {
      policies.push({ name, spec });
      return [];
    },
    remove: () => undefined,
  });
  store.cni = withStated(store.cni, stated);
  return store;
}
