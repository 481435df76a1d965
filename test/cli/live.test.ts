/** The commands against a real API server: what they read live is what they read from a saved snapshot. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { type Cluster, startCluster } from '../cluster/cluster.ts';
import { folderOf, portent } from './portent.ts';

const manifests = `
apiVersion: v1
kind: Namespace
metadata: {name: shop}
---
apiVersion: v1
kind: Secret
metadata: {name: password, namespace: shop}
stringData: {password: open-sesame}
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop, labels: {app: web}, annotations: {note: for-nobody-else}}
spec:
  nodeName: worker
  automountServiceAccountToken: false
  containers:
    - {name: web, image: web, env: [{name: TOKEN, value: open-sesame}], ports: [{name: http, containerPort: 8080}]}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: web, namespace: shop}
spec: {podSelector: {matchLabels: {app: web}}, ingress: [{ports: [{port: http}]}]}
`;

let cluster: Cluster;
before(
  async () => {
    cluster = await startCluster();
    const applied = await cluster.kubectl(['apply', '-f', '-'], { input: manifests });
    assert.equal(applied.code, 0, applied.stderr);
  },
  { timeout: 90_000 },
);
after(() => cluster?.stop());

test('snapshot saves what the model needs and nothing confidential', () => {
  const file = join(folderOf({}), 'cluster.json');
  const live = ['--kubeconfig', cluster.kubeconfigPath];
  const saved = portent(['snapshot', ...live, '-o', file]);
  assert.equal(saved.code, 0, saved.stderr);
  const text = readFileSync(file, 'utf8');
  assert.equal(JSON.parse(text).kind, 'List');
  assert.doesNotMatch(text, /open-sesame|for-nobody-else|"Secret"/);

  const listed = portent(['list', ...live, '-o', 'json']);
  assert.equal(listed.code, 0, listed.stderr);
  assert.ok(
    listed.stdout.includes('{"from":"0.0.0.0/0","to":"shop/web","connections":["TCP 8080"]'),
    listed.stdout,
  );
  assert.equal(portent(['list', '--snapshot', file, '-o', 'json']).stdout, listed.stdout);
});

test('check judges a stored policy as an update', () => {
  const change = manifests
    .slice(manifests.indexOf('apiVersion: networking'))
    .replace('{port: http}', '{port: 80}');
  const args = ['check', '-f', '-', '--kubeconfig', cluster.kubeconfigPath, '-o', 'json'];
  const { code, stdout, stderr } = portent(args, change);
  assert.equal(code, 0, stderr);
  assert.equal(JSON.parse(stdout).changes[0].operation, 'UPDATE');
});

test('a context that is not there is one line', () => {
  const { code, stderr } = portent(['list', '--kubeconfig', cluster.kubeconfigPath, '--context', 'nowhere']);
  assert.equal(code, 2);
  assert.match(stderr, /^error: the kubeconfig has no context named nowhere\n$/);
});
