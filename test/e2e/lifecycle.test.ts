/** Starting, failing and ending, while the API server goes on asking. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Cluster, startCluster } from '../cluster/cluster.ts';
import { webhooksInForce } from '../cluster/webhook.ts';
import { authority, harness } from '../server/harness.ts';
import { namespaceOf, policy } from './objects.ts';
import { apply, chartAccount, type Portent, register, say, startPortent } from './portent.ts';
import { Switchboard } from './switchboard.ts';

let cluster: Cluster;
let kubeconfig: string;
const running: Portent[] = [];

before(
  async () => {
    cluster = await startCluster();
    kubeconfig = await chartAccount(cluster, 'webhook.failurePolicy="Fail"');
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

const extension = (each: Portent) => ({
  port: each.port,
  ready: async () => (await each.health('/readyz')).status === 200,
});

test('failurePolicy Fail and both replicas stopped: nothing that repair needs is locked', {
  timeout: 60_000,
}, async () => {
  const pair = [await start(), await start()];
  const switchboard = new Switchboard(pair.map(extension), 200);
  try {
    await register(cluster, pair[0] as Portent, { port: await switchboard.open() });
    assert.equal((await apply(cluster, closed('default', 'before'))).code, 0);
    await Promise.all(pair.map((each) => each.stop()));
    await switchboard.look();
    const refused = await apply(cluster, closed('default', 'during'));
    assert.equal(refused.code, 1);
    assert.match(refused.stderr, /failed calling webhook "validate\.portent\.dev"/);
    for (const namespace of ['kube-system', 'portent-system']) {
      const said = await apply(cluster, closed(namespace, 'repair'));
      assert.equal(said.code, 0, said.stderr);
    }
    const elsewhere = await apply(cluster, namespaceOf('new'));
    assert.equal(elsewhere.code, 0, 'nothing but policies and Services is asked about');
    // A replica that comes back needs no permission of the webhook to start.
    switchboard.add(extension(await start()));
    await switchboard.look();
    const again = await apply(cluster, closed('default', 'after'));
    assert.equal(again.code, 0, again.stderr);
  } finally {
    switchboard.close();
  }
});

test("nobody answers, and the chart's own account takes the webhook away", { timeout: 60_000 }, async () => {
  const portent = await start();
  await register(cluster, portent);
  await portent.stop();
  assert.equal((await apply(cluster, closed('default', 'locked'))).code, 1);
  const program = join(import.meta.dirname, '..', '..', 'src', 'cli', 'portent.ts');
  const unregister = () =>
    spawnSync(process.execPath, [program, 'unregister', 'portent-system', `--kubeconfig=${kubeconfig}`], {
      encoding: 'utf8',
    });
  const [first, second] = [unregister(), unregister()];
  assert.deepEqual(
    [first.status, first.stdout],
    [0, 'deleted ValidatingWebhookConfiguration portent-system\n'],
  );
  assert.deepEqual(
    [second.status, second.stdout],
    [0, 'there is no ValidatingWebhookConfiguration portent-system\n'],
  );
  await webhooksInForce(cluster);
  assert.equal((await apply(cluster, closed('default', 'locked'))).code, 0);
});

test('what is shed is asked again until the deadline, and then left to failurePolicy', {
  timeout: 60_000,
}, async (t) => {
  // The server alone: whether it sheds can be set.
  const server = await harness();
  t.after(server.close);
  const at = { caPem: authority.certificate, port: server.port };
  server.lag = 60;
  await register(cluster, at, { failurePolicy: 'Ignore' });
  const passed = await apply(cluster, closed('default', 'shed'));
  assert.deepEqual([passed.code, passed.warnings], [0, []], passed.stderr);
  const shed = Number(/shed_total\{reason="lag"\} (\d+)/.exec(await server.metrics.text())?.[1]);
  assert.ok(shed >= 3, 'the API server heeds Retry-After');

  await register(cluster, at);
  const refused = await apply(cluster, closed('default', 'refused'));
  assert.equal(refused.code, 1);
  assert.match(refused.stderr, /failed calling webhook "validate\.portent\.dev"/);
  const waiting = apply(cluster, closed('default', 'late'), '--dry-run=server');
  await sleep(1_500);
  server.lag = 0;
  const answered = await waiting;
  assert.equal(answered.code, 0, answered.stderr);
});

test('a rolling restart of two replicas under load: no call fails', { timeout: 90_000 }, async () => {
  const config = { shutdown: { lameDuckSeconds: 3, closeSeconds: 5 } };
  const old = [await start({ config }), await start({ config })];
  const switchboard = new Switchboard(old.map(extension), 200);
  try {
    await register(cluster, old[0] as Portent, { port: await switchboard.open() });
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
    for (const each of old) {
      // As the chart's Deployment does it: the new one is ready before the old one is told to end.
      switchboard.add(extension(await start({ config })));
      await switchboard.look();
      const before = calls;
      each.process.signal('SIGTERM');
      await cluster.waitFor('it ended', () => each.process.exit !== undefined);
      assert.ok(calls - before >= 10, `only ${calls - before} calls while it ended`);
      assert.equal(each.process.exit, 'exit status 0');
    }
    await sleep(500);
    stop = true;
    await load;
    assert.deepEqual(failures, []);
  } finally {
    switchboard.close();
  }
});
