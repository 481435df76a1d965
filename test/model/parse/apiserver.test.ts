import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import fc from 'fast-check';
import { parseManifest, problemText, readDocuments } from '../../../src/model/parse/index.ts';
import { type Cluster, startCluster } from '../../cluster/cluster.ts';
import { MANIFESTS } from './manifests.ts';

let cluster: Cluster;

before(async () => {
  cluster = await startCluster({ dualStack: true, nodePortRange: '1-65535' });
});

after(async () => {
  await cluster?.stop();
});

/** One seed for ever: a test that fails by chance teaches people to run it again. */
const SEED = 20_160_401;

for (const { kind, path, manifests, runs } of MANIFESTS) {
  test(`a server-side dry run with strict validation takes and refuses the same ${kind} objects`, async () => {
    let [taken, refused] = [0, 0];
    for (const raw of fc.sample(manifests, { numRuns: runs, seed: SEED })) {
      const answer = await cluster.request('POST', `${path}?dryRun=All&fieldValidation=Strict`, raw);
      const [document] = readDocuments(JSON.stringify(raw), 'f').documents;
      assert.ok(document !== undefined);
      const { problems } = parseManifest(document, { namespace: 'default' });
      const ours = problems.map(problemText).join('\n');
      assert.equal(
        problems.length === 0,
        answer.status < 300,
        `${JSON.stringify(raw)}\n${ours}\n${answer.text}`,
      );
      if (problems.length === 0) taken++;
      else refused++;
    }
    assert.ok(
      taken > runs / 10 && refused > runs / 10,
      `${taken} taken, ${refused} refused: the sample says little`,
    );
  });
}

test('YAML scalars mean what kubectl makes of them', async () => {
  const scalars = [
    'on',
    'y',
    'N',
    'oN',
    '~',
    '',
    '010',
    '0o10',
    '089',
    '0x1F',
    '-0x10',
    '0b101',
    '1_000',
    '1_',
    '.5',
  ].concat([
    ...[
      '5.',
      '1e3',
      '1e400',
      '+12',
      '-0',
      '12:30:45',
      '2026-01-02',
      '10.0.0.0/8',
      '"on"',
      '!!str on',
      '!!int "80"',
    ],
    ...[
      'NaN',
      '0b2',
      '=',
      '[1, on, {a: y}]',
      '{on: 1, 1: 2}',
      '|\n    x\n',
      '>\n    a\n    b\n',
      '"\\u00e9"',
    ],
  ]);
  const text = scalars.map((scalar, i) => `  v${i}: ${scalar}\n`).join('');
  const manifest = `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: x\ndata:\n${text}`;
  const { stdout, stderr, code } = await cluster.kubectl(
    ['create', '--dry-run=client', '--validate=false', '-o', 'json', '-f', '-'],
    { input: manifest },
  );
  assert.equal(code, 0, stderr);
  const [document] = readDocuments(manifest, 'f').documents;
  const ours = document?.raw as { data: unknown };
  assert.deepEqual(JSON.parse(JSON.stringify(ours.data)), JSON.parse(stdout).data);
});
