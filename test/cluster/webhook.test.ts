import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:https';
import { after, before, beforeEach, test } from 'node:test';
import { issue, type KeyedCertificate, newAuthority } from './certificates.ts';
import { type Cluster, startCluster } from './cluster.ts';
import { registerWebhook } from './webhook.ts';

interface Review {
  readonly request: { readonly uid: string; readonly kind: { readonly kind: string }; readonly name: string };
}

let cluster: Cluster;
let authority: KeyedCertificate;
let server: Server;
let url: string;
const seen: string[] = [];

/** Refuses Services, warns about everything else. */
function answer({ request }: Review): object {
  seen.push(`${request.kind.kind} ${request.name}`);
  const verdict =
    request.kind.kind === 'Service'
      ? { allowed: false, status: { message: 'no Services today' } }
      : { allowed: true, warnings: ['a "quoted" warning'] };
  return {
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    response: { uid: request.uid, ...verdict },
  };
}

before(async () => {
  cluster = await startCluster();
  authority = await newAuthority('webhook-ca');
  const serving = await issue(authority, {
    commonName: 'webhook',
    ipAddresses: ['127.0.0.1'],
    usage: 'server',
  });
  server = createServer({ cert: serving.certificate, key: serving.key }, async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify(answer(JSON.parse(body))));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  assert.ok(typeof address === 'object' && address !== null);
  url = `https://127.0.0.1:${address.port}/validate`;
});

beforeEach(() => {
  seen.length = 0;
});

after(async () => {
  server?.closeAllConnections();
  server?.close();
  await cluster?.stop();
});

const policy = (name: string) => ({
  apiVersion: 'networking.k8s.io/v1',
  kind: 'NetworkPolicy',
  metadata: { name },
  spec: { podSelector: {} },
});

const createPolicy = (name: string) =>
  cluster.request('POST', '/apis/networking.k8s.io/v1/namespaces/default/networkpolicies', policy(name));

test('a registered webhook is asked at once, and about nothing else before', async () => {
  await registerWebhook(cluster, { url, caPem: authority.certificate });
  assert.deepEqual(seen, []);
  const created = await createPolicy('first');
  assert.equal(created.status, 201);
  assert.deepEqual(created.warnings, ['a "quoted" warning']);
  const refused = await cluster.kubectl(['create', 'service', 'clusterip', 'web', '--tcp=80']);
  assert.equal(refused.code, 1);
  assert.match(refused.stderr, /denied the request: no Services today/);
  assert.deepEqual(seen, ['NetworkPolicy first', 'Service web']);
});

test('the failure policy decides when the webhook does not answer', async () => {
  const closed = { url: 'https://127.0.0.1:1/validate', caPem: authority.certificate };
  await registerWebhook(cluster, { ...closed, failurePolicy: 'Ignore' });
  assert.equal((await createPolicy('ignored')).status, 201);
  await registerWebhook(cluster, { ...closed, failurePolicy: 'Fail' });
  const refused = await createPolicy('refused');
  assert.equal(refused.status, 500);
  assert.match(refused.text, /failed calling webhook/);
  assert.deepEqual(seen, []);
});

test('no trace of the probing remains', async () => {
  await registerWebhook(cluster, { url, caPem: authority.certificate });
  const left = await cluster.kubectl(['get', 'validatingwebhookconfigurations', '-o', 'name']);
  assert.deepEqual(left.stdout.trim().split('\n'), [
    'validatingwebhookconfiguration.admissionregistration.k8s.io/portent',
  ]);
  const maps = await cluster.kubectl(['get', 'configmaps', '-n', 'default', '-o', 'name']);
  assert.equal(maps.stdout, '');
});
