import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { connect, type TLSSocket } from 'node:tls';
import { nodePortService, policy, review, type Wire } from '../admission/reviews.ts';
import { authority, type Harness, harness, type SendOptions, send } from './harness.ts';

let server: Harness;
before(async () => {
  server = await harness({ limits: { body: 2 * 1024 ** 2 } });
});
after(() => server.close());

const good = JSON.stringify(review({ object: nodePortService('shop', 30500) }));

/** Sends to /validate and gives the status and the message of the error. */
async function refused(body: string | Buffer, options: SendOptions = {}): Promise<[number, string]> {
  const { status, text, headers } = await send(`${server.url}/validate`, body, options);
  assert.match(headers['content-type'] ?? '', /^application\/json/);
  const error = JSON.parse(text) as { kind: string; code: number; message: string };
  assert.equal(error.kind, 'Status');
  assert.equal(error.code, status);
  return [status, error.message];
}

test('a review is answered over HTTPS, whatever the query says', async () => {
  for (const query of ['', '?timeout=10s', '?timeout=nonsense&x=1', '?timeout=10s&timeout=1s']) {
    const { status, text } = await send(`${server.url}/validate${query}`, good);
    assert.equal(status, 200);
    assert.match(text, /"allowed":true/);
  }
});

test('half a JSON says where it ends, and does not repeat what it held', async () => {
  const [status, message] = await refused(good.slice(0, 200));
  assert.equal(status, 400);
  assert.match(message, /the body is not JSON: it ends too early, after 200 characters/);
  assert.doesNotMatch(message, /c0ffee/);
});

test('broken JSON says the position', async () => {
  const [status, message] = await refused('{"apiVersion":\n  nope}');
  assert.equal(status, 400);
  assert.match(message, /goes wrong at position 17 \(line 2, column 3\)/);
});

test('an empty body, a wrong type and a body over the limit', async () => {
  assert.deepEqual(await refused(''), [400, 'the body is empty; send an AdmissionReview']);
  for (const type of ['text/plain', 'application/xml', 'application/json5', 'nonsense']) {
    const [status, message] = await refused(good, { headers: { 'content-type': type } });
    assert.deepEqual([status, message], [415, 'send the review as application/json'], type);
  }
  const [status, message] = await refused(Buffer.alloc(2 * 1024 ** 2 + 1, 'x'));
  assert.equal(status, 413);
  assert.match(message, /larger than 2097152 bytes; limits\.body/);
});

test('a body over the limit without a length is cut off too', async () => {
  const headers = { 'transfer-encoding': 'chunked' };
  const [status] = await refused(Buffer.alloc(2 * 1024 ** 2 + 1, ' '), { headers });
  assert.equal(status, 413);
});

test('a review just below the default limit is answered', async () => {
  const wide = await harness();
  try {
    const object = policy('large');
    Object.assign(object.metadata as Wire, { annotations: { note: 'ä'.repeat(3_400_000) } });
    const body = JSON.stringify(review({ object }));
    const size = Buffer.byteLength(body);
    assert(size > 6_800_000 && size < 7 * 1024 ** 2, String(size));
    const { status, text } = await send(`${wide.url}/validate`, body);
    assert.equal(status, 200, text);
  } finally {
    await wide.close();
  }
});

test('JSON nested 100,000 deep is refused or answered, and the next review too', async () => {
  const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;
  assert.equal((await refused(deep))[0], 400);
  const inside = good.replace('"metadata":{', `"deep":${deep},"metadata":{`);
  assert.equal((await send(`${server.url}/validate`, inside)).status, 200);
  const object = good.replace(
    '"spec":{',
    `"spec":{"__proto__":${'{"a":'.repeat(50_000)}1${'}'.repeat(50_000)},`,
  );
  assert.equal((await send(`${server.url}/validate`, object)).status, 200);
  assert.equal((await send(`${server.url}/validate`, good)).status, 200);
});

test('a __proto__ key changes nothing, and is no reason to refuse', async () => {
  for (const key of ['__proto__', '\\u005f_proto__']) {
    const attack = good.replace('"spec":{', `"spec":{"${key}":{"type":"ClusterIP","ports":[]},`);
    const { status, text } = await send(`${server.url}/validate`, attack);
    assert.equal(status, 200);
    assert.match(text, /"allowed":true/);
  }
  assert.equal(({} as Wire).type, undefined);
});

test('labels and selectors called like members of Object are ordinary ones', async () => {
  const labels = { constructor: 'a', toString: 'b', hasOwnProperty: 'c', valueOf: 'd' };
  const object = policy('odd', { podSelector: { matchLabels: labels } });
  Object.assign(object.metadata as Wire, { labels });
  const { status, text } = await send(`${server.url}/validate`, JSON.stringify(review({ object })));
  assert.equal(status, 200, text);
});

test('another version of the review is refused with the fix', async () => {
  const [status, message] = await refused(good.replace('admission.k8s.io/v1', 'admission.k8s.io/v1beta1'));
  assert.equal(status, 400);
  assert.match(message, /unknown version admission\.k8s\.io\/v1beta1/);
});

test('other methods and paths are told what to do', async () => {
  for (const method of ['GET', 'PUT', 'DELETE', 'PATCH']) {
    const reply = await send(`${server.url}/validate`, undefined, { method });
    assert.deepEqual([reply.status, reply.headers.allow], [405, 'POST'], method);
  }
  assert.equal((await send(`${server.url}/healthz`, '{}')).status, 405);
  const [status, message] = await (async () => {
    const { status, text } = await send(`${server.url}/`);
    return [status, (JSON.parse(text) as { message: string }).message];
  })();
  assert.equal(status, 404);
  assert.match(String(message), /POST \/validate/);
});

test('bytes that are no UTF-8 are refused or taken for unreadable characters, never a crash', async () => {
  const body = Buffer.from(good);
  body.fill(0xff, 10, 20);
  const { status } = await send(`${server.url}/validate`, body);
  assert.equal(status, 400);
});

test('every refusal was counted by its reason', async () => {
  const text = await server.metrics.text();
  for (const reason of ['json', 'content_type', 'too_large', 'review', 'version']) {
    const count = Number(new RegExp(`malformed_total\\{reason="${reason}"\\} (\\d+)`).exec(text)?.[1]);
    assert(count > 0, reason);
  }
});

/** A TLS connection that speaks what it is told. */
function raw(options: { maxVersion?: 'TLSv1.2' } = {}): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const socket = connect(
      { host: '127.0.0.1', port: server.port, ca: authority.certificate, ...options },
      () => resolve(socket),
    );
    socket.once('error', reject);
  });
}

test('TLS 1.2 is refused', async () => {
  await assert.rejects(raw({ maxVersion: 'TLSv1.2' }));
  const socket = await raw();
  assert.equal(socket.getProtocol(), 'TLSv1.3');
  socket.destroy();
});

test('what is no HTTP is answered 400 and cut off', async () => {
  const socket = await raw();
  socket.write('\x00\x01\x02 nonsense\r\n\r\n');
  let text = '';
  for await (const chunk of socket) text += String(chunk);
  assert.match(text, /^HTTP\/1\.1 400/);
});
