import assert from 'node:assert/strict';
import { once } from 'node:events';
import { request } from 'node:https';
import { after, before, test } from 'node:test';
import { type ConnectionOptions, connect } from 'node:tls';
import { policy, review } from '../admission/reviews.ts';
import { issue, newAuthority } from '../cluster/certificates.ts';
import { authority, type Harness, harness, send } from './harness.ts';

const callersAuthority = await newAuthority('callers');
const otherAuthority = await newAuthority('others');
const client = (from: typeof otherAuthority, commonName: string) =>
  issue(from, { commonName, usage: 'client' });
const apiServer = await client(callersAuthority, 'kube-apiserver');
const tenant = await client(callersAuthority, 'tenant');
const stranger = await client(otherAuthority, 'kube-apiserver');

const body = JSON.stringify(review({ object: policy('all') }));
let server: Harness;

before(async () => {
  server = await harness({
    callers: { authority: callersAuthority.certificate, names: ['kube-apiserver'] },
  });
});

after(() => server.close());

type Identity = { readonly certificate: string; readonly key: string } | undefined;

/** A review over a connection of its own. */
function ask(identity: Identity, path = '/validate', port = server.port): Promise<number> {
  return new Promise((resolve, reject) => {
    const post = path === '/validate';
    const sent = request(
      {
        host: '127.0.0.1',
        port,
        path,
        method: post ? 'POST' : 'GET',
        headers: post ? { 'content-type': 'application/json' } : {},
        ca: authority.certificate,
        agent: false,
        ...optionsOf(identity),
      },
      (answer) => {
        answer.resume();
        answer.once('end', () => resolve(answer.statusCode ?? 0));
      },
    );
    sent.once('error', reject);
    sent.end(post ? body : undefined);
  });
}

function optionsOf(identity: Identity): ConnectionOptions {
  return identity === undefined ? {} : { cert: identity.certificate, key: identity.key };
}

test('reviews are for callers with a certificate of the authority and of that name; health is for all', async () => {
  const table: [string, Identity, number][] = [
    ['the API server', apiServer, 200],
    ['another name of the same authority', tenant, 403],
    ['the right name of another authority', stranger, 403],
    ['nobody', undefined, 403],
  ];
  for (const [who, identity, expected] of table) {
    assert.equal(await ask(identity), expected, who);
    assert.equal(await ask(identity, '/healthz'), 200, who);
    assert.equal(await ask(identity, '/readyz'), 200, who);
  }
  const text = await server.metrics.text();
  assert.match(text, /portent_admission_malformed_total\{reason="caller"\} 3\n/);
});

test('a resumed connection has the rights of the one it resumes', async () => {
  assert.equal(await resumed(apiServer, undefined), 200);
  assert.equal(await resumed(tenant, undefined), 403);
  assert.equal(await resumed(stranger, undefined), 403);
  assert.equal(await resumed(undefined, undefined), 403);
});

test('without names every certificate of the authority will do', async () => {
  const open = await harness({ callers: { authority: callersAuthority.certificate, names: [] } });
  try {
    assert.equal(await ask(tenant, '/validate', open.port), 200);
    assert.equal(await ask(stranger, '/validate', open.port), 403);
    assert.equal(await ask(undefined, '/validate', open.port), 403);
  } finally {
    await open.close();
  }
});

test('without an authority nobody is asked for a certificate', async () => {
  const open = await harness();
  try {
    assert.equal((await send(`${open.url}/validate`, body)).status, 200);
  } finally {
    await open.close();
  }
});

/** Takes a session ticket as one caller and resumes with it as another: the status of the review. */
async function resumed(first: Identity, second: Identity): Promise<number> {
  const base = { host: '127.0.0.1', port: server.port, ca: authority.certificate };
  const opened = connect({ ...base, ...optionsOf(first) });
  const ticket = once(opened, 'session', { signal: AbortSignal.timeout(5_000) });
  opened.write('GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n');
  const [session] = (await ticket) as [Buffer];
  opened.destroy();
  const again = connect({ ...base, ...optionsOf(second), session });
  await once(again, 'secureConnect');
  assert.ok(again.isSessionReused(), 'the session is resumed');
  const head = `POST /validate HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n`;
  again.write(head + body);
  const [answer] = (await once(again, 'data')) as [Buffer];
  again.destroy();
  return Number(/^HTTP\/1\.1 (\d+)/.exec(answer.toString())?.[1]);
}
