import type { Callback } from '../objects.ts';
import { metadata } from './meta.ts';
import { fields, isFields, items, portNumber, text } from './wire.ts';

/**
 * The Services a ValidatingWebhookConfiguration or MutatingWebhookConfiguration makes the API server call.
 * Each is named `configuration/webhook`. Webhooks reached by URL are outside the model.
 */
export function parseWebhookCallbacks(raw: unknown): Callback[] {
  const { kind, webhooks } = fields(raw);
  const name = text(metadata(raw).name);
  return items(webhooks).flatMap((item) => {
    const { name: webhook, clientConfig, failurePolicy } = fields(item);
    const { service } = fields(clientConfig);
    const required = failurePolicy !== 'Ignore';
    return callback(
      text(kind) || 'ValidatingWebhookConfiguration',
      `${name}/${text(webhook)}`,
      service,
      required,
    );
  });
}

/** The Service behind an APIService; undefined when the API server itself serves it. */
export function parseApiService(raw: unknown): Callback | undefined {
  const { service } = fields(fields(raw).spec);
  return callback('APIService', text(metadata(raw).name), service, true)[0];
}

/** The conversion webhook of a CustomResourceDefinition; undefined when it has none. */
export function parseConversion(raw: unknown): Callback | undefined {
  const { strategy, webhook } = fields(fields(fields(raw).spec).conversion);
  if (strategy !== 'Webhook') return undefined;
  const { service } = fields(fields(webhook).clientConfig);
  return callback('CustomResourceDefinition', text(metadata(raw).name), service, true)[0];
}

function callback(kind: string, name: string, raw: unknown, required: boolean): Callback[] {
  if (!isFields(raw) || text(raw.name) === '') return [];
  const port = portNumber(raw.port) || 443;
  return [
    { kind, name, namespace: text(raw.namespace) || 'default', service: text(raw.name), port, required },
  ];
}
