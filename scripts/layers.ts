/** Checks the arrows between the folders of src (.dependency-cruiser.cjs), and says why each broken one matters. */
import { globSync } from 'node:fs';
import { cruise, type ICruiseResult } from 'dependency-cruiser';
import extractConfig from 'dependency-cruiser/config-utl/extract-depcruise-config';

const { options, ...ruleSet } = await extractConfig('./.dependency-cruiser.cjs');
const { output } = await cruise(['src'], { ...options, ruleSet, validate: true, outputType: 'json' });
const { modules, summary } = (typeof output === 'string' ? JSON.parse(output) : output) as ICruiseResult;

const sources = new Set(modules.map(({ source }) => source));
const unseen = globSync('src/**/*.ts').filter((file) => !sources.has(file.replaceAll('\\', '/')));
for (const file of unseen) console.error(`${file}: was not looked at`);
const reasons = new Map((ruleSet.forbidden ?? []).map(({ name = '', comment = '' }) => [name, comment]));
for (const { from, to, rule, cycle } of summary.violations) {
  const path = cycle === undefined ? to : cycle.map(({ name }) => name).join(' → ');
  console.error(`${from} → ${path}\n  ${rule.name}: ${reasons.get(rule.name) ?? ''}`);
}
if (unseen.length > 0 || summary.violations.length > 0) process.exitCode = 1;
else console.log(`layers: ${sources.size} modules, every arrow points the right way`);
