import assert from 'node:assert/strict';
import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { Store } from '../../src/model/store.ts';
import { debugModel, isLocal } from '../../src/server/debug.ts';
import { buildMetricsServer } from '../../src/server/metrics-server.ts';
import { Metrics } from '../../src/telemetry/metrics.ts';

const store = new Store();
store.health = {
  state: 'live',
  problems: ['Ingress: no contact for 95 s'],
  missing: ['Ingress.networking.k8s.io'],
};
const source = { kind: 'Pods', state: 'live', lastContact: 1_000, downSince: 0, lastErrorAt: 0 };
const server = buildMetricsServer(
  new Metrics({ rules: [], version: '0' }),
  () => ({ ready: true, detail: [] }),
  () => debugModel(store, [source], 3_500),
);

before(() => once(server.listen(0, '127.0.0.1'), 'listening'));
after(() => server.close());

function ask(localAddress: string): Promise<{ status: number; text: string }> {
  const { port } = server.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}/debug/model`;
  return new Promise((resolve, reject) => {
    get(url, { agent: false, localAddress }, (answer) => {
      let text = '';
      answer.setEncoding('utf8').on('data', (part: string) => {
        text += part;
      });
      answer.once('end', () => resolve({ status: answer.statusCode ?? 0, text }));
    }).once('error', reject);
  });
}

test('/debug/model shows state, sources and time of last contact', async () => {
  const { status, text } = await ask('127.0.0.1');
  assert.equal(status, 200);
  const shown = JSON.parse(text) as Record<string, unknown>;
  assert.equal(shown.state, 'live');
  assert.deepEqual(shown.problems, ['Ingress: no contact for 95 s']);
  assert.deepEqual(shown.missing, ['Ingress.networking.k8s.io']);
  assert.deepEqual(shown.sources, [
    {
      ...source,
      lastContact: '1970-01-01T00:00:01.000Z',
      secondsSinceContact: 2.5,
      downSince: null,
      lastErrorAt: null,
    },
  ]);
});

test('/debug/model is for this machine alone, also behind the sidecar of a mesh', async () => {
  const { status, text } = await ask('127.0.0.6');
  assert.equal(status, 403);
  assert.doesNotMatch(text, /Pods|sources/);
  const local = ['127.0.0.1', '::1', '::ffff:127.0.0.1', '10.0.0.7', '::ffff:10.0.0.7', undefined].filter(
    isLocal,
  );
  assert.deepEqual(local, ['127.0.0.1', '::1', '::ffff:127.0.0.1']);
});

test('connections that say nothing keep no probe out', async (t) => {
  const { port } = server.address() as AddressInfo;
  const silent = Array.from({ length: 300 }, () => connect(port, '127.0.0.1').on('error', () => undefined));
  t.after(() => {
    for (const each of silent) each.destroy();
  });
  await Promise.all(silent.map((each) => once(each, 'connect')));
  for (let i = 0; i < 3; i++) {
    const [answer] = (await once(get({ port, path: '/healthz', agent: false }), 'response')) as [
      IncomingMessage,
    ];
    assert.equal(answer.statusCode, 200);
    answer.resume();
  }
  const held = await promisify(server.getConnections.bind(server))();
  assert.ok(held <= 100, `${held} connections`);
});
