import assert from 'node:assert/strict';
import { execFile, execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, test } from 'node:test';
import { atLeast, besideProgram, programs } from './build.ts';
import { goVersion, target } from './targets.ts';

const folder = mkdtempSync(join(tmpdir(), 'portent-build-'));

after(() => rmSync(folder, { recursive: true, force: true }));

interface Outcome {
  readonly code: number | string | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

/** Go would look for its own cache in XDG_CACHE_HOME too, and compile everything again. */
const goCache = execFileSync('go', ['env', 'GOCACHE'], { encoding: 'utf8' }).trim();

/** Runs build.ts with a cache of its own. */
function build(cache: string, environment: NodeJS.ProcessEnv, ...names: string[]): Promise<Outcome> {
  const script = join(import.meta.dirname, 'build.ts');
  const own = { KUBEBUILDER_ASSETS: '', XDG_CACHE_HOME: join(folder, cache), GOCACHE: goCache };
  const env = { ...process.env, ...own, ...environment };
  return new Promise((resolve) => {
    execFile(process.execPath, [script, ...names], { env }, (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : (error.code ?? undefined), stdout, stderr }),
    );
  });
}

const lines = (text: string) => text.trimEnd().split('\n');

test('two runs at once build a program once', async () => {
  const outcomes = await Promise.all([build('two', {}, 'etcd'), build('two', {}, 'etcd')]);
  for (const { code, stderr } of outcomes) assert.equal(code, 0, stderr);
  const said = outcomes.flatMap(({ stderr }) => lines(stderr));
  assert.equal(said.filter((line) => line.startsWith('building etcd v')).length, 1, said.join('\n'));
  assert.equal(said.filter((line) => line.startsWith('waiting for another run')).length, 1, said.join('\n'));
  const paths = outcomes.map(({ stdout }) => lines(stdout)[0]?.split('\t')[1] ?? '');
  assert.equal(paths[0], paths[1]);
  assert.deepEqual(
    readdirSync(dirname(paths[0] ?? '')),
    ['etcd'],
    'neither lock nor temporary folder is left',
  );
});

test('without Go one line says what to install', async () => {
  const { code, stdout, stderr } = await build('no-go', { PATH: '/nonexistent' }, 'kube-apiserver');
  assert.equal(code, 1);
  assert.equal(stdout, '');
  assert.equal(lines(stderr).length, 1);
  assert.match(stderr, /kube-apiserver has to be built once, but Go is not installed\. Install Go 1\.\d+/);
  assert.match(stderr, /KUBEBUILDER_ASSETS/);
});

test('with a Go too old one line says which is needed', async () => {
  const bin = mkdtempSync(join(folder, 'bin-'));
  writeFileSync(join(bin, 'go'), '#!/bin/sh\necho go1.19.8\n');
  chmodSync(join(bin, 'go'), 0o755);
  const { code, stderr } = await build('old-go', { PATH: `${bin}:/usr/bin:/bin` }, 'kwok');
  assert.equal(code, 1);
  assert.equal(lines(stderr).length, 1);
  assert.match(stderr, /Go 1\.19\.8 is too old\. Install Go 1\.26\.\d+ or newer/);
});

test('KUBEBUILDER_ASSETS is used for what it holds', async () => {
  const assets = mkdtempSync(join(folder, 'assets-'));
  writeFileSync(join(assets, 'kubectl'), '');
  chmodSync(join(assets, 'kubectl'), 0o755);
  const own = { KUBEBUILDER_ASSETS: assets, PATH: '/nonexistent' };
  const { code, stdout } = await build('assets', own, 'kubectl');
  assert.equal(code, 0);
  assert.equal(stdout, `kubectl\t${join(assets, 'kubectl')}\n`);
  assert.equal((await build('assets', own, 'etcd')).code, 1, 'etcd is not there');
});

test('an unknown program is refused with the list of those known', async () => {
  const { code, stderr } = await build('unknown', {}, 'docker');
  assert.equal(code, 1);
  assert.match(stderr, /^docker is not a program to build\. Choose from: etcd, /);
});

test('the stages of kwok lie beside it', async () => {
  const path = (await programs(['kwok'])).get('kwok') ?? '';
  assert.deepEqual(readdirSync(dirname(path)).sort(), ['kwok', 'stages.yaml']);
  assert.equal(besideProgram(path, 'kwok'), join(dirname(path), 'stages.yaml'));
});

test('Go versions are compared by number', () => {
  assert.ok(atLeast('1.26.8', '1.26.0'));
  assert.ok(atLeast('1.100', '1.26.0'));
  assert.ok(atLeast('1.26', '1.26.0'));
  assert.ok(atLeast('1.27rc1', '1.26.0'));
  assert.ok(!atLeast('1.25.12', '1.26.0'));
  assert.ok(!atLeast('1.9', '1.26.0'));
  assert.ok(!atLeast('', goVersion(target('etcd').folder)));
});
