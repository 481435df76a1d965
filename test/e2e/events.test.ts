/** Denials as Kubernetes Events, on a real API server and with the rights of the chart. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Cluster, startCluster } from '../cluster/cluster.ts';
import { service } from './objects.ts';
import { apply, type Portent, register, startPortent } from './portent.ts';

let cluster: Cluster;
const running: Portent[] = [];

before(
  async () => {
    cluster = await startCluster();
    await start();
  },
  { timeout: 60_000 },
);

after(async () => {
  await Promise.all(running.map((each) => each.stop()));
  await cluster?.stop();
});

async function start(config: object = {}): Promise<Portent> {
  const portent = await startPortent(cluster, { config: { nodePortRange: '30000-30999', ...config } });
  running.push(portent);
  await register(cluster, portent);
  return portent;
}

interface Event {
  readonly type: string;
  readonly reason: string;
  readonly action: string;
  readonly note: string;
  readonly regarding: object;
  readonly series?: { readonly count: number };
}

async function denials(name: string): Promise<readonly Event[]> {
  const args = ['get', 'events.events.k8s.io', '-n', 'default', '-o', 'json'];
  const { code, stdout, stderr } = await cluster.kubectl(args);
  assert.equal(code, 0, stderr);
  const { items } = JSON.parse(stdout) as {
    readonly items: readonly (Event & { readonly regarding: { readonly name: string } })[];
  };
  return items.filter(({ regarding }) => regarding.name === name);
}

const outside = (name: string) =>
  service('default', name, {
    type: 'NodePort',
    selector: { app: 'x' },
    ports: [{ port: 80, nodePort: 31_000 }],
  });

async function deny(name: string, ...flags: string[]): Promise<void> {
  const said = await apply(cluster, outside(name), ...flags);
  assert.equal(said.code, 1);
  assert.match(said.stderr, /denied the request/);
}

test('a denial is an Event about the object, with the reason', { timeout: 30_000 }, async () => {
  await deny('shop');
  const [event, ...more] = await cluster.waitFor('the Event', async () => {
    const all = await denials('shop');
    return all.length > 0 && all;
  });
  assert.ok(event);
  assert.deepEqual(more, []);
  const { type, reason, action, regarding, series } = event;
  assert.deepEqual([type, reason, action, series], ['Warning', 'Denied', 'Create', undefined]);
  assert.deepEqual(regarding, { apiVersion: 'v1', kind: 'Service', namespace: 'default', name: 'shop' });
  assert.match(event.note, /^create denied: node-port-range: .*31000/);
  const shown = await cluster.kubectl([
    'get',
    'events',
    '-n',
    'default',
    '--field-selector',
    'reason=Denied',
  ]);
  assert.match(shown.stdout, /Warning +Denied +service\/shop +create denied: node-port-range/i);
});

test('the same denial again is the same Event, counted', { timeout: 30_000 }, async () => {
  await deny('shop');
  await deny('shop');
  const all = await cluster.waitFor('the count', async () => {
    const some = await denials('shop');
    return some[0]?.series?.count === 3 && some;
  });
  assert.equal(all.length, 1);
});

test('a dry run leaves no Event', { timeout: 30_000 }, async () => {
  await deny('dry', '--dry-run=server');
  await deny('marker');
  await cluster.waitFor('the Event after it', async () => (await denials('marker')).length === 1);
  assert.deepEqual(await denials('dry'), []);
});

test('they are counted, and can be switched off', { timeout: 40_000 }, async () => {
  const { text } = (await running[0]?.health('/metrics')) ?? { text: '' };
  assert.match(text, /^portent_events_total\{result="written"\} [3-9]$/m);
  assert.match(text, /^portent_events_total\{result="failed"\} 0$/m);
  const silent = await start({ events: { enabled: false } });
  await deny('off');
  await sleep(500);
  assert.deepEqual(await denials('off'), []);
  assert.doesNotMatch((await silent.health('/metrics')).text, /portent_events_total/);
});
