import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { createServer } from 'node:net';
import { after, before, test } from 'node:test';
import { type Cluster, startCluster } from './cluster.ts';
import { listeners } from './listeners.ts';
import { moduleVersion, target } from './targets.ts';

let cluster: Cluster;

before(async () => {
  cluster = await startCluster({ full: true, dualStack: true, nodePortRange: '20000-40000' });
});

after(async () => {
  await cluster?.stop();
});

/** Runs kubectl, expects success, gives its standard output. */
async function kubectl(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await cluster.kubectl(args);
  assert.equal(code, 0, stderr);
  return stdout;
}

test('server and client have the pinned version', async () => {
  const { folder, module } = target('kube-apiserver');
  const expected = moduleVersion(folder, module);
  const versions = JSON.parse(await kubectl('version', '-o', 'json'));
  assert.equal(versions.serverVersion.gitVersion, expected);
  assert.equal(versions.clientVersion.gitVersion, expected);
  const [major, minor] = expected.slice(1).split('.');
  assert.deepEqual([versions.serverVersion.major, versions.serverVersion.minor], [major, minor]);
});

test('every server listens on 127.0.0.1 alone', () => {
  const found = [...cluster.pids()].map(([name, pid]) => ({ name, at: listeners(pid) }));
  assert.deepEqual(found.map(({ name }) => name).sort(), [
    'etcd',
    'kube-apiserver',
    'kube-controller-manager',
    'kube-scheduler',
    'kwok',
  ]);
  for (const { name, at } of found) {
    assert.ok(at.length > 0, `${name} listens nowhere`);
    for (const address of at) assert.match(address, /^127\.0\.0\.1:\d+$/, name);
  }
});

test('the listener that is open to all addresses would be seen', async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '::', resolve));
  try {
    const address = server.address();
    assert.ok(typeof address === 'object' && address !== null);
    const mine = listeners(process.pid).filter((each) => each.endsWith(`:${address.port}`));
    assert.equal(mine.length, 1);
    assert.doesNotMatch(mine[0] ?? '', /^127\.0\.0\.1:/);
  } finally {
    server.close();
  }
});

test('a Deployment becomes Ready pods with addresses of both families, and EndpointSlices', async () => {
  await kubectl('create', 'deployment', 'web', '--image=example.com/web', '--replicas=2', '--port=80');
  await kubectl('expose', 'deployment', 'web', '--port=8080', '--target-port=80');
  const pods = await cluster.waitFor('two pods are ready', async () => {
    const { items } = JSON.parse(await kubectl('get', 'pods', '-l', 'app=web', '-o', 'json'));
    const ready = items.filter((pod: { status: { conditions?: { type: string; status: string }[] } }) =>
      pod.status.conditions?.some((each) => each.type === 'Ready' && each.status === 'True'),
    );
    return ready.length === 2 && ready;
  });
  const addresses: string[] = pods.map((pod: { status: { podIP: string } }) => pod.status.podIP);
  assert.equal(new Set(addresses).size, 2);
  for (const pod of pods) {
    assert.match(pod.status.podIPs[0].ip, /^10\.128\./);
    assert.match(pod.status.podIPs[1].ip, /^fd00:10:/);
  }
  const slices = await cluster.waitFor('the EndpointSlice holds both pods', async () => {
    const slice = await kubectl('get', 'endpointslice', '-l', 'kubernetes.io/service-name=web', '-o', 'json');
    const endpoints = JSON.parse(slice).items[0]?.endpoints ?? [];
    return endpoints.length === 2 && endpoints;
  });
  const inSlices = slices.flatMap((each: { addresses: string[] }) => each.addresses);
  assert.deepEqual(inSlices.sort(), addresses.sort());
});

