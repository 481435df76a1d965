import { configJsonSchema, type Setting, settings } from './settings.ts';

/** A generated file: its path in the repository and its text. */
export interface GeneratedFile {
  readonly path: string;
  readonly text: string;
}

/** The generated documents about configuration: the JSON Schema and the page of all settings. */
export function docs(): GeneratedFile[] {
  return [
    { path: 'docs/config.schema.json', text: `${JSON.stringify(configJsonSchema(), null, 2)}\n` },
    { path: 'docs/configuration.md', text: page() },
  ];
}

function page(): string {
  return `# Configuration

Portent reads one file (YAML or JSON), then the environment, then flags; later ones win.
\`PORTENT_CONFIG\` or \`--config\` names the file. Lists are separated by commas in variables and flags.
Editors check the file against [config.schema.json](config.schema.json).

| setting | variable | standard | meaning |
| --- | --- | --- | --- |
${settings().map(row).join('\n')}

## Rules

Only the file sets actions of rules and exemptions. \`off\` does not run the rule, \`note\` logs and counts, \`warn\` shows a
warning to the user, \`deny\` refuses the change. The first override that fits the namespace counts.
An exemption turns what it covers into a note, with its reason.

\`\`\`yaml
profile: standard
rules:
  node-port-range: deny
  namespace-isolated:
    action: warn
    namespaces:
      - { names: [payments], action: deny }
      - { selector: { matchLabels: { tier: sandbox } }, action: off }
exemptions:
  - { rules: [namespace-isolated], users: ['system:serviceaccount:argocd:deployer'], reason: 'policies come first here' }
\`\`\`
`;
}

function row(setting: Setting): string {
  const standard = setting.standard === undefined ? '' : `\`${plain(setting.standard)}\``;
  return `| \`${setting.path}\` | \`${setting.variable}\` | ${standard} | ${setting.description.replaceAll('|', '\\|')} |`;
}

function plain(value: unknown): string {
  return Array.isArray(value) ? value.join(',') || '[]' : String(value);
}
