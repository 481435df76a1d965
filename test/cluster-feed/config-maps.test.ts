import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { type Feed, startFeed } from '../../src/cluster/feed.ts';
import { loadLive } from '../../src/cluster/snapshot-live.ts';
import { Store } from '../../src/model/store.ts';
import { QUICK, until, writeKubeconfig } from './harness.ts';
import { bookmark, type Exchange, object, ScriptedServer } from './scripted-server.ts';

const PATH = '/api/v1/configmaps';
const POD = object('web', 5, {
  spec: { containers: [{ name: 'web', envFrom: [{ configMapRef: { name: 'shop-config' } }] }] },
});
const config = (version: number, data: object): object => object('shop-config', version, { data });

let server: ScriptedServer;
let folder: string;
let kubeconfigPath: string;
/** The open watch of ConfigMaps. */
let watch: Exchange | undefined;
let allowed: boolean;

before(async () => {
  server = await ScriptedServer.start();
  folder = mkdtempSync(join(tmpdir(), 'portent-configs-'));
  kubeconfigPath = join(folder, 'config');
  writeKubeconfig(kubeconfigPath, { server: server.url }, { token: 't' });
  server.script = (exchange) => {
    const { path, query, event, json, status } = exchange;
    if (path === '/apis') return json({ kind: 'APIGroupList', groups: [] });
    const items = path === '/api/v1/pods' ? [POD] : path === PATH ? [config(6, { DB_HOST: 'db' })] : [];
    if (path === PATH && !allowed) return status(403, 'Forbidden', 'no');
    if (!query.has('watch')) return json({ metadata: { resourceVersion: '10' }, items });
    if (query.has('sendInitialEvents')) {
      for (const item of items) event('ADDED', item);
      event('BOOKMARK', bookmark(10, true));
    }
    if (path === PATH) watch = exchange;
  };
});

after(async () => {
  await server?.stop();
  rmSync(folder, { recursive: true });
});

const shown = (store: Feed['snapshot']): string =>
  (store.spaces.get('default')?.pods.get('web')?.references ?? [])
    .map(({ service, source }) => `${service} (${source})`)
    .join();

async function following(configMaps: boolean, run: (feed: Feed) => Promise<void>): Promise<void> {
  const feed = startFeed({ kubeconfigPath, timings: QUICK, configMaps });
  try {
    await feed.whenReady();
    await run(feed);
  } finally {
    await feed.stop();
  }
}

const DB = 'db (ConfigMap shop-config key DB_HOST)';

test('switched on, a ConfigMap is followed: what it shows appears, changes and goes', async () => {
  allowed = true;
  await following(true, async (feed) => {
    assert.equal(shown(feed.snapshot), DB, 'when it is ready, it is there');
    assert.equal(feed.sources().find(({ kind }) => kind === 'ConfigMaps')?.objects, 1);
    watch?.event('MODIFIED', config(11, { DB_HOST: 'other' }));
    await until('changed', () => shown(feed.snapshot).startsWith('other '));
    watch?.event('DELETED', config(12, {}));
    await until('gone', () => shown(feed.snapshot) === '');
    assert.deepEqual(feed.snapshot.health.missing ?? [], []);
  });
});

test('switched off, nobody asks for ConfigMaps, and none is missing', async () => {
  const before = server.count(PATH);
  await following(false, async (feed) => {
    assert.equal(shown(feed.snapshot), '');
    assert.equal(feed.snapshot.health.missing, undefined);
  });
  assert.equal(server.count(PATH), before);
});

test('without the right it starts all the same and says what is missing', async () => {
  allowed = false;
  await following(true, async (feed) => {
    await until('said', () => feed.snapshot.health.missing?.join() === 'ConfigMaps');
    assert.match(feed.snapshot.health.problems.join(), /ConfigMaps: not allowed to list and watch them/);
    assert.equal(feed.snapshot.health.state, 'live');
  });
});

test('a command that reads the cluster once reads them where the configuration says so', async () => {
  allowed = true;
  for (const configMaps of [true, false]) {
    const store = new Store();
    const { problems } = await loadLive(store, { kubeconfigPath, configMaps });
    assert.deepEqual(problems, []);
    assert.equal(shown(store), configMaps ? DB : '');
  }
});
