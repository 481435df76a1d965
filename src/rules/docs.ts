import { RULES } from './index.ts';
import type { Action, ExpectedFinding, Rule, User, World } from './rule.ts';

/** A page per rule and the catalogue, from what the rules run on. Paths are relative to the checkout. */
export function rulesDocs(): { path: string; text: string }[] {
  return [
    { path: 'docs/rules/README.md', text: catalogue() },
    ...RULES.map((rule) => ({ path: `docs/rules/${rule.id}.md`, text: rulePage(rule) })),
  ];
}

function catalogue(): string {
  const rows = RULES.map(
    ({ id, summary, kinds, severity, action }) =>
      `| [${id}](${id}.md) | ${summary} | ${kinds.join(', ')} | ${severity} | ${action} |`,
  );
  return `# Rules

Each rule has a page with what it looks for, why, what to do, when it is wrong, and examples that are its tests.
The action is that of the profile \`standard\`; the configuration can set another (\`off\`, \`note\`, \`warn\`, \`deny\`) everywhere or
in some namespaces. A finding of severity info is a note at most. [Add a rule](../add-a-rule.md) in five steps.

| rule | what it finds | looks at | severity | action |
| --- | --- | --- | --- | --- |
${rows.join('\n')}
`;
}

/** One rule's page in Markdown; \`portent rules ID\` prints it too. */
export function rulePage(rule: Rule): string {
  const examples = [
    ...rule.examples.bad.map((world) => example(rule, world)),
    ...rule.examples.good.map((world) => example(rule, world)),
  ];
  return `# ${rule.id}

${rule.title}. ${rule.summary}

| looks at | on | severity | action | needs |
| --- | --- | --- | --- | --- |
| ${rule.kinds.join(', ')} | ${rule.operations.join(', ')} | ${rule.severity} | ${rule.action} | ${rule.needs === 'model' ? 'an up-to-date model of the cluster' : 'the object alone'} |

## Why

${rule.why}

## What to do

${rule.fix}

## When it is wrong

${rule.limits.map((limit) => `- ${limit}`).join('\n')}

## Examples

Each example is a test of the rule.

${examples.join('\n')}`;
}

function example(rule: Rule, world: World): string {
  const parts = [`### ${world.title}\n`];
  if (world.cluster !== '') parts.push(`The cluster:\n\n${yaml(world.cluster)}`);
  if (world.enforces !== undefined) {
    parts.push(
      `The network plug-in is known ${world.enforces === 'yes' ? 'to enforce' : 'not to enforce'} policies.\n`,
    );
  }
  if (world.missing !== undefined) parts.push(`Portent may not read: ${world.missing.join(', ')}.\n`);
  if (world.settings !== undefined) {
    parts.push(`The configuration says:\n\n${yaml(JSON.stringify(world.settings))}`);
  }
  const who = world.user === undefined ? '' : ` by ${userText(world.user)}`;
  parts.push(`${world.operation}${who}:\n\n${yaml(world.manifest)}`);
  if (world.findings.length > 0) {
    parts.push(`${world.findings.map((finding) => findingText(rule, finding)).join('\n')}\n`);
  } else if (world.unchecked === undefined) parts.push('No finding.\n');
  if (world.unchecked !== undefined) parts.push(`The rule could not know: ${world.unchecked}.\n`);
  return parts.join('\n');
}

function userText({ username, groups }: User): string {
  return groups.length === 0 ? username : `${username} (of ${groups.join(', ')})`;
}

const LEADS: Readonly<Record<Action, string>> = {
  off: '',
  note: ', noted',
  warn: ', not refused',
  deny: ', refused',
};

function findingText(rule: Rule, { subject, message, severity, action, patch }: ExpectedFinding): string {
  const leads = action === undefined || action === rule.action ? '' : LEADS[action];
  const said = `- **${severity ?? rule.severity}${leads}**, \`${subject}\`: ${message}`;
  if (patch === undefined) return said;
  const steps = `[\n${patch.map((step) => `  ${JSON.stringify(step)}`).join(',\n')}\n]`;
  return `${said}\n\n  Ready fix, as JSON Patch (\`portent check --fix\` shows it in the manifest):\n\n${indented(`\`\`\`json\n${steps}\n\`\`\``)}`;
}

function indented(text: string): string {
  return text.replace(/^/gm, '  ');
}

function yaml(text: string): string {
  return `\`\`\`yaml\n${text.replace(/^---\n/, '').trimEnd()}\n\`\`\`\n`;
}
