import type { Command } from 'commander';
import { program } from './program.ts';

/** The page of all commands, from the grammar the command line is parsed with. */
export async function cliDocs(): Promise<{ readonly path: string; readonly text: string }[]> {
  const { commands } = await program(true);
  const text = `# Commands

In a checkout, \`npm run -s portent -- COMMAND\` runs them once it is built (\`make build\`).

Exit status: 0 allowed (warnings included), 1 denied (or what \`--fail-on\` or \`--exit-code\` ask for),
2 bad input or usage, with one line for each error on standard error.

Cluster state comes from \`--snapshot\` (files or folders: plain objects, several documents, \`List\`s, what
\`kubectl get … -o json\` prints, or what \`portent snapshot\` saved), else from the live cluster of the usual kubeconfig. \`check\`
and \`diff\` without either judge against an empty cluster.

| command | does |
| --- | --- |
${commands.map((command) => `| [\`${command.name()}\`](#portent-${command.name()}) | ${command.description()} |`).join('\n')}
${commands.map(section).join('')}`;
  return [{ path: 'docs/cli.md', text }];
}

function section(command: Command): string {
  const help = command.configureHelp({ helpWidth: 100 }).helpInformation();
  return `\n## portent ${command.name()}\n\n\`\`\`text\n${help.trimEnd()}\n\`\`\`\n`;
}
