import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { connect as connectPlain } from 'node:net';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect, type TLSSocket } from 'node:tls';
import { promisify } from 'node:util';
import type { MayExempt } from '../../src/admission/judging.ts';
import { startLagMeter } from '../../src/server/lag.ts';
import { deadlineOf } from '../../src/server/limits.ts';
import { nodePortService, policy, review } from '../admission/reviews.ts';
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
    const socket = connectPlain(server.port, '127.0.0.1');
    socket.on('error', () => {});
    socket.resume();
    await once(socket, 'connect');
    await once(socket, 'close', { signal: AbortSignal.timeout(4000) });
  }));

/** A review that waits for word on an exemption. */
const asking = JSON.stringify(
  review({
    object: {
      ...nodePortService('web2', 3000),
      metadata: {
        name: 'web2',
        namespace: 'default',
        annotations: {
          'portent.dev/exempt': 'node-port-range',
          'portent.dev/exempt-reason': 'old appliance',
          'portent.dev/exempt-until': '2999-12-31',
        },
      },
    },
  }),
);

/** An API server that says nothing about exemptions until it is told to. */
function silence(): { mayExempt: MayExempt; end: () => void } {
  const { promise, resolve } = Promise.withResolvers<void>();
  return {
    mayExempt: () => promise.then(() => ({ kind: 'refused', reason: 'no' }) as const),
    end: resolve,
  };
}

test('reviews that wait past the cap are told to come again, others are answered, and the count goes back', () => {
  const { mayExempt, end } = silence();
  return withServer({ limits: { inFlight: 2 }, admission: { mayExempt } }, async (server) => {
    const waiting = [send(`${server.url}/validate`, asking), send(`${server.url}/validate`, asking)];
    assert(await counted(server, 'portent_admission_in_flight 2'));
    const reply = await send(`${server.url}/validate`, asking);
    assert.equal(reply.status, 429);
    assert.equal(reply.headers['retry-after'], '1');
    assert.match(reply.text, /2 reviews at once at most wait for an answer \(limits\.inFlight\)/);
    assert.equal((await send(`${server.url}/validate`, body)).status, 200);
    assert.equal((await send(`${server.url}/healthz`)).status, 200, 'probes are never shed');
    end();
    assert.deepEqual(
      (await Promise.all(waiting)).map(({ status }) => status),
      [200, 200],
    );
    assert(await counted(server, 'portent_admission_in_flight 0'));
    assert.equal((await send(`${server.url}/validate`, asking)).status, 200);
    assert(await counted(server, 'shed_total{reason="in_flight"} 1'));
  });
});

test('strangers with half a review each keep no review out', () =>
  withServer({ limits: { inFlight: 2 } }, async (server) => {
    const agent = keepAlive(1);
    const strangers = await Promise.all(Array.from({ length: 64 }, () => raw(server)));
    for (const socket of strangers) socket.write(HEAD + body.slice(0, 20));
    await sleep(100);
    for (let i = 0; i < 5; i++) {
      assert.equal((await send(`${server.url}/validate`, body, { agent })).status, 200);
      assert.equal((await send(`${server.url}/validate`, body)).status, 200);
    }
    assert(await counted(server, 'portent_admission_in_flight 0'));
    strangers[0]?.write(body.slice(20));
    const [late] = await once(strangers[0] as TLSSocket, 'data');
    assert.match(String(late), /^HTTP\/1\.1 200 /, 'the slow one is answered too');
    for (const socket of strangers) socket.destroy();
    agent.destroy();
  }));

/** Connections that are open on the server's side. */
const held = (server: Harness) => {
  const listening = server.webhook.app.server;
  return promisify(listening.getConnections.bind(listening))();
};

test('past the cap on connections strangers give way, and the API server goes on', () =>
  withServer({ limits: { connections: 20 } }, async (server) => {
    const agent = keepAlive(1);
    const ask = async () => {
      const { status } = await send(`${server.url}/validate`, body, { agent });
      assert.equal(status, 200);
    };
    await ask();
    const [kept] = Object.values(agent.freeSockets).flat();
    const plain = Array.from({ length: 60 }, () =>
      connectPlain(server.port, '127.0.0.1').on('error', () => {}),
    );
    await Promise.all(plain.map((socket) => once(socket, 'connect')));
    await ask();
    const silent: TLSSocket[] = [];
    for (let i = 0; i < 60; i++) silent.push(await raw(server));
    await ask();
    assert.equal(Object.values(agent.freeSockets).flat()[0], kept, 'its connection was never closed');
    assert.equal((await send(`${server.url}/validate`, body)).status, 200, 'a new connection gets in');
    assert((await held(server)) <= 20);
    for (const socket of [...plain, ...silent]) socket.destroy();
    agent.destroy();
  }));

