/**
 * Small clusters with a change, and what `portent check` says about it beside them.
 * `UPDATE_WORLDS=1 node --test test/cli/worlds.test.ts` writes the answers anew: read the difference.
 */
import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { portent } from './portent.ts';

const changes = globSync('test/worlds/*/change*.yaml', { cwd: join(import.meta.dirname, '..', '..') }).sort();

test('there are worlds', () => assert.ok(changes.length >= 6, changes.join()));

for (const change of changes) {
  const folder = dirname(change);
  const args = ['check', '-f', change, '--snapshot', join(folder, 'snapshot')];
  const expected = change.replace('change', 'expected').replace('.yaml', '');

  test(`${change}: what a person reads`, () => {
    const { code, stdout, stderr } = portent(args);
    compare(`${expected}.txt`, `${stdout}${stderr}exit status ${code}\n`);
  });

  test(`${change}: what a program reads`, () => {
    const { code, stdout, stderr } = portent([...args, '-o', 'json']);
    if (code === 2) {
      assert.equal(stdout, '', 'bad input gives no judgement');
      assert.match(stderr, /^error: test\/worlds\/\S+\.yaml:\d+: .+\n/);
    } else {
      compare(`${expected}.json`, stdout);
      assert.equal(JSON.parse(stdout).decision === 'deny' ? 1 : 0, code);
    }
  });
}

function compare(file: string, text: string): void {
  const path = join(import.meta.dirname, '..', '..', file);
  if (process.env.UPDATE_WORLDS === '1') writeFileSync(path, text);
  assert.ok(existsSync(path), `${file} is missing; UPDATE_WORLDS=1 writes it`);
  assert.equal(text, readFileSync(path, 'utf8'), file);
}
