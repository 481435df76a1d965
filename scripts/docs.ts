/**
 * Writes every generated document, or with --check says which ones differ from what the program would write.
 * Each comes from what the program itself runs on: rules, metrics, the configuration's schema, the commands. The
 * dashboard is among them: its queries name metrics. So are the chart's own page and
 * the schema of its values.
 */
import { existsSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { cliDocs } from '../src/cli/docs.ts';
import { docs as configDocs } from '../src/config/docs.ts';
import { rulesDocs } from '../src/rules/docs.ts';
import { docs as metricsDocs } from '../src/telemetry/docs.ts';
import { chartReadme } from './chart-readme.ts';
import { chartValues } from './chart-values.ts';
import { conformance } from './conformance.ts';
import { dashboard } from './dashboard.ts';

const check = process.argv.includes('--check');
const wanted = new Map<string, string>();
for (const { path, text } of [...rulesDocs(), ...metricsDocs(), ...configDocs(), ...(await cliDocs())]) {
  wanted.set(path, text);
}
for (const { path, text } of [dashboard(), chartReadme(), chartValues()]) wanted.set(path, text);
wanted.set('README.md', conformance(readFileSync('README.md', 'utf8')));

const stale: string[] = [];
for (const [path, text] of wanted) {
  if (existsSync(path) && readFileSync(path, 'utf8') === text) continue;
  stale.push(path);
  if (check) continue;
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}
// A page of a rule that is gone.
for (const path of globSync('docs/rules/*.md')) {
  if (wanted.has(path)) continue;
  stale.push(path);
  if (!check) rmSync(path);
}

if (check && stale.length > 0) {
  for (const path of stale) console.error(`${path} is out of date; "npm run docs" writes it`);
  process.exitCode = 1;
} else if (!check) {
  console.log(stale.length === 0 ? 'all generated documents are up to date' : `wrote ${stale.join(', ')}`);
}
