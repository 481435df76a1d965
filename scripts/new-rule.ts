/**
 * Makes the file of a new rule and its line in the list of rules: `npm run new-rule -- ID [NetworkPolicy|Service]`.
 * The file compiles, and its own example fails until `check` is written.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';

const INDEX = 'src/rules/index.ts';
const KINDS = ['NetworkPolicy', 'Service'] as const;
type Kind = (typeof KINDS)[number];

const [id = '', kind = 'NetworkPolicy', ...rest] = process.argv.slice(2);
const problem = problemOf();
if (problem !== undefined) {
  console.error(problem);
  process.exit(2);
}
const file = `src/rules/${id}.ts`;
const name = id.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());
writeFileSync(file, ruleText(kind as Kind));
writeFileSync(INDEX, indexText(readFileSync(INDEX, 'utf8')));
const { status } = spawnSync('node_modules/.bin/biome', ['check', '--write', file, INDEX], {
  stdio: ['ignore', 'ignore', 'inherit'],
});
if (status !== 0) process.exit(1);
console.log(`${file} is there, and ${INDEX} lists it. Now (docs/add-a-rule.md has more):
  1. ${file}: write the examples, two that are right and two that are wrong, with the findings expected.
  2. The same file: write check(), until "npm test -- test/rules" passes.
  3. The same file: write the words in <angle brackets>, and choose severity and action.
  4. "npm run docs" writes docs/rules/${id}.md; "make check" is what CI runs.`);

function problemOf(): string | undefined {
  const usage = 'usage: npm run new-rule -- ID [NetworkPolicy|Service]';
  if (id === '' || rest.length > 0) return usage;
  if (!/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(id) || id.length < 3 || id.length > 40) {
    return `"${id}" is no id: 3 to 40 lower-case letters and digits, words joined by -, such as dns-cut`;
  }
  if (!KINDS.some((one) => one === kind)) return `"${kind}" is not judged; ${usage}`;
  if (!existsSync(INDEX)) return `${INDEX} is not here: run this in the checkout`;
  if (existsSync(`src/rules/${id}.ts`)) return `src/rules/${id}.ts is there already`;
  return undefined;
}

function indexText(before: string): string {
  const listed = before.replace(/^\]\);$/m, `  ${name},\n]);`);
  if (listed === before) throw new Error(`${INDEX} has no list that ends with "]);"`);
  return `import { ${name} } from './${id}.ts';\n${listed}`;
}

function ruleText(kind: Kind): string {
  const isPolicy = kind === 'NetworkPolicy';
  const helper = isPolicy ? 'policyText' : 'serviceText';
  const [right, wrong] = isPolicy
    ? [
        `policy('shop/web', '  podSelector: {matchLabels: {app: web}}\\n  ingress: [{}]\\n')`,
        `policy('shop/web', '  podSelector: {matchLabels: {app: web}}\\n')`,
      ]
    : [
        `service('shop/web', 'app: web', '{port: 80, targetPort: 8080}')`,
        `service('shop/web', 'app: web', '{port: 80}')`,
      ];
  return `import type { Rule } from './rule.ts';
import { ${helper} } from './text.ts';
import { deployment, ${isPolicy ? 'policy' : 'service'} } from './worlds/manifests.ts';

const CLUSTER = deployment('shop/web', 'app: web', '{containerPort: 8080}');

export const ${name}: Rule = {
  id: '${id}',
  title: '<the harm in a few words>',
  kinds: ['${kind}'],
  operations: ['CREATE', 'UPDATE'],
  severity: 'low',
  action: 'note',
  needs: 'model',
  summary: '<what it finds, in one sentence>',
  why: '<what happens to whom when nobody notices>',
  fix: '<what to do, in a sentence or two>',
  limits: ['<when it is wrong, and what it does not see>'],
  examples: {
    good: [
      {
        title: '<what is right here>',
        cluster: CLUSTER,
        operation: 'CREATE',
        manifest: ${right},
        findings: [],
      },
    ],
    bad: [
      {
        title: '<what is wrong here>',
        cluster: CLUSTER,
        operation: 'CREATE',
        manifest: ${wrong},
        findings: [{ subject: '${kind} shop/web', message: '<what is wrong, and what decides it>.' }],
      },
    ],
  },
  *check({ change }) {
    const object = change.after;
    if (object?.kind !== '${kind}') return;
    // The question the rule asks. As it stands it is never answered with yes.
    const isWrong = object.name === '';
    if (!isWrong) return;
    yield {
      subject: ${helper}(object),
      message: '<what is wrong, and what decides it>.',
      because: [${helper}(object)],
    };
  },
};
`;
}
