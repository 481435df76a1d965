/** Certificates that the replicas make, share, renew and publish themselves, on a real API server. */
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { after, afterEach, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect, type TLSSocket } from 'node:tls';
import { review } from '../admission/reviews.ts';
import { only, render } from '../chart/helm.ts';
import { type Cluster, startCluster } from '../cluster/cluster.ts';
import { webhooksInForce } from '../cluster/webhook.ts';
import { send } from '../server/harness.ts';
import { policy } from './objects.ts';
import { apply, chartAccount, type Portent, startPortent } from './portent.ts';
import { Switchboard } from './switchboard.ts';
import { wrongClock } from './wrong-clock.ts';

const configuration = '/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations/portent-system';
const secret = '/api/v1/namespaces/portent-system/secrets/portent-tls';
const tls = { secret: 'portent-system/portent-tls', webhookConfiguration: 'portent-system' };
const change = policy('default', 'some', { podSelector: {} });

let cluster: Cluster;
let kubeconfig: string;
let running: Portent[] = [];
let switchboard: Switchboard | undefined;

before(
  async () => {
    cluster = await startCluster();
    kubeconfig = await chartAccount(cluster);
  },
  { timeout: 60_000 },
);

afterEach(async () => {
  switchboard?.close();
  await Promise.all(running.map((each) => each.stop()));
  running = [];
  for (const path of [configuration, secret]) await cluster.request('DELETE', path);
});

after(async () => cluster?.stop());

interface StartOptions {
  readonly lifeSeconds?: number;
  /** How far off the clock is, in milliseconds. */
  readonly clock?: number;
}

async function start({ lifeSeconds, clock }: StartOptions = {}): Promise<Portent> {
  const portent = await startPortent(cluster, {
    kubeconfig,
    tls: { ...tls, ...(lifeSeconds === undefined ? {} : { lifeSeconds }) },
    config: { shutdown: { lameDuckSeconds: 0 } },
    ...(clock === undefined ? {} : { nodeArguments: [wrongClock(clock)] }),
  });
  running.push(portent);
  return portent;
}

/** The chart's webhook configuration without a caBundle, called by address: the replicas publish to it. */
async function register(port: number): Promise<void> {
  const manifests = await render('helm3', 'webhook.failurePolicy="Fail"');
  const made = only(manifests, 'ValidatingWebhookConfiguration');
  const [webhook] = made.webhooks as readonly object[];
  const clientConfig = { url: `https://127.0.0.1:${port}/validate` };
  await cluster.apply(JSON.stringify({ ...made, webhooks: [{ ...webhook, clientConfig }] }));
}

/** Two replicas that start from nothing, at once, behind one port. */
async function two(options: StartOptions = {}): Promise<readonly [Portent, Portent]> {
  const ports: Portent[] = [];
  const opened = new Switchboard(
    [0, 1].map((index) => ({
      get port() {
        return ports[index]?.port ?? 0;
      },
      ready: async () => (await ports[index]?.health('/readyz'))?.status === 200,
    })),
    100,
  );
  switchboard = opened;
  await register(await opened.open());
  const pair = await Promise.all([start(options), start(options)]);
  ports.push(...pair);
  await opened.look();
  return pair;
}

async function published(): Promise<string> {
  const { body } = await cluster.request('GET', configuration);
  const { webhooks } = body as {
    readonly webhooks: readonly { readonly clientConfig: { caBundle?: string } }[];
  };
  return Buffer.from(webhooks[0]?.clientConfig.caBundle ?? '', 'base64').toString();
}

async function stored(): Promise<{ version: string; data: Record<string, string> }> {
  const { body } = await cluster.request('GET', secret);
  const { metadata, data = {} } = body as {
    readonly metadata: { readonly resourceVersion: string };
    readonly data?: Record<string, string>;
  };
  const texts = Object.entries(data).map(([key, text]) => [key, Buffer.from(text, 'base64').toString()]);
  return { version: metadata.resourceVersion, data: Object.fromEntries(texts) };
}

/** The certificate that a replica shows to somebody who trusts what is published. */
async function served({ port }: Portent): Promise<X509Certificate> {
  const ca = await published();
  return new Promise((resolve, reject) => {
    const socket: TLSSocket = connect({ host: '127.0.0.1', port, ca }, () => {
      const certificate = socket.getPeerX509Certificate();
      socket.destroy();
      if (certificate === undefined) reject(new Error('no certificate'));
      else resolve(certificate);
    });
    socket.once('error', reject);
    socket.setTimeout(5_000, () => socket.destroy(new Error('no handshake within 5 s')));
  });
}

