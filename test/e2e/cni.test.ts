/** Whether policies are enforced at all, told from the DaemonSets of network plug-ins. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Cluster } from '../cluster/cluster.ts';
import { guarded } from './guarded.ts';
import { daemonSet, namespaceOf, policy } from './objects.ts';
import { apply, type Said } from './portent.ts';

let cluster: Cluster;

guarded((started) => {
  cluster = started;
});

const dryRun = () =>
  apply(
    cluster,
    policy('default', 'closed', { podSelector: { matchLabels: { app: 'x' } } }),
    '--dry-run=server',
  );
const notEnforced = (said: Said) =>
  said.warnings.filter((line) => /enforce/i.test(line) && /flannel/i.test(line));

test('Flannel: the policy would do nothing, and that is said', { timeout: 40_000 }, async () => {
  const flannel = daemonSet(
    'kube-flannel',
    'kube-flannel-ds',
    'kube-flannel',
    'ghcr.io/flannel-io/flannel:v0.26.1',
  );
  await apply(cluster, namespaceOf('kube-flannel'));
  const made = await apply(cluster, flannel);
  assert.equal(made.code, 0, made.stderr);
  const said = await cluster.waitFor('the warning', async () => {
    const answer = await dryRun();
    assert.equal(answer.code, 0, answer.stderr);
    return notEnforced(answer).length > 0 && answer;
  });
  assert.equal(said.code, 0, 'a heuristic does not deny by itself');
});

test('Calico: nothing of the kind is said', { timeout: 40_000 }, async () => {
  const removed = await cluster.kubectl(['delete', 'daemonset', 'kube-flannel-ds', '-n', 'kube-flannel']);
  assert.equal(removed.code, 0, removed.stderr);
  const calico = daemonSet('kube-system', 'calico-node', 'calico-node', 'docker.io/calico/node:v3.29.1');
  assert.equal((await apply(cluster, calico)).code, 0);
  await cluster.waitFor('the warning is gone', async () => notEnforced(await dryRun()).length === 0);
  await sleep(500);
  const said = await dryRun();
  assert.equal(said.code, 0, said.stderr);
  assert.deepEqual(
    said.warnings.filter((line) => /not enforce|no plug-in enforces/i.test(line)),
    [],
  );
});
