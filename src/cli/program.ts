import { Command, CommanderError, Option } from 'commander';
import { BAD_INPUT, failureLines } from './failure.ts';
import type {
  CheckOptions,
  DiffOptions,
  ExplainOptions,
  ListOptions,
  SnapshotOptions,
  StateOptions,
} from './options.ts';
import { gather, stateOptions } from './program-options.ts';
import { VERSION } from './version.ts';

/** Runs one command line. The exit code is 0 (allowed), 1 (denied) or 2 (bad input or usage). */
export async function main(argv: readonly string[]): Promise<void> {
  try {
    await (await program(argv[2] === 'serve')).parseAsync(argv);
  } catch (error) {
    if (error instanceof CommanderError) {
      // Help and version come as errors with exit code 0. Commander has written its line already.
      process.exitCode = error.exitCode === 0 ? 0 : BAD_INPUT;
      return;
    }
    for (const line of failureLines(error)) process.stderr.write(`error: ${line}\n`);
    process.exitCode = BAD_INPUT;
  }
}

/**
 * The command line's grammar. The code of a command is loaded when it runs, and no other; the flags of `serve`
 * come from the whole configuration, so they are put in only when they are wanted.
 */
export async function program(withServe: boolean): Promise<Command> {
  const root = new Command('portent')
    .description('Says who loses and who gains access before a NetworkPolicy or Service is stored.')
    .version(VERSION, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .helpCommand(false)
    .exitOverride();
  if (withServe) root.addCommand((await import('./serve.ts')).serveCommand().copyInheritedSettings(root));
  else root.command('serve').description('Answer admission reviews: the webhook.');
  addCheck(root);
  addList(root);
  addDiff(root);
  addExplain(root);
  addSnapshot(root);
  addRules(root);
  addUnregister(root);
  return root;
}

function addCheck(root: Command): void {
  stateOptions(
    withManifests(root.command('check').description('Judge manifests as the webhook would.'))
      .option('--together', 'judge all manifests as one change')
      .option('--fix', 'show the change to the manifest that makes a finding go away; no file is written')
      .addOption(
        new Option('--fail-on <decision>', 'the mildest decision that fails')
          .choices(['deny', 'warn'])
          .default('deny'),
      )
      .addOption(output(['text', 'json', 'sarif', 'junit', 'github'])),
  ).action(async (options: CheckOptions) => {
    const { check } = await import('./check.ts');
    process.exitCode = await check(options);
  });
}

function addList(root: Command): void {
  stateOptions(
    root
      .command('list')
      .description('List all allowed connections.')
      .addOption(grain())
      .addOption(output(['text', 'json', 'dot', 'mermaid', 'csv'])),
  ).action(async (options: ListOptions) => {
    const { list } = await import('./list.ts');
    process.exitCode = await list(options);
  });
}

function addDiff(root: Command): void {
  stateOptions(
    withManifests(
      root.command('diff').description('List the connections that manifests make lost and gained.'),
    )
      .addOption(grain())
      .option('--exit-code', 'exit with 1 when there is a difference')
      .addOption(output(['text', 'json', 'dot', 'mermaid', 'csv'])),
  ).action(async (options: DiffOptions) => {
    const { diff } = await import('./diff.ts');
    process.exitCode = await diff(options);
  });
}

function addExplain(root: Command): void {
  stateOptions(
    root
      .command('explain')
      .description('Say whether a connection is allowed, and which policies and rules decide it.')
      .argument('[from]', 'namespace/pod, namespace/workload[Kind], an address or a CIDR')
      .argument('[to]', 'as FROM, or service:namespace/name')
      .argument('[port]', 'PORT or PORT/PROTOCOL (TCP unless given)')
      .option(
        '--queries <file>',
        'one JSON query a line: {"from":…,"to":…,"port":…,"protocol":…}; - for stdin',
      )
      .addOption(output(['text', 'json'])),
  ).action(async (from, to, port, options: ExplainOptions) => {
    const { explainCommand } = await import('./explain.ts');
    process.exitCode = await explainCommand([from, to, port], options);
  });
}

function addSnapshot(root: Command): void {
  root
    .command('snapshot')
    .description(
      "Save the live cluster's state to a file: what the model needs and nothing confidential. What ConfigMaps show is not in it.",
    )
    .option('--kubeconfig <file>', 'kubeconfig of the live cluster')
    .option('--context <name>', 'context in the kubeconfig')
    .option('-o, --output <file>', 'where to write; - for standard output', '-')
    .action(async (options: SnapshotOptions) => {
      const { snapshotCommand } = await import('./snapshot.ts');
      process.exitCode = await snapshotCommand(options);
    });
}

function addRules(root: Command): void {
  root
    .command('rules')
    .description('List the rules, or print the page of one.')
    .argument('[id]', 'a rule')
    .addOption(output(['text', 'json']))
    .action(async (id: string | undefined, options: { readonly output: string }) => {
      const { rulesCommand } = await import('./rules.ts');
      process.exitCode = await rulesCommand(id, options.output);
    });
}

function addUnregister(root: Command): void {
  root
    .command('unregister')
    .description('Delete the webhook configuration, so that the API server asks no more.')
    .argument('<name>', 'name of the ValidatingWebhookConfiguration')
    .option('--kubeconfig <file>', 'kubeconfig of the live cluster')
    .option('--context <name>', 'context in the kubeconfig')
    .action(async (name: string, options: StateOptions) => {
      const { unregister } = await import('./unregister.ts');
      process.exitCode = await unregister(name, options);
    });
}

function withManifests(command: Command): Command {
  return command
    .requiredOption('-f, --file <path...>', 'manifests: files or folders; - for standard input', gather)
    .option('-n, --namespace <name>', 'namespace of manifests that name none', 'default')
    .option('--delete', 'judge the deletion of the manifests')
    .option('--config <file>', 'configuration file, YAML or JSON');
}

function grain(): Option {
  return new Option('--by <what>', 'one row for each').choices(['workload', 'pod']).default('workload');
}

function output(formats: readonly string[]): Option {
  return new Option('-o, --output <format>', 'how to print').choices(formats).default('text');
}
