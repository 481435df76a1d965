import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect } from 'node:tls';
import { secureOptions } from '../../src/tls/check.ts';
import { issueServing } from '../../src/tls/issue.ts';
import { nodePortService, policy, review } from '../admission/reviews.ts';
import { authority, type Harness, harness, keepAlive, type Reply, send } from './harness.ts';

const body = JSON.stringify(review({ object: policy('p'), dryRun: true }));

/** Keeps asking on 8 kept-alive connections until it is told to stop; gives every reply and failure. */
function load(server: Harness): {
  stop: () => Promise<{ replies: Reply[]; failures: unknown[] }>;
  count: () => number;
} {
  const agent = keepAlive(8);
  const replies: Reply[] = [];
  const failures: unknown[] = [];
  let stopped = false;
  const workers = Array.from({ length: 8 }, async () => {
    while (!stopped) {
      try {
        replies.push(await send(`${server.url}/validate?timeout=5s`, body, { agent }));
      } catch (error) {
        failures.push(error);
      }
    }
  });
  return {
    count: () => replies.length,
    stop: async () => {
      stopped = true;
      await Promise.all(workers);
      agent.destroy();
      return { replies, failures };
    },
  };
}

test('lame duck: not ready, but every request is answered and told to close its connection', async () => {
  const server = await harness();
  const clients = load(server);
  await sleep(200);
  assert.equal((await send(`${server.url}/readyz`)).status, 200);
  const before = clients.count();
  server.webhook.lameDuck();
  const probe = await send(`${server.url}/readyz`);
  assert.deepEqual([probe.status, probe.text], [503, 'not ready\nshutting down\n']);
  assert.equal((await send(`${server.url}/healthz`)).status, 200);
  await sleep(400);
  const during = clients.count() - before;
  // The clients have learnt from the probe by now, and turn elsewhere.
  const { replies, failures } = await clients.stop();
  await server.webhook.app.close();
  assert.deepEqual(failures, []);
  assert(during > 20, `${during} requests`);
  assert(replies.every(({ status }) => status === 200));
  assert.equal(replies.at(-1)?.headers.connection, 'close');
  assert.equal(replies[0]?.headers.connection, 'keep-alive');
});

test('a request that is under way when the server ends is answered, and holds nothing up', async () => {
  const server = await harness();
  const socket = connect({ host: '127.0.0.1', port: server.port, ca: authority.certificate });
  await once(socket, 'secureConnect');
  const seen = once(server.webhook.app.server, 'request');
  socket.write(
    `POST /validate HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n`,
  );
  await seen;
  server.webhook.lameDuck();
  const start = performance.now();
  const closed = server.webhook.app.close();
  socket.write(body);
  let text = '';
  for await (const chunk of socket) text += String(chunk);
  await closed;
  assert.match(text, /^HTTP\/1\.1 200 .*connection: close.*"allowed":true/is);
  assert(performance.now() - start < 3000);
});

test('certificates are swapped under load without an error; TLS stays at 1.3', async () => {
  const server = await harness();
  const clients = load(server);
  const serials = new Set<string>();
  try {
    for (let i = 0; i < 10; i++) {
      server.webhook.swap(secureOptions(await issueServing(authority, ['127.0.0.1'])));
      const { status, serial } = await send(`${server.url}/healthz`);
      assert.equal(status, 200);
      serials.add(serial);
    }
    assert.equal(serials.size, 10);
    await assert.rejects(
      new Promise((resolve, reject) => {
        const options = {
          host: '127.0.0.1',
          port: server.port,
          ca: authority.certificate,
          maxVersion: 'TLSv1.2',
        } as const;
        connect(options, () => resolve(undefined)).once('error', reject);
      }),
    );
  } finally {
    const { replies, failures } = await clients.stop();
    await server.close();
    assert.deepEqual(failures, []);
    assert(replies.length > 20 && replies.every(({ status }) => status === 200));
  }
});

test('readiness says what is missing', async () => {
  const state = { ready: false, detail: ['Pods: not listed yet'] };
  const server = await harness({ ready: () => state });
  const reply = await send(`${server.url}/readyz`);
  assert.deepEqual([reply.status, reply.text], [503, 'not ready\nPods: not listed yet\n']);
  state.ready = true;
  state.detail = [];
  assert.deepEqual([(await send(`${server.url}/readyz`)).status], [200]);
  await server.close();
});

test('every review is one line of the log, and nothing of the object is in it', async () => {
  const server = await harness();
  const secret = nodePortService('shop', 3000);
  Object.assign(secret.metadata as object, { annotations: { password: 'hunter2' } });
  assert.match(
    (await send(`${server.url}/validate`, JSON.stringify(review({ object: secret })))).text,
    /"allowed":false/,
  );
  await send(`${server.url}/validate`, '{"half":');
  await send(`${server.url}/healthz`);
  await server.close();
  const lines = server
    .log()
    .split('\n')
    .filter((line) => line !== '');
  assert.equal(lines.length, 1, server.log());
  const line = JSON.parse(lines[0] ?? '') as Record<string, unknown>;
  assert.equal(line.object, 'Service default/shop');
  assert.equal(line.decision, 'deny');
  assert((line.rules as string[]).includes('node-port-range'));
  assert.doesNotMatch(server.log(), /hunter2/);
});

test('a judge that throws is 500, an error in the log and in the metrics', async () => {
  const server = await harness({
    admission: {
      judge: () => {
        throw new Error('broken rule');
      },
    },
  });
  const reply = await send(`${server.url}/validate`, body);
  assert.equal(reply.status, 500);
  assert.match(server.log(), /"level":"error".*broken rule/);
  assert.match(await server.metrics.text(), /decision="error",dry_run="true"\} 1/);
  assert.equal((await send(`${server.url}/healthz`)).status, 200);
  await server.close();
});
