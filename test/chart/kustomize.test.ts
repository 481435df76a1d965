/** `deploy/` as people use it: built by the kustomize that kubectl has in it. */
import assert from 'node:assert/strict';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { parseAllDocuments, stringify } from 'yaml';
import { programs } from '../cluster/build.ts';
import { runKubectl } from '../cluster/kubectl.ts';
import { type Manifest, only } from './helm.ts';

const kubectl = (await programs(['kubectl'])).get('kubectl') ?? 'kubectl';

const deploy = join(import.meta.dirname, '..', '..', 'deploy');
const folder = mkdtempSync(join(tmpdir(), 'portent-kustomize-'));
cpSync(deploy, join(folder, 'base'), { recursive: true });
after(() => rmSync(folder, { recursive: true }));

/** By kind, namespace and name. YAML 1.1 is what kubectl reads: a bare `off` is false. */
function objectsOf(text: string): Map<string, Manifest> {
  const objects = parseAllDocuments(text, { version: '1.1' })
    .map((document) => document.toJS() as Manifest | null)
    .filter((manifest) => manifest !== null);
  const named = objects.map((each) => {
    const { namespace = '', name } = each.metadata;
    return [`${each.kind} ${namespace}/${name}`, each] as const;
  });
  const found = new Map(named.sort(([a], [b]) => (a < b ? -1 : 1)));
  assert.equal(found.size, objects.length, 'no object is there twice');
  return found;
}

async function build(name: string): Promise<Map<string, Manifest>> {
  const { code, stdout, stderr } = await runKubectl(kubectl, folder, ['kustomize', name]);
  assert.equal(code, 0, stderr);
  // It warns of fields that it will not know for long.
  assert.equal(stderr, '');
  return objectsOf(stdout);
}

/** What an overlay over the base gives. */
function overlay(name: string, fields: object): Promise<Map<string, Manifest>> {
  mkdirSync(join(folder, name));
  const kustomization = {
    apiVersion: 'kustomize.config.k8s.io/v1beta1',
    kind: 'Kustomization',
    resources: ['../base'],
    ...fields,
  };
  writeFileSync(join(folder, name, 'kustomization.yaml'), stringify(kustomization));
  return build(name);
}

const plain = objectsOf(
  ['namespace.yaml', 'portent.yaml'].map((name) => readFileSync(join(deploy, name), 'utf8')).join('\n---\n'),
);

test('kustomize builds from deploy/ the plain manifests and nothing else', async () => {
  assert.ok(plain.size >= 15, `${plain.size} objects`);
  assert.deepEqual(await build('base'), plain);
});

test('an overlay with an image, replicas and a configuration of its own changes these alone', async () => {
  const digest = `sha256:${'a'.repeat(64)}`;
  const config = 'profile: strict';
  const built = await overlay('own', {
    images: [{ name: 'portent', newName: 'mirror/portent', digest }],
    replicas: [{ name: 'portent', count: 3 }],
    patches: [
      {
        patch: stringify({
          apiVersion: 'v1',
          kind: 'ConfigMap',
          metadata: { name: 'portent', namespace: 'portent-system' },
          data: { 'config.yaml': config },
        }),
      },
    ],
  });
  const expected = structuredClone(plain);
  const deployment = only([...expected.values()], 'Deployment').spec as {
    replicas: number;
    readonly template: { readonly spec: { readonly containers: { image: string }[] } };
  };
  const [container] = deployment.template.spec.containers;
  assert.ok(container);
  assert.deepEqual([deployment.replicas, container.image], [2, 'portent:0.1.0']);
  deployment.replicas = 3;
  container.image = `mirror/portent@${digest}`;
  const { data } = only([...expected.values()], 'ConfigMap') as unknown as { data: object };
  assert.notDeepEqual(data, { 'config.yaml': config });
  Object.assign(data, { 'config.yaml': config });
  assert.deepEqual(built, expected);
});

// Why docs/install.md sends people to the chart for that.
test('an overlay cannot give it another name or namespace: names inside objects stay as they were', async () => {
  const built = [...(await overlay('moved', { namePrefix: 'my-', namespace: 'elsewhere' })).values()];
  const { namespace } = only(built, 'Deployment', 'my-portent').metadata;
  assert.equal(namespace, 'elsewhere');
  assert.match(JSON.stringify(only(built, 'ConfigMap', 'my-portent')), /secret: portent-system\/portent-tls/);
  only(built, 'ValidatingWebhookConfiguration', 'my-portent-system');
  const { rules } = only(built, 'ClusterRole', 'my-portent-system');
  assert.match(JSON.stringify(rules), /"resourceNames":\["portent-system"\]/);
  // It is for ConfigMaps of kube-system.
  assert.equal(only(built, 'Role', 'my-portent-system').metadata.namespace, 'elsewhere');
});
