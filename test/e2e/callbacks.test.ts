/** A webhook that the API server needs, and policies that would cut it off, by kubectl in a real cluster. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { policy } from '../../src/rules/worlds/manifests.ts';
import { WEBHOOK, WEBHOOK_PODS, WEBHOOK_SERVICE } from '../../src/rules/worlds/references.ts';
import type { Cluster } from '../cluster/cluster.ts';
import { rawObjects } from '../rules/world.ts';
import { guarded } from './guarded.ts';
import { documents, namespaceOf } from './objects.ts';
import { apply, podsReady, type Said } from './portent.ts';

const POLICY = (ingress: string): string =>
  policy('guard/webhook', `  podSelector: {matchLabels: {app: guard}}\n  ingress: [${ingress}]\n`);
const PODS_ONLY = POLICY('{from: [{namespaceSelector: {}}]}');
const PORT = POLICY('{ports: [{port: 9443}]}');

let cluster: Cluster;

guarded(async (started) => {
  cluster = started;
  const objects = rawObjects(WEBHOOK_PODS + WEBHOOK_SERVICE + WEBHOOK('Fail'));
  const made = await apply(cluster, documents(namespaceOf('guard'), ...objects));
  assert.equal(made.code, 0, made.stderr);
  await podsReady(cluster, 'guard', 1);
});

const put = (manifest: string): Promise<Said> => apply(cluster, documents(...rawObjects(manifest)));

test('who lets in pods alone is refused, who opens the port is not', { timeout: 60_000 }, async () => {
  const refused = await put(PODS_ONLY);
  assert.equal(refused.code, 1, refused.stderr);
  assert.match(refused.stderr, /the API server can no longer call it \(TCP 9443\)/);

  const open = await put(PORT);
  assert.equal(open.code, 0, open.stderr);
  assert.deepEqual(
    open.warnings.filter((line) => line.startsWith('callback-blocked')),
    [],
  );

  const closed = await put(PODS_ONLY);
  assert.equal(closed.code, 1, closed.stderr);
  assert.match(closed.stderr, /callback-blocked/);
});

test('a webhook that may fail: a warning', { timeout: 60_000 }, async () => {
  const optional = await put(WEBHOOK('Ignore'));
  assert.equal(optional.code, 0, optional.stderr);
  let said: Said | undefined;
  await cluster.waitFor('the news reaches Portent', async () => {
    said = await apply(cluster, documents(...rawObjects(PODS_ONLY)), '--dry-run=server');
    return said.code === 0;
  });
  assert.equal(
    said?.warnings.filter((line) => line.startsWith('callback-blocked: ')).length,
    1,
    said?.stderr,
  );
});
