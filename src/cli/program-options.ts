import type { Command } from 'commander';

/** The options that name the cluster state. */
export function stateOptions(command: Command): Command {
  return command
    .option('--snapshot <path>', 'cluster state: a file or folder of YAML or JSON (repeatable)', gather)
    .option('--kubeconfig <file>', 'kubeconfig of the live cluster')
    .option('--context <name>', 'context in the kubeconfig')
    .option('--cni <name>', 'the network plug-in, where the cluster state does not show it');
}

/** Collects the values of an option that may be repeated. */
export function gather(value: string, before: readonly string[] | undefined): string[] {
  return [...(before ?? []), value];
}
