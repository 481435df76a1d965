/** Starting, failing and ending, while the API server goes on asking. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Cluster, startCluster } from '../cluster/cluster.ts';
import { namespaceOf, policy } from './objects.ts';
import { apply, chartAccount, type Portent, register, say, startPortent } from './portent.ts';
import { Switchboard } from './switchboard.ts';

let cluster: Cluster;
let kubeconfig: string;
const running: Portent[] = [];

before(
  async () => {
    cluster = await startCluster();
    kubeconfig = await chartAccount(cluster);
  },
  { timeout: 60_000 },
);

after(async () => {
  await Promise.all(running.map((each) => each.stop()));
  await cluster?.stop();
});

async function start(options: object = {}): Promise<Portent> {
  const portent = await startPortent(cluster, { kubeconfig, ...options });
  running.push(portent);
  return portent;
}

const closed = (namespace: string, name: string) => policy(namespace, name, { podSelector: {} });

test('it is ready only after every kind was listed, and says which is missing', {
  timeout: 90_000,
}, async () => {
  const role = '/apis/rbac.authorization.k8s.io/v1/clusterroles/portent-system';
  const { body } = await cluster.request('GET', role);
  const { rules } = body as { readonly rules: readonly { readonly resources: readonly string[] }[] };
  const lacking = rules.filter(({ resources }) => !resources.includes('endpointslices'));
  assert.equal(lacking.length, rules.length - 1);
  assert.equal((await cluster.request('PATCH', role, { rules: lacking })).status, 200);
  // The authorizer learns of it through a watch.
  await cluster.waitFor('the right is gone', async () => {
    const who = 'system:serviceaccount:portent-system:portent';
    return (await say(cluster, ['auth', 'can-i', 'list', 'endpointslices', '-A', `--as=${who}`])).code === 1;
  });

  const portent = await start({ ready: false });
  for (let i = 0; i < 15; i++) {
    const { status, text } = await portent.health('/readyz');
    assert.equal(status, 503);
    if (i === 14) assert.match(text, /endpointslices/i);
    await sleep(100);
  }
  assert.match(portent.log(), /endpointslices/i);
  assert.equal((await portent.health('/healthz')).status, 200, 'a restart would not help');

  // Until then a change is neither refused nor silently passed.
  await register(cluster, portent);
  const early = await apply(cluster, closed('default', 'early'), '--dry-run=server');
  assert.equal(early.code, 0, early.stderr);
  assert.ok(early.warnings.length > 0, early.stderr);

  assert.equal((await cluster.request('PATCH', role, { rules })).status, 200);
  await cluster.waitFor('it is ready', async () => (await portent.health('/readyz')).status === 200, {
    timeout: 60_000,
  });
  const { text } = await portent.health('/metrics');
  const kinds = [...text.matchAll(/^portent_watch_synced\{kind="([^"]+)"\} (\d)$/gm)];
  assert.ok(kinds.length >= 10, text);
  const down = kinds.filter(([, , synced]) => synced !== '1').map(([, kind]) => kind);
  assert.deepEqual(down, [], 'the rights of the chart are enough for every kind that is served');
});

test('failurePolicy Fail without an answer: the excluded namespaces are not locked', {
  timeout: 30_000,
}, async () => {
  const portent = await start();
  await register(cluster, portent);
  assert.equal((await apply(cluster, closed('default', 'before'))).code, 0);
  await portent.stop();
  const refused = await apply(cluster, closed('default', 'during'));
  assert.equal(refused.code, 1);
  assert.match(refused.stderr, /failed calling webhook "validate\.portent\.dev"/);
  for (const namespace of ['kube-system', 'portent-system']) {
    const said = await apply(cluster, closed(namespace, 'repair'));
    assert.equal(said.code, 0, said.stderr);
  }
  const elsewhere = await apply(cluster, namespaceOf('new'));
  assert.equal(elsewhere.code, 0, 'nothing but policies and Services is asked about');
});

test('SIGTERM under load: no call fails', { timeout: 60_000 }, async () => {
  const config = { shutdown: { lameDuckSeconds: 3, closeSeconds: 5 } };
  const [first, second] = [await start({ config }), await start({ config })];
  const switchboard = new Switchboard(
    [first, second].map((each) => ({
      port: each.port,
      ready: async () => (await each.health('/readyz')).status === 200,
    })),
    200,
  );
  try {
    await register(cluster, first, { port: await switchboard.open() });
    const failures: string[] = [];
    let [calls, stop] = [0, false];
    const path = '/apis/networking.k8s.io/v1/namespaces/default/networkpolicies?dryRun=All';
    const requests = async (name: string): Promise<void> => {
      while (!stop) {
        const { status, text } = await cluster.request('POST', path, closed('default', name));
        calls++;
        if (status !== 201) failures.push(text);
      }
    };
    const commands = async (): Promise<void> => {
      while (!stop) {
        const said = await apply(cluster, closed('default', 'load'), '--dry-run=server');
        calls++;
        if (said.code !== 0) failures.push(said.stderr);
      }
    };
    const load = Promise.all([requests('a'), requests('b'), commands()]);
    await sleep(1_000);
    const before = calls;
    first.process.signal('SIGTERM');
    await cluster.waitFor('the first one ended', () => first.process.exit !== undefined);
    const during = calls - before;
    await sleep(1_000);
    stop = true;
    await load;
    assert.deepEqual(failures, []);
    assert.ok(during >= 10, `only ${during} calls while it ended`);
    assert.equal(first.process.exit, 'exit status 0');
  } finally {
    switchboard.close();
  }
});
