import { randomBytes } from 'node:crypto';
import type { Cluster } from './cluster.ts';

/** A validating webhook to be registered for NetworkPolicies and Services. */
export interface WebhookRegistration {
  /** `https://127.0.0.1:PORT/PATH`; the API server allows neither query nor fragment. */
  readonly url: string;
  /** The authority that signed the webhook's certificate. */
  readonly caPem: string;
  readonly failurePolicy?: 'Ignore' | 'Fail';
  /** Seconds (default 5). */
  readonly timeoutSeconds?: number;
  /** The name of the configuration object (default `portent`). */
  readonly name?: string;
  readonly matchConditions?: readonly { readonly name: string; readonly expression: string }[];
  readonly namespaceSelector?: object;
}

const collection = '/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations';

/** Registers a webhook, or changes its registration, and waits until the API server acts on it. */
export async function registerWebhook(cluster: Cluster, webhook: WebhookRegistration): Promise<void> {
  const name = webhook.name ?? 'portent';
  const scoped = { operations: ['CREATE', 'UPDATE', 'DELETE'], scope: 'Namespaced' };
  await put(cluster, name, {
    name: `${name}.portent.test`,
    clientConfig: { url: webhook.url, caBundle: Buffer.from(webhook.caPem).toString('base64') },
    rules: [
      { ...scoped, apiGroups: ['networking.k8s.io'], apiVersions: ['v1'], resources: ['networkpolicies'] },
      { ...scoped, apiGroups: [''], apiVersions: ['v1'], resources: ['services'] },
    ],
    failurePolicy: webhook.failurePolicy ?? 'Fail',
    matchPolicy: 'Equivalent',
    sideEffects: 'None',
    timeoutSeconds: webhook.timeoutSeconds ?? 5,
    admissionReviewVersions: ['v1'],
    ...(webhook.matchConditions === undefined ? {} : { matchConditions: webhook.matchConditions }),
    ...(webhook.namespaceSelector === undefined ? {} : { namespaceSelector: webhook.namespaceSelector }),
  });
  await webhooksInForce(cluster);
}

/**
 * Waits until the API server acts on every webhook configuration stored before this call. It learns of them
 * through one ordered watch, so a configuration made now is the proof: it refuses one ConfigMap that nobody
 * else has, by way of a closed port, and no other webhook is troubled.
 */
export async function webhooksInForce(cluster: Cluster): Promise<void> {
  const name = `webhook-probe-${randomBytes(6).toString('hex')}`;
  await put(cluster, name, {
    name: `${name}.portent.test`,
    clientConfig: { url: 'https://127.0.0.1:1/' },
    rules: [{ operations: ['CREATE'], apiGroups: [''], apiVersions: ['v1'], resources: ['configmaps'] }],
    matchConditions: [{ name: 'probe-only', expression: `object.metadata.name == '${name}'` }],
    failurePolicy: 'Fail',
    sideEffects: 'None',
    timeoutSeconds: 1,
    admissionReviewVersions: ['v1'],
  });
  try {
    await cluster.waitFor('the webhook configuration is in force', async () => {
      const dryRun = '/api/v1/namespaces/default/configmaps?dryRun=All';
      const answer = await cluster.request('POST', dryRun, {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { name },
      });
      return answer.status === 500 && answer.text.includes(name);
    });
  } finally {
    await cluster.request('DELETE', `${collection}/${name}`);
  }
}

async function put(cluster: Cluster, name: string, webhook: object): Promise<void> {
  const configuration = {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'ValidatingWebhookConfiguration',
    metadata: { name },
    webhooks: [webhook],
  };
  const created = await cluster.request('POST', collection, configuration);
  const answer =
    created.status === 409 ? await cluster.request('PATCH', `${collection}/${name}`, configuration) : created;
  if (answer.status >= 300) throw new Error(`webhook configuration ${name} was refused: ${answer.text}`);
}