test('past the cap the connection that brought a review longest ago gives way, never one that waits', () => {
  const { mayExempt, end } = silence();
  return withServer({ limits: { connections: 4 }, admission: { mayExempt } }, async (server) => {
    const agent = keepAlive(1);
    const ask = async () => assert.equal((await send(`${server.url}/validate`, body, { agent })).status, 200);
    const waiting = send(`${server.url}/validate`, asking);
    assert(await counted(server, 'portent_admission_in_flight 1'));
    await ask();
    const [kept] = Object.values(agent.freeSockets).flat();
    const strangers: TLSSocket[] = [];
    for (let i = 0; i < 20; i++) {
      const socket = await raw(server);
      socket.write(HEAD + body);
      await once(socket, 'data');
      strangers.push(socket);
      await ask();
    }
    assert.equal(Object.values(agent.freeSockets).flat()[0], kept);
    assert((await held(server)) <= 4);
    end();
    assert.equal((await waiting).status, 200);
    for (const socket of strangers) socket.destroy();
    agent.destroy();
  });
});

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

const MEBI = 1024 ** 2;
const large = (announced: number) => HEAD.replace(/Content-Length: \d+/, `Content-Length: ${announced}`);

test('bodies that are announced and not sent keep no review out', () =>
  withServer({ limits: { bodies: 8 * MEBI } }, async (server) => {
    const agent = keepAlive(1);
    const strangers = await Promise.all(Array.from({ length: 30 }, () => raw(server)));
    for (const [i, socket] of strangers.entries()) {
      const chunked = HEAD.replace(/Content-Length: \d+/, 'Transfer-Encoding: chunked');
      socket.write(i % 2 === 0 ? large(7 * MEBI) : chunked);
    }
    await sleep(100);
    for (const sent of [body, body.padEnd(6 * MEBI), body]) {
      assert.equal((await send(`${server.url}/validate`, sent, { agent })).status, 200);
      assert.equal((await send(`${server.url}/validate`, sent)).status, 200);
    }
    assert(!(await server.metrics.text()).includes('shed_total{reason="memory"} 1'));
    for (const socket of strangers) socket.destroy();
    agent.destroy();
  }));

test('bodies that are too much together: the one on its way longest gives way, not the API server', () =>
  withServer({ limits: { bodies: 2 * MEBI } }, async (server) => {
    const strangers = await Promise.all(Array.from({ length: 4 }, () => raw(server)));
    const answers = strangers.map((socket) => textOf(socket));
    for (const [i, socket] of strangers.entries()) {
      const head = HEAD.replace(/Content-Length: \d+/, 'Transfer-Encoding: chunked');
      const part = '{'.padEnd(900 * 1024);
      socket.write(
        i % 2 === 0 ? large(7 * MEBI) + part : `${head}${part.length.toString(16)}\r\n${part}\r\n`,
      );
      await sleep(100);
    }
    for (const answer of answers.slice(0, 2)) {
      const text = await answer;
      assert.match(text, /^HTTP\/1\.1 503 [\s\S]*\r\nretry-after: 1\r\n[\s\S]*limits\.bodies/);
      assert.match(text, /\r\nconnection: close\r\n/i);
    }
    assert(await counted(server, 'shed_total{reason="memory"} 2'));
    assert.equal((await send(`${server.url}/validate`, body)).status, 200);
    assert.equal((await send(`${server.url}/validate`, body.padEnd(1.5 * MEBI))).status, 200);
    assert(await counted(server, 'shed_total{reason="memory"} 4'));
    await Promise.all(answers);
    assert.equal((await send(`${server.url}/validate`, body.padEnd(6 * MEBI))).status, 200);
    assert(await counted(server, 'shed_total{reason="memory"} 4'));
  }));

test('what a body held is given back, however it ended', () =>
  withServer({ limits: { bodies: 2 * MEBI, headerSeconds: 0.5, bodySeconds: 1 } }, async (server) => {
    for (let i = 0; i < 6; i++) {
      const socket = await raw(server);
      socket.write(large(7 * MEBI) + '{'.padEnd(900 * 1024));
      await sleep(100);
      socket.destroy();
    }
    const late = await raw(server);
    late.write(large(7 * MEBI) + '{'.padEnd(900 * 1024));
    assert.match(await textOf(late), /^HTTP\/1\.1 408 /);
    const [first, second] = [await raw(server), await raw(server)];
    const start = body.padEnd(900 * 1024);
    for (const socket of [first, second]) socket.write(large(start.length + 2) + start);
    await sleep(100);
    for (const socket of [first, second]) {
      socket.write('  ');
      const [answer] = await once(socket, 'data');
      assert.match(String(answer), /^HTTP\/1\.1 200 /);
      socket.destroy();
    }
  }));

test('a lack of memory sheds reviews and never probes', () =>
  withServer({}, async (server) => {
    server.memory = 0.95;
    const reply = await send(`${server.url}/validate`, body);
    assert.deepEqual([reply.status, reply.headers['retry-after']], [503, '1']);
    assert.equal((await send(`${server.url}/readyz`)).status, 200);
    server.memory = 0.5;
    assert.equal((await send(`${server.url}/validate`, body)).status, 200);
    assert(await counted(server, 'shed_total{reason="memory"} 1'));
  }));

test('one review that is larger than all together is read when it is alone', () =>
  withServer({ limits: { bodies: 10 } }, async (server) => {
    assert.equal((await send(`${server.url}/validate`, body)).status, 200);
    assert.equal((await send(`${server.url}/validate`, body.padEnd(MEBI))).status, 200);
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
