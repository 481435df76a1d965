/**
 * What the chart renders for each documented way of installing, as files to be read in a review:
 * `UPDATE_SNAPSHOTS=1 node scripts/test.ts test/chart/snapshots.test.ts` writes them anew.
 */
import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { stringify } from 'yaml';
import { helms, render } from './helm.ts';
import { VARIANTS } from './variants.ts';

const folder = join(import.meta.dirname, 'snapshots');
const { UPDATE_SNAPSHOTS: update = '' } = process.env;

const fileOf = (variant: string): string => `${variant.replaceAll(/[^A-Za-z]+/g, '-').toLowerCase()}.yaml`;

/**
 * In one order, whatever Helm's is. The definition of PortentPolicy and the dashboard are left out: they are files
 * of the chart as they are, and long.
 */
async function textOf(helm: (typeof helms)[number], values: readonly string[]): Promise<string> {
  const manifests = (await render(helm, ...values)).filter(
    ({ kind, metadata }) => kind !== 'CustomResourceDefinition' && !metadata.name.endsWith('-dashboard'),
  );
  const sorted = manifests
    .map((manifest) => ({ key: `${manifest.kind}/${manifest.metadata.name}`, manifest }))
    .sort((a, b) => (a.key < b.key ? -1 : 1));
  return sorted.map(({ manifest }) => `---\n${stringify(manifest, { lineWidth: 110 })}`).join('');
}

if (update !== '') {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder);
  for (const [variant, values] of VARIANTS)
    writeFileSync(join(folder, fileOf(variant)), await textOf('helm', values));
}

for (const [variant, values] of VARIANTS) {
  test(`renders what its snapshot says: ${variant}`, async () => {
    const expected = readFileSync(join(folder, fileOf(variant)), 'utf8');
    for (const helm of helms) assert.equal(await textOf(helm, values), expected, helm);
  });
}

test('no snapshot is left of a variant that is gone', () => {
  assert.deepEqual(readdirSync(folder).sort(), [...VARIANTS.keys()].map(fileOf).sort());
});
