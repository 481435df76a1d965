import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect, type TLSSocket } from 'node:tls';
import { startLagMeter } from '../../src/server/lag.ts';
import { deadlineOf } from '../../src/server/limits.ts';
import { policy, review } from '../admission/reviews.ts';
import { authority, type Harness, type HarnessOptions, harness, keepAlive, send } from './harness.ts';

const body = JSON.stringify(review({ object: policy('p') }));

async function withServer(options: HarnessOptions, work: (server: Harness) => Promise<void>): Promise<void> {
  const server = await harness(options);
  try {
    await work(server);
  } finally {
    await server.close();
  }
}

async function raw(server: Harness): Promise<TLSSocket> {
  const socket = connect({ host: '127.0.0.1', port: server.port, ca: authority.certificate });
  await once(socket, 'secureConnect');
  socket.on('error', () => {});
  return socket;
}

async function textOf(socket: TLSSocket): Promise<string> {
  let text = '';
  for await (const chunk of socket) text += String(chunk);
  return text;
}

const HEAD = `POST /validate HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n`;

async function counted(server: Harness, line: string): Promise<boolean> {
  for (let i = 0; i < 100; i++) {
    if ((await server.metrics.text()).includes(line)) return true;
    await sleep(20);
  }
  return false;
}

test('a client that never finishes its headers, or its body, is answered 408 and cut off', () =>
  withServer({ limits: { headerSeconds: 0.3, bodySeconds: 0.6 } }, async (server) => {
    const [headers, half] = await Promise.all([raw(server), raw(server)]);
    headers.write('POST /validate HTTP/1.1\r\nHost: x\r\n');
    half.write(HEAD + body.slice(0, 20));
    const start = performance.now();
    assert.match(await textOf(headers), /^HTTP\/1\.1 408 /);
    assert.match(await textOf(half), /^HTTP\/1\.1 408 /);
    assert(performance.now() - start < 4000);
    assert(await counted(server, 'malformed_total{reason="timeout"} 2'));
    assert(await counted(server, 'portent_admission_in_flight 0'));
  }));

test('a connection that never starts TLS is cut off', () =>
  withServer({ limits: { headerSeconds: 0.3 } }, async (server) => {
    const { connect: plain } = await import('node:net');
    const socket = plain(server.port, '127.0.0.1');
    socket.on('error', () => {});
    socket.resume();
    await once(socket, 'connect');
    await once(socket, 'close', { signal: AbortSignal.timeout(4000) });
  }));

test('reviews past the cap are told to come again, and the count goes back to zero', () =>
  withServer({ limits: { inFlight: 2 } }, async (server) => {
    const sockets = await Promise.all([raw(server), raw(server)]);
    for (const socket of sockets) socket.write(HEAD + body.slice(0, 20));
    assert(await counted(server, 'portent_admission_in_flight 2'));
    const reply = await send(`${server.url}/validate`, body);
    assert.equal(reply.status, 429);
    assert.equal(reply.headers['retry-after'], '1');
    assert.match(reply.text, /2 reviews at once at most \(limits\.inFlight\)/);
    assert.equal((await send(`${server.url}/healthz`)).status, 200, 'probes are never shed');
    sockets[0]?.destroy();
    assert(await counted(server, 'portent_admission_in_flight 1'));
    assert.equal((await send(`${server.url}/validate`, body)).status, 200);
    sockets[1]?.end(body.slice(20));
    assert(await counted(server, 'portent_admission_in_flight 0'));
    assert(await counted(server, 'shed_total{reason="in_flight"} 1'));
  }));

test('connections past the cap are dropped, the others go on', () =>
  withServer({ limits: { connections: 5 } }, async (server) => {
    const agent = keepAlive(5);
    const results = await Promise.allSettled(
      Array.from({ length: 40 }, () => send(`${server.url}/validate`, body)),
    );
    assert(results.some(({ status }) => status === 'fulfilled'));
    const after = await Promise.all(
      Array.from({ length: 40 }, () => send(`${server.url}/validate`, body, { agent })),
    );
    assert(after.every(({ status }) => status === 200));
    agent.destroy();
  }));

