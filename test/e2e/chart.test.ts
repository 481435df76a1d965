/** The chart on a real API server, installed by both majors of Helm. Its pods are pretended: nothing answers. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { manifestsPath } from '../../scripts/deploy.ts';
import { CertificatePlace } from '../../src/cluster/certificate-place.ts';
import { SILENT } from '../../src/cluster/logger.ts';
import { Keeper } from '../../src/tls/keeper.ts';
import { chartFolder, type Helm, helms, render, runHelm } from '../chart/helm.ts';
import { controlPlane, programs } from '../cluster/build.ts';
import { type Cluster, startCluster } from '../cluster/cluster.ts';
import { webhooksInForce } from '../cluster/webhook.ts';

const namespace = 'portent-system';
let cluster: Cluster;

// Built here, where no test's time limit runs.
await programs(controlPlane);

before(
  async () => {
    cluster = await startCluster({ full: true, nodes: 3 });
    await kubectl('create', 'namespace', namespace);
    // What a careful administrator does; pods that ask for more than the restricted profile are refused.
    await kubectl('label', 'namespace', namespace, 'pod-security.kubernetes.io/enforce=restricted');
  },
  { timeout: 60_000 },
);

after(async () => cluster?.stop());

async function kubectl(...args: string[]): Promise<string> {
  const result = await cluster.kubectl(args);
  assert.equal(result.code, 0, result.stderr);
  return result.stdout;
}

async function helmDo(helm: Helm, verb: string, ...args: string[]): Promise<string> {
  const where = [`--kubeconfig=${cluster.kubeconfigPath}`, `--namespace=${namespace}`];
  const result = await runHelm(helm, [verb, 'portent', ...args, ...where]);
  assert.equal(result.code, 0, result.stderr);
  return result.stdout;
}

/**
 * What the replicas do, as the chart's own service account: the pods here are pretended. Gives what ends it, once
 * the certificate is shared and published.
 */
async function fill(): Promise<() => Promise<void>> {
  const token = (await kubectl('create', 'token', 'portent', '-n', namespace)).trim();
  const kubeconfigPath = cluster.kubeconfig('portent', token);
  const place = new CertificatePlace({
    kubeconfigPath,
    secret: `${namespace}/portent-tls`,
    configuration: namespace,
  });
  const keeper = new Keeper(place, { names: ['portent.portent-system.svc'], life: 86_400_000, log: SILENT });
  keeper.follow(() => undefined);
  try {
    await cluster.waitFor('the certificate is shared and published', () => keeper.problem() === undefined);
  } catch (error) {
    await keeper.stop();
    throw error;
  }
  return () => keeper.stop();
}

const policy = (space: string, name: string): string =>
  JSON.stringify({
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name, namespace: space },
    spec: { podSelector: {} },
  });

const create = (manifest: string) => cluster.kubectl(['create', '-f', '-'], { input: manifest });

test('a strict dry run on the server accepts every object and warns of none', {
  timeout: 30_000,
}, async () => {
  const manifests = await render('helm3', 'webhook.matchConditions=[{"name":"mine","expression":"true"}]');
  const input = manifests.map((manifest) => JSON.stringify(manifest)).join('\n---\n');
  const args = ['apply', '--dry-run=server', '--validate=strict', '-f', '-'];
  const result = await cluster.kubectl(args, { input });
  assert.equal(result.code, 0, result.stderr);
  assert.equal(result.stderr, '');
  assert.match(result.stdout, /validatingwebhookconfiguration.*portent-system created \(server dry run\)/);
});

