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
warning to the user, \`deny\` refuses the change. The profile gives the action of every rule that is not set: \`advise\` denies
nothing, \`standard\` only what is certainly wrong or an outage, \`strict\` also what it would warn about with high severity.

An override is another action where all its conditions hold: \`namespaces\` (names), \`namespaceSelector\` (labels of the
Namespace), \`kinds\` (\`NetworkPolicy\`, \`Service\`), \`users\`, \`groups\`. The first override that fits counts. Where a selector
asks for labels of a Namespace that Portent has not seen, nothing is denied. Offline there is no user, so no \`users\` and no
\`groups\` fit.

An exemption has the same conditions. It turns what it covers into a note; each use is shown to the user, logged and
counted. [Exemptions](exemptions.md) tells also of those that an object asks for itself.

\`\`\`yaml
profile: standard
rules:
  node-port-range: deny
  namespace-isolated:
    action: warn
    overrides:
      - { namespaces: [payments], action: deny }
      - { namespaceSelector: { matchLabels: { tier: sandbox } }, action: off }
      - { kinds: [NetworkPolicy], groups: [network-team], action: note }
exemptions:
  - rules: [namespace-isolated]
    users: ['system:serviceaccount:argocd:deployer']
    reason: policies come first here
    until: '2030-12-31'
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