test('while the event loop is late, reviews are shed and probes answered', () =>
  withServer({ limits: { lagSeconds: 1 } }, async (server) => {
    server.lag = 1.5;
    const reply = await send(`${server.url}/validate`, body);
    assert.deepEqual([reply.status, reply.headers['retry-after']], [503, '1']);
    assert.equal((await send(`${server.url}/readyz`)).status, 200);
    server.lag = 0.5;
    assert.equal((await send(`${server.url}/validate`, body)).status, 200);
    assert(await counted(server, 'shed_total{reason="lag"} 1'));
  }));

test('bodies that are too much together, or a lack of memory, shed reviews and never probes', () =>
  withServer({ limits: { bodies: 2 * body.length } }, async (server) => {
    const sockets = await Promise.all([raw(server), raw(server)]);
    for (const socket of sockets) socket.write(HEAD + body.slice(0, 20));
    assert(await counted(server, 'portent_admission_in_flight 2'));
    const reply = await send(`${server.url}/validate`, body);
    assert.deepEqual([reply.status, reply.headers['retry-after']], [503, '1']);
    assert.match(reply.text, /limits\.bodies/);
    for (const socket of sockets) socket.destroy();
    assert(await counted(server, 'portent_admission_in_flight 0'));
    assert.equal((await send(`${server.url}/validate`, body)).status, 200);
    server.memory = 0.95;
    assert.equal((await send(`${server.url}/validate`, body)).status, 503);
    assert.equal((await send(`${server.url}/readyz`)).status, 200);
    server.memory = 0.5;
    assert.equal((await send(`${server.url}/validate`, body)).status, 200);
    assert(await counted(server, 'shed_total{reason="memory"} 2'));
  }));

test('one review that is larger than all together is read when it is alone', () =>
  withServer({ limits: { bodies: 10 } }, async (server) => {
    assert.equal((await send(`${server.url}/validate`, body)).status, 200);
  }));

test('a body sent in chunks counts as the largest there may be', () =>
  withServer({ limits: { bodies: 7 * 1024 ** 2 + 1 } }, async (server) => {
    const socket = await raw(server);
    socket.write(HEAD.replace(/Content-Length: \d+/, 'Transfer-Encoding: chunked'));
    assert(await counted(server, 'portent_admission_in_flight 1'));
    assert.equal((await send(`${server.url}/validate`, body)).status, 503);
    socket.destroy();
  }));

test('a process whose heap fills up sheds and lives, and answers again when it is empty', {
  timeout: 60_000,
}, async () => {
  const script = `
    import { startMemoryMeter } from ${JSON.stringify(new URL('../../src/server/memory-meter.ts', import.meta.url).href)};
    import { setTimeout as sleep } from 'node:timers/promises';
    const meter = startMemoryMeter();
    let kept = [];
    while (meter.share() < 0.9) { kept.push(new Array(10_000).fill(0).map((_, i) => ({ i }))); await sleep(1); }
    console.log('full');
    kept = [];
    while (meter.share() > 0.5) await sleep(100);
    console.log('empty');`;
  const args = [
    '--max-old-space-size=128',
    '--max-semi-space-size=2',
    '--input-type=module',
    '--eval',
    script,
  ];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8', timeout: 50_000 });
  assert.equal(stdout, 'full\nempty\n', stderr);
  assert.equal(status, 0);
});

test('a review whose deadline is over is not judged', () =>
  withServer({}, async (server) => {
    const socket = await raw(server);
    socket.write(HEAD.replace('/validate', '/validate?timeout=200ms') + body.slice(0, 20));
    await sleep(400);
    socket.write(body.slice(20));
    const [first] = await once(socket, 'data');
    assert.match(String(first), /^HTTP\/1\.1 503 /);
    socket.destroy();
    assert(await counted(server, 'shed_total{reason="deadline"} 1'));
  }));

test('the deadline is a Go duration', () => {
  const given = [
    '?timeout=10s',
    '?x=1&timeout=500ms',
    '?timeout=1.5s',
    '?timeout=1m',
    '?timeout=',
    '',
    '?timeout=-1s',
  ];
  assert.deepEqual(
    given.map((query) => deadlineOf(`/validate${query}`)),
    [10_000, 500, 1500, 60_000, undefined, undefined, undefined],
  );
});

test('the lag meter sees a blocked event loop', async () => {
  const meter = startLagMeter();
  await sleep(150);
  const end = performance.now() + 400;
  while (performance.now() < end);
  await sleep(0);
  const lag = meter.seconds();
  meter.stop();
  assert(lag > 0.2 && lag < 5, String(lag));
});
