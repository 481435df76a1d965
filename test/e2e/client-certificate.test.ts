/** The API server proves who it is: a real one, with the admission configuration that the documents describe. */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { controlPlane, programs } from '../cluster/build.ts';
import { issue, newAuthority } from '../cluster/certificates.ts';
import { type Cluster, startCluster } from '../cluster/cluster.ts';
import { apply, type Portent, register, startPortent } from './portent.ts';

const folder = mkdtempSync(join(tmpdir(), 'portent-callers-'));
const file = (name: string): string => join(folder, name);
let cluster: Cluster;
let portent: Portent;

// Built here, where no test's time limit runs.
await programs(controlPlane);

before(
  async () => {
    const authority = await newAuthority('callers-of-webhooks');
    const identity = await issue(authority, { commonName: 'kube-apiserver', usage: 'client' });
    writeFileSync(file('authority.crt'), authority.certificate);
    const user = {
      'client-certificate-data': Buffer.from(identity.certificate).toString('base64'),
      'client-key-data': Buffer.from(identity.key).toString('base64'),
    };
    const kubeconfig = { apiVersion: 'v1', kind: 'Config', users: [{ name: '*', user }] };
    writeFileSync(file('webhooks.kubeconfig'), JSON.stringify(kubeconfig));
    const admission = {
      apiVersion: 'apiserver.config.k8s.io/v1',
      kind: 'AdmissionConfiguration',
      plugins: [
        {
          name: 'ValidatingAdmissionWebhook',
          configuration: {
            apiVersion: 'apiserver.config.k8s.io/v1',
            kind: 'WebhookAdmissionConfiguration',
            kubeConfigFile: file('webhooks.kubeconfig'),
          },
        },
      ],
    };
    writeFileSync(file('admission.yaml'), JSON.stringify(admission));
    cluster = await startCluster({
      apiServerArguments: [`--admission-control-config-file=${file('admission.yaml')}`],
    });
    portent = await startPortent(cluster, {
      callers: { clientAuthorityFile: file('authority.crt'), clientNames: ['kube-apiserver'] },
      config: { rules: { 'namespace-isolated': 'deny' } },
    });
    await register(cluster, portent);
  },
  { timeout: 90_000 },
);

after(async () => {
  await portent?.stop();
  await cluster?.stop();
  rmSync(folder, { recursive: true, force: true });
});

const policy = (spec: object) => ({
  apiVersion: 'networking.k8s.io/v1',
  kind: 'NetworkPolicy',
  metadata: { name: 'all', namespace: 'default' },
  spec,
});

test('the API server is answered, and its changes are judged', { timeout: 30_000 }, async () => {
  const said = await apply(cluster, policy({ podSelector: { matchLabels: { app: 'web' } } }));
  assert.equal(said.code, 0, said.stderr);
  const metrics = await portent.health('/metrics');
  assert.match(metrics.text, /portent_admission_requests_total\{[^}]*operation="create"[^}]*\} [1-9]/);
});

test('an impostor is refused before anything of his review is read, and counted', {
  timeout: 30_000,
}, async () => {
  const impostor = await new Promise<number>((resolve, reject) => {
    const sent = request(
      portent.url,
      { method: 'POST', ca: portent.caPem, headers: { 'content-type': 'application/json' } },
      (answer) => resolve(answer.resume().statusCode ?? 0),
    );
    sent.once('error', reject);
    sent.end(readFileSync(import.meta.filename));
  });
  assert.equal(impostor, 403);
  const metrics = await portent.health('/metrics');
  assert.match(metrics.text, /portent_admission_malformed_total\{reason="caller"\} 1\n/);
});
