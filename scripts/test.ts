/**
 * Runs every test under test/ and prints one summary. Tests that start a real API server run one after the
 * other, after the rest: two control planes at a time on a small machine only measure each other.
 * Arguments, if any, name the test files or folders to run.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, globSync, readFileSync, statSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';

const TOTALS = ['tests', 'suites', 'pass', 'fail', 'cancelled', 'skipped', 'todo'] as const;
const totals = new Map<string, number>(TOTALS.map((name) => [name, 0]));
const started = performance.now();

const files = chosen(process.argv.slice(2));
if (files.length === 0) {
  console.error('no test files there; name files or folders under test/');
  process.exit(2);
}
const clusterFiles = files.filter(needsCluster);
const plainFiles = files.filter((file) => !clusterFiles.includes(file));

step('scripts/build.ts');
const noCluster = clusterFiles.length === 0 ? undefined : missingCluster();

const reporter = new spec();
reporter.pipe(process.stdout);
await report(plainFiles, Math.max(2, Math.floor(availableParallelism() / 2)));
if (noCluster === undefined) await report(clusterFiles, 1);
else failCluster(noCluster);
for (const name of TOTALS) diagnostic(`${name} ${totals.get(name) ?? 0}`);
diagnostic(`duration_ms ${Math.round(performance.now() - started)}`);
reporter.end();
if ((totals.get('fail') ?? 0) + (totals.get('cancelled') ?? 0) > 0) process.exitCode = 1;
if ((totals.get('tests') ?? 0) === 0) process.exitCode = 1;

function chosen(names: readonly string[]): string[] {
  const patterns = names.length === 0 ? ['test'] : names;
  const found = patterns.flatMap((name) =>
    existsSync(name) && statSync(name).isDirectory() ? globSync(`${name}/**/*.test.ts`) : globSync(name),
  );
  return [...new Set(found)].filter((file) => !file.includes('node_modules')).sort();
}

/** A test needs the control plane when it, or a helper beside it, imports what starts one. */
function needsCluster(file: string): boolean {
  const mark = /from '[^']*(cluster\/cluster|\.\/cluster|cluster\/build|\.\/build)\.ts'/;
  return mark.test(readFileSync(file, 'utf8')) || /^test\/(e2e|cluster)\//.test(file);
}

/** Builds the control plane, or finds it in the cache. One line that says what is missing, or undefined. */
function missingCluster(): string | undefined {
  const built = spawnSync(process.execPath, ['test/cluster/build.ts'], {
    stdio: ['ignore', 'ignore', 'pipe'],
    encoding: 'utf8',
  });
  if (built.status === 0) return undefined;
  const lines = built.stderr.trim().split('\n');
  return lines.at(-1) || 'the real API server could not be built';
}

function failCluster(reason: string): void {
  const text = `the real API server is missing, so ${clusterFiles.length} test files did not run: ${reason}`;
  console.error(text);
  totals.set('tests', (totals.get('tests') ?? 0) + 1);
  totals.set('fail', (totals.get('fail') ?? 0) + 1);
  diagnostic(text);
}

function diagnostic(message: string): void {
  reporter.write({ type: 'test:diagnostic', data: { nesting: 0, message, level: 'info' } });
}

/** Runs the files and passes everything to the reporter but the totals, which are added up. */
async function report(some: readonly string[], concurrency: number): Promise<void> {
  if (some.length === 0) return;
  for await (const event of run({ files: [...some], concurrency })) {
    if (event.type === 'test:diagnostic' && event.data.nesting === 0) {
      const [name = '', count = ''] = event.data.message.split(' ');
      if (totals.has(name)) {
        totals.set(name, (totals.get(name) ?? 0) + Number(count));
        continue;
      }
      if (name === 'duration_ms') continue;
    }
    reporter.write(event);
  }
}

function step(script: string): void {
  const { status } = spawnSync(process.execPath, [script], { stdio: 'inherit' });
  if (status !== 0) process.exit(1);
}