/** Asks both replicas, each time on a new connection, and the API server too; trusts what was published a moment ago. */
function load(replicas: readonly Portent[], perSecond: number) {
  const body = JSON.stringify(review({ object: change, dryRun: true }));
  const path = '/apis/networking.k8s.io/v1/namespaces/default/networkpolicies?dryRun=All';
  const failures: string[] = [];
  const serials = new Set<string>();
  const under = new Set<Promise<void>>();
  let [ca, count] = ['', 0];
  const track = (work: () => Promise<void>): void => {
    count++;
    const done = work()
      .catch((error: unknown) => void failures.push(String(error)))
      .finally(() => under.delete(done));
    under.add(done);
  };
  const ask = async ({ url }: Portent): Promise<void> => {
    const { status, text, serial } = await send(url, body, { ca });
    serials.add(serial);
    if (status !== 200) failures.push(text);
  };
  const askApiServer = async (): Promise<void> => {
    const { status, text } = await cluster.request('POST', path, change);
    if (status !== 201) failures.push(text);
  };
  const news = setInterval(
    () =>
      void published().then((bundle) => {
        ca = bundle;
      }),
    100,
  );
  const each = Math.round((perSecond - 10) / 20);
  let beat = 0;
  const begin = async (): Promise<NodeJS.Timeout> => {
    ca = await published();
    return setInterval(() => {
      // A machine that is too busy misses beats; made up for, they would only make it busier.
      if (under.size > perSecond) return;
      for (let i = 0; i < each; i++) track(() => ask(replicas[i % replicas.length] as Portent));
      if (beat++ % 2 === 0) track(askApiServer);
    }, 50);
  };
  const beats = begin();
  return {
    serials,
    stop: async () => {
      clearInterval(await beats);
      clearInterval(news);
      await Promise.all(under);
      return { failures, count };
    },
  };
}

/** What the replicas logged of certificates. */
const about = (): string =>
  running
    .map((each) => each.log())
    .join('\n')
    .split('\n')
    .filter((line) => /certificate: |caBundle: /.test(line))
    .join('\n');

const refreshed = (replicas: readonly Portent[], old: X509Certificate) =>
  cluster.waitFor(
    'they serve another certificate',
    async () => {
      const shown = new Set(
        (await Promise.all(replicas.map(served))).map(({ serialNumber }) => serialNumber),
      );
      return shown.size === 1 && !shown.has(old.serialNumber);
    },
    { timeout: 30_000, context: about },
  );

test('two replicas from nothing agree on one certificate, and the API server trusts it', {
  timeout: 40_000,
}, async () => {
  const [one, other] = await two();
  const [first, second] = [await served(one), await served(other)];
  assert.equal(first.serialNumber, second.serialNumber);
  const { data } = await stored();
  assert.equal(new X509Certificate(data['tls.crt'] ?? '').serialNumber, first.serialNumber);
  assert.equal(await published(), data['ca.crt']);
  await webhooksInForce(cluster);
  const said = await apply(cluster, change, '--dry-run=server');
  assert.equal(said.code, 0, said.stderr);
  const { text } = await one.health('/metrics');
  const expiry = /^portent_certificate_expiry_timestamp_seconds (\d+)$/m.exec(text)?.[1];
  assert.equal(Number(expiry) * 1000, first.validToDate.getTime());
  const days = (first.validToDate.getTime() - Date.now()) / 86_400_000;
  assert.ok(days > 89.9 && days < 90.1, `${days} days`);
  one.process.signal('SIGTERM');
  await cluster.waitFor('it ended', () => one.process.exit !== undefined);
  assert.equal(one.process.exit, 'exit status 0', one.log());
});

test('a caBundle that somebody changes, or takes away, is repaired', { timeout: 40_000 }, async () => {
  const [one] = await two();
  const right = await published();
  const { body } = await cluster.request('GET', configuration);
  const { webhooks } = body as { readonly webhooks: readonly { readonly clientConfig: object }[] };
  for (const caBundle of [Buffer.from(cluster.caPem).toString('base64'), null]) {
    const changed = webhooks.map((each) => ({ ...each, clientConfig: { ...each.clientConfig, caBundle } }));
    const answer = await cluster.request('PATCH', configuration, { webhooks: changed });
    assert.equal(answer.status, 200, answer.text);
    await cluster.waitFor('the caBundle is right again', async () => (await published()) === right, {
      timeout: 10_000,
      context: () => one.log(),
    });
  }
  await cluster.waitFor('the log says so', () =>
    running.some((each) => each.log().includes('caBundle: repaired, somebody else had changed it')),
  );
  await webhooksInForce(cluster);
  assert.equal((await apply(cluster, change, '--dry-run=server')).code, 0);
});

