import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { manifestsPath, renderManifests } from '../../scripts/deploy.ts';
import { programs } from '../cluster/build.ts';
import { helms } from './helm.ts';

for (const name of helms) {
  test(`the plain manifests are what the chart gives with ${name}`, async () => {
    const helm = (await programs([name])).get(name) ?? name;
    assert.equal(readFileSync(manifestsPath, 'utf8'), await renderManifests(helm));
  });
}

test('the plain manifests hold no key', () => {
  assert.doesNotMatch(readFileSync(manifestsPath, 'utf8'), /tls\.key:|PRIVATE KEY|^data:|^stringData:/);
});