test('nodes can be added, and a DaemonSet follows', async () => {
  const daemonSet = {
    apiVersion: 'apps/v1',
    kind: 'DaemonSet',
    metadata: { name: 'agent', namespace: 'kube-system' },
    spec: {
      selector: { matchLabels: { app: 'agent' } },
      template: {
        metadata: { labels: { app: 'agent' } },
        spec: { hostNetwork: true, containers: [{ name: 'agent', image: 'example.com/agent' }] },
      },
    },
  };
  await cluster.apply(JSON.stringify(daemonSet));
  assert.deepEqual(await cluster.addNodes(1), ['node-2']);
  const where = '/api/v1/namespaces/kube-system/pods?labelSelector=app%3Dagent';
  const pods = await cluster.waitFor('one agent runs on each node', async () => {
    const { items } = JSON.parse((await cluster.request('GET', where)).text);
    const running = items.filter((pod: { status: { phase: string } }) => pod.status.phase === 'Running');
    return running.length === 3 && running;
  });
  for (const pod of pods) assert.equal(pod.status.podIP, pod.status.hostIP, 'the host network is used');
});

test('roles decide what a service account may do', async () => {
  await kubectl('create', 'namespace', 'rbac');
  await kubectl('create', 'serviceaccount', 'reader', '-n', 'rbac');
  const token = (await kubectl('create', 'token', 'reader', '-n', 'rbac')).trim();
  const kubeconfig = cluster.kubeconfig('reader', token);
  const list = () => cluster.kubectl([`--kubeconfig=${kubeconfig}`, 'get', 'pods', '-n', 'rbac']);
  const refused = await list();
  assert.equal(refused.code, 1);
  assert.match(refused.stderr, /User "system:serviceaccount:rbac:reader" cannot list resource "pods"/);
  await kubectl(
    'create',
    'rolebinding',
    'reader',
    '-n',
    'rbac',
    '--clusterrole=view',
    '--serviceaccount=rbac:reader',
  );
  await cluster.waitFor('the role is in force', async () => (await list()).code === 0);
});

test('the node port range is the one asked for', async () => {
  const create = (port: number) =>
    cluster.kubectl(['create', 'service', 'nodeport', `np-${port}`, '--tcp=80', `--node-port=${port}`]);
  assert.equal((await create(25_000)).code, 0);
  const refused = await create(19_999);
  assert.equal(refused.code, 1);
  assert.match(refused.stderr, /valid ports is 20000-40000/);
});

test('a killed API server comes back on its port with its data', async () => {
  await kubectl('create', 'configmap', 'kept', '--from-literal=a=b');
  await cluster.killApiServer();
  await assert.rejects(cluster.request('GET', '/readyz'), /ECONNREFUSED/);
  await cluster.restartApiServer();
  assert.equal(await kubectl('get', 'configmap', 'kept', '-o', 'jsonpath={.data.a}'), 'b');
  await cluster.restartApiServer();
  assert.equal(await kubectl('get', 'configmap', 'kept', '-o', 'jsonpath={.data.a}'), 'b');
});

test('while etcd is paused nothing is stored, afterwards everything works', async () => {
  cluster.pauseEtcd();
  try {
    const args = ['create', 'configmap', 'late', '--from-literal=a=b', '--request-timeout=1s'];
    assert.notEqual((await cluster.kubectl(args)).code, 0);
  } finally {
    cluster.resumeEtcd();
  }
  await cluster.waitFor('the cluster works again', async () => {
    const args = ['create', 'configmap', 'after', '--dry-run=server', '--request-timeout=2s'];
    return (await cluster.kubectl(args)).code === 0;
  });
});

test('a wait that fails shows the end of the logs', async () => {
  await assert.rejects(
    cluster.waitFor('the moon is blue', () => false, { timeout: 300 }),
    /the moon is blue: not within 0\.3 s.*kube-apiserver\.log/s,
  );
});

test('a server that cannot start is named, with its own words', async () => {
  await assert.rejects(
    startCluster({ apiServerArguments: ['--no-such-flag'] }),
    /kube-apiserver ended: exit status 1.*unknown flag: --no-such-flag/s,
  );
});

test('the folder is gone after stop, and stop may be repeated', async () => {
  const small = await startCluster();
  assert.ok(existsSync(small.kubeconfigPath));
  await small.stop();
  await small.stop();
  assert.ok(!existsSync(small.folder));
});