test('renewed every few seconds under 200 requests a second: none fails', {
  timeout: 60_000,
}, async (context) => {
  const pair = await two({ lifeSeconds: 15 });
  await webhooksInForce(cluster);
  const clients = load(pair, 200);
  await sleep(30_000);
  const { failures, count } = await clients.stop();
  assert.deepEqual(failures.slice(0, 5), [], about());
  assert.ok(clients.serials.size >= 3, `${clients.serials.size} certificates`);
  assert.ok(count >= 2000, `${count} requests`);
  context.diagnostic(`${count} requests under ${clients.serials.size} certificates`);
});

test('the Secret is deleted, then filled with garbage, under load: none fails, and another certificate comes', {
  timeout: 60_000,
}, async () => {
  // Settled after 5 s.
  const pair = await two({ lifeSeconds: 60 });
  await webhooksInForce(cluster);
  const clients = load(pair, 60);
  const first = await served(pair[0]);
  assert.equal((await cluster.request('DELETE', secret)).status, 200);
  await refreshed(pair, first);
  const second = await served(pair[0]);
  const garbage = { 'ca.crt': 'AAAA', 'tls.crt': '', 'tls.key': 'aGVsbG8=', other: 'eA==' };
  assert.equal((await cluster.request('PATCH', secret, { data: garbage })).status, 200);
  await refreshed(pair, second);
  const { failures } = await clients.stop();
  assert.deepEqual(failures.slice(0, 5), []);
  assert.equal((await stored()).data.other, undefined);
});

test('replicas with clocks an hour off, and one a year off, share the certificate and leave it alone', {
  timeout: 60_000,
}, async () => {
  const hour = 3_600_000;
  const right = await start();
  await register(right.port);
  const before = await stored();
  for (const clock of [hour, -hour, 366 * 24 * hour, -366 * 24 * hour]) await start({ clock });
  const shown = await Promise.all(running.map(served));
  assert.equal(new Set(shown.map(({ serialNumber }) => serialNumber)).size, 1);
  await sleep(2_000);
  assert.equal((await stored()).version, before.version);
  await webhooksInForce(cluster);
  assert.equal((await apply(cluster, change, '--dry-run=server')).code, 0);
  // And where the first one is the one that is off.
  await Promise.all(running.map((each) => each.stop()));
  running = [];
  await cluster.request('DELETE', secret);
  const early = await start({ clock: hour });
  await start({ clock: -hour });
  const made = await served(early);
  assert.ok(made.validFromDate.getTime() < Date.now() - 1.5 * hour, 'good for an API server that is late');
  assert.equal((await served(running[1] as Portent)).serialNumber, made.serialNumber);
});

test('the API server is away: what is served stays; back again, the replica looks after it again', {
  timeout: 60_000,
}, async () => {
  const portent = await start({ lifeSeconds: 60 });
  await register(portent.port);
  await cluster.waitFor('it is published', async () => (await published()) !== '');
  const ca = await published();
  const before = await served(portent);
  await cluster.killApiServer();
  const body = JSON.stringify(review({ object: change, dryRun: true }));
  await cluster.waitFor(
    'the log says what is wrong',
    () => portent.log().includes('certificate: cannot be looked after'),
    {
      hopeless: () => undefined,
    },
  );
  const { status, serial } = await send(portent.url, body, { ca });
  assert.deepEqual([status, serial], [200, before.serialNumber]);
  assert.equal((await portent.health('/readyz')).status, 200);
  await cluster.restartApiServer();
  await cluster.request('DELETE', secret);
  await refreshed([portent], before);
});

test('not ready before there is a certificate that callers trust, and the reason is told', {
  timeout: 60_000,
}, async () => {
  const right = '/apis/rbac.authorization.k8s.io/v1/namespaces/portent-system/rolebindings/portent';
  const binding = (await cluster.request('GET', right)).body as { readonly subjects: unknown };
  assert.equal((await cluster.request('PATCH', right, { subjects: [] })).status, 200);
  try {
    const portent = await startPortent(cluster, { kubeconfig, tls, ready: false });
    running.push(portent);
    await register(portent.port);
    await cluster.waitFor('it says why', async () =>
      /certificate: .*403 Forbidden.*portent-tls/.test((await portent.health('/readyz')).text),
    );
    assert.equal((await portent.health('/readyz')).status, 503);
    await assert.rejects(served(portent), 'no certificate, no handshake');
    assert.equal((await cluster.request('PATCH', right, { subjects: binding.subjects })).status, 200);
    await cluster.waitFor('it is ready', async () => (await portent.health('/readyz')).status === 200, {
      timeout: 40_000,
    });
    await served(portent);
  } finally {
    await cluster.request('PATCH', right, { subjects: binding.subjects });
  }
});
