import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { describe, test } from 'node:test';
import { parseAllDocuments } from 'yaml';
import { programs } from '../cluster/build.ts';
import { type Manifest, render } from './helm.ts';
import { KUBERNETES, schemaLocation } from './schemas.ts';
import { VARIANTS } from './variants.ts';

const kubeconform = (await programs(['kubeconform'])).get('kubeconform') ?? 'kubeconform';
const rendered = new Map(
  await Promise.all(
    [...VARIANTS].map(async ([name, values]) => [name, await render('helm', ...values)] as const),
  ),
);

/** Kinds of other projects: their schemas are not Kubernetes' own. */
const FOREIGN = ['ServiceMonitor', 'PrometheusRule', 'Certificate', 'Issuer', 'PortentPolicy'];

interface Verdict {
  readonly kind: string;
  readonly name: string;
  readonly status: string;
  readonly msg: string;
}

async function check(version: string, manifests: readonly Manifest[]): Promise<readonly Verdict[]> {
  const location = await schemaLocation(version);
  const { stdout, stderr, status } = spawnSync(
    kubeconform,
    ['-output=json', '-verbose', '-n=1', `-skip=${FOREIGN.join()}`, `-schema-location=${location}`],
    { input: manifests.map((each) => JSON.stringify(each)).join('\n---\n'), encoding: 'utf8' },
  );
  assert.ok(status === 0 || status === 1, stderr);
  return (JSON.parse(stdout) as { resources: Verdict[] }).resources;
}

const wrong = ({ status }: Verdict): boolean => status !== 'statusValid' && status !== 'statusSkipped';

for (const version of KUBERNETES.keys()) {
  describe(`Kubernetes ${version}`, () => {
    for (const [name, manifests] of rendered) {
      test(`knows every field the chart renders: ${name}`, async () => {
        const verdicts = await check(version, manifests);
        assert.equal(verdicts.length, manifests.length);
        assert.deepEqual(verdicts.filter(wrong), []);
        assert.ok(verdicts.some(({ kind, status }) => kind === 'Deployment' && status === 'statusValid'));
      });
    }

    test('refuses a field that does not exist, a wrong type and a kind it does not serve', async () => {
      const objects = parseAllDocuments(`
apiVersion: v1
kind: Service
metadata: {name: misspelt}
spec: {portz: []}
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: wrong-type}
spec: {maxUnavailable: [1]}
---
apiVersion: policy/v1beta1
kind: PodDisruptionBudget
metadata: {name: gone}
spec: {}
`).map((document) => document.toJS() as Manifest);
      const verdicts = await check(version, objects);
      assert.deepEqual(
        verdicts.map(({ name, status }) => [name, status]),
        [
          ['misspelt', 'statusInvalid'],
          ['wrong-type', 'statusInvalid'],
          ['gone', 'statusError'],
        ],
      );
    });
  });
}