for (const helm of helms) {
  test(`${helm}: installed, upgraded with the same certificate, uninstalled without a trace`, {
    timeout: 60_000,
  }, async () => {
    const notes = await helmDo(helm, 'install', chartFolder, '--wait', '--timeout=40s');
    assert.match(notes, /rollout status deployment\/portent/);
    const pods = await kubectl('get', 'pods', '-n', namespace, '-o', 'jsonpath={.items[*].spec.nodeName}');
    assert.equal(new Set(pods.split(' ')).size, 2, 'the replicas run on different nodes');
    const secret = () => kubectl('get', 'secret', 'portent-tls', '-n', namespace, '-o', 'jsonpath={.data}');
    const bundle = () =>
      kubectl(
        'get',
        'validatingwebhookconfiguration',
        namespace,
        '-o',
        'jsonpath={.webhooks[0].clientConfig.caBundle}',
      );
    const end = await fill();
    try {
      const [secretBefore, bundleBefore] = [await secret(), await bundle()];
      assert.ok(secretBefore.includes('tls.key') && bundleBefore !== '');
      await helmDo(helm, 'upgrade', chartFolder, '--set=replicas=3', '--set=webhook.timeoutSeconds=4');
      assert.equal(await secret(), secretBefore);
      assert.equal(await bundle(), bundleBefore);
      await helmDo(helm, 'uninstall', '--wait');
      // A replica that has not been told to end yet makes nothing anew.
      await sleep(2_000);
    } finally {
      await end();
    }
    const kinds =
      'deployment,service,secret,configmap,serviceaccount,networkpolicy,poddisruptionbudget,clusterrole,' +
      'clusterrolebinding,role,rolebinding,job,validatingwebhookconfiguration';
    const left = await kubectl('get', kinds, '-A', '-l', 'app.kubernetes.io/instance=portent', '-o', 'name');
    assert.equal(left, '');
    assert.equal(await kubectl('get', 'secrets', '-n', namespace, '-o', 'name'), '');
  });
}

test('plain manifests: applied again, the certificate stays', { timeout: 60_000 }, async () => {
  await kubectl('apply', '-f', manifestsPath);
  await (await fill())();
  const kept = () =>
    kubectl(
      'get',
      'secret/portent-tls',
      '-n',
      namespace,
      '-o',
      'jsonpath={.data}{.metadata.resourceVersion}',
    );
  const trusted = () =>
    kubectl('get', 'validatingwebhookconfiguration', namespace, '-o', 'jsonpath={.webhooks}');
  const before = [await kept(), await trusted()];
  assert.ok(before[0]?.includes('tls.key') && before[1]?.includes('caBundle'));
  await kubectl('apply', '-f', manifestsPath);
  assert.deepEqual([await kept(), await trusted()], before);
  await kubectl('delete', '-f', manifestsPath, '--wait=false');
});

test('failurePolicy Fail and nobody answers: what repair needs is not locked', {
  timeout: 60_000,
}, async () => {
  await kubectl('create', 'namespace', 'ending');
  assert.equal((await create(policy('ending', 'old'))).code, 0);
  await helmDo('helm', 'install', chartFolder, '--set=webhook.failurePolicy=Fail,webhook.timeoutSeconds=1');
  await webhooksInForce(cluster);

  const refused = await create(policy('default', 'locked'));
  assert.equal(refused.code, 1);
  assert.match(refused.stderr, /failed calling webhook "validate\.portent\.dev"/);

  for (const space of ['kube-system', namespace]) {
    assert.equal((await create(policy(space, 'repair'))).code, 0, space);
    await kubectl('delete', 'networkpolicy', 'repair', '-n', space);
  }
  await kubectl('delete', 'namespace', 'ending', '--timeout=20s');
  await helmDo('helm', 'upgrade', chartFolder, '--reuse-values', '--set=replicas=3');
  await kubectl('delete', 'service', 'portent', '-n', namespace);
  await kubectl('rollout', 'restart', 'deployment/portent', '-n', namespace);
  await kubectl('rollout', 'status', 'deployment/portent', '-n', namespace, '--timeout=30s');

  await kubectl('delete', 'validatingwebhookconfiguration', namespace);
  await webhooksInForce(cluster);
  assert.equal((await create(policy('default', 'emergency'))).code, 0);
  await helmDo('helm', 'upgrade', chartFolder, '--reuse-values');
  await webhooksInForce(cluster);
  assert.equal((await create(policy('default', 'locked'))).code, 1, 'an upgrade brings it back');
  await helmDo('helm', 'uninstall');
  await webhooksInForce(cluster);
  assert.equal((await create(policy('default', 'free'))).code, 0);
});
