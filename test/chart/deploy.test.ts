import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parse, parseAllDocuments } from 'yaml';
import { manifestsPath, renderManifests } from '../../scripts/deploy.ts';
import { programs } from '../cluster/build.ts';
import { chartFolder, helms, type Manifest, only } from './helm.ts';

for (const name of helms) {
  test(`the plain manifests are what the chart gives with ${name}`, async () => {
    const helm = (await programs([name])).get(name) ?? name;
    assert.equal(readFileSync(manifestsPath, 'utf8'), await renderManifests(helm));
  });
}

test("as kubectl reads the plain manifests, PortentPolicy is the chart's: `off` is a word there, not false", () => {
  const asKubectl = { version: '1.1' } as const;
  const manifests = parseAllDocuments(readFileSync(manifestsPath, 'utf8'), asKubectl).map(
    (document) => document.toJS() as Manifest,
  );
  const { spec } = only(manifests, 'CustomResourceDefinition');
  const file = readFileSync(join(chartFolder, 'files', 'portentpolicy-crd.yaml'), 'utf8');
  assert.deepEqual(spec, (parse(file, asKubectl) as Manifest).spec);
  assert.match(JSON.stringify(spec), /"enum":\["off","note","warn","deny"\]/);
});

test('the plain manifests hold no key', () => {
  assert.doesNotMatch(readFileSync(manifestsPath, 'utf8'), /tls\.key:|PRIVATE KEY|^data:|^stringData:/);
});
