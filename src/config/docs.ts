import { portentPolicyCrd } from './crd.ts';
import { policySpec } from './enforcement.ts';
import { FIXED } from './live.ts';
import { configJsonSchema, type Setting, settings } from './settings.ts';

/** A generated file: its path in the repository and its text. */
export interface GeneratedFile {
  readonly path: string;
  readonly text: string;
}

/** The generated documents about configuration: the JSON Schema, the page of all settings, the CRD. */
export function docs(): GeneratedFile[] {
  return [
    { path: 'docs/config.schema.json', text: `${JSON.stringify(configJsonSchema(), null, 2)}\n` },
    { path: 'docs/configuration.md', text: page() },
    { path: 'charts/portent/files/portentpolicy-crd.yaml', text: portentPolicyCrd() },
    // What the chart needs to know when it decides whether a change needs new pods.
    { path: 'charts/portent/files/read-at-start.json', text: `${JSON.stringify(FIXED)}\n` },
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

Only the file and PortentPolicies set actions of rules and exemptions, no variable and no flag. \`off\` does not run the rule, \`note\` logs and counts, \`warn\` shows a
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
      - { namespaceSelector: { matchLabels: { tier: sandbox } }, action: 'off' }
      - { kinds: [NetworkPolicy], groups: [network-team], action: note }
exemptions:
  - rules: [namespace-isolated]
    users: ['system:serviceaccount:argocd:deployer']
    reason: policies come first here
    until: '2030-12-31'
\`\`\`

## PortentPolicy

The same settings as a cluster-wide resource: ${policySettings()}.

\`\`\`yaml
apiVersion: portent.dev/v1alpha1
kind: PortentPolicy
metadata:
  name: payments
spec:
  rules:
    namespace-isolated:
      overrides:
        - { namespaces: [payments], action: deny }
\`\`\`

PortentPolicies lie on top of the file, in the order of their names. What a later one sets replaces what was set before, with
two exceptions: overrides of a rule come before those that are there, and exemptions are added. A rule is always written in
its long form. \`kubectl get portentpolicies\` shows whether each is in force; the condition \`Ready\` says what is wrong
with one that is not.

\`portent check\` takes the PortentPolicies of the cluster state it judges against, and \`portent snapshot\` saves
them, with the users and reasons in them.

## Changes while running

The file is looked at every second (a mounted ConfigMap takes up to a minute to arrive in the pod); PortentPolicies count at
once. ${fixedText()} are read at the start only; the log says so when they change.

What cannot be read changes nothing: the last good version stays in force, and the log, \`portent_config_good\` and
\`/readyz\` (which stays ready) say what is wrong. A replica that starts later has no last good version: of a broken PortentPolicy
it takes nothing, and with a broken file it does not start.
`;
}

function policySettings(): string {
  return Object.keys(policySpec.shape)
    .map((key) => `\`${key}\``)
    .join(', ');
}

function fixedText(): string {
  return FIXED.map((section) => `\`${section}\``).join(', ');
}

function row(setting: Setting): string {
  const standard = setting.standard === undefined ? '' : `\`${plain(setting.standard)}\``;
  return `| \`${setting.path}\` | \`${setting.variable}\` | ${standard} | ${setting.description.replaceAll('|', '\\|')} |`;
}

function plain(value: unknown): string {
  return Array.isArray(value) ? value.join(',') || '[]' : String(value);
}
