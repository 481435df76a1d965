import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  parseApiService,
  parseConversion,
  parseForeignPolicy,
  parseGatewayRoute,
  parseIngress,
  parseNamespace,
  parseNode,
  parseWebhookCallbacks,
} from '../../../src/model/parse/index.ts';

const metadata = { name: 'x', namespace: 'n' };

test('row 8: a namespace carries its name as label, and cannot lie about it', () => {
  const lie = { 'kubernetes.io/metadata.name': 'other', team: 'a' };
  const { labels, terminating } = parseNamespace({ metadata: { name: 'x', labels: lie } });
  assert.deepEqual(labels, ['kubernetes.io/metadata.name', 'x', 'team', 'a']);
  assert.equal(terminating, false);
  assert.equal(parseNamespace({ metadata: { name: 'x', deletionTimestamp: 't' } }).terminating, true);
});

test('a node has its internal and external addresses', () => {
  const addresses = [
    { type: 'Hostname', address: '10.9.9.9' },
    { type: 'InternalIP', address: '10.0.0.1' },
    { type: 'ExternalIP', address: '192.0.2.1' },
  ];
  assert.deepEqual(
    parseNode({ metadata: { name: 'x' }, status: { addresses } }).addresses,
    [0x0a000001, 0xc0000201],
  );
});

test('an Ingress as its backends, each once', () => {
  const backend = (name: string, port: object) => ({ service: { name, port } });
  const route = parseIngress({
    metadata: { ...metadata, annotations: { 'kubernetes.io/ingress.class': 'old' } },
    spec: {
      defaultBackend: backend('a', { number: 80 }),
      rules: [
        {
          http: {
            paths: [{ backend: backend('a', { number: 80 }) }, { backend: backend('b', { name: 'web' }) }],
          },
        },
        { http: { paths: [{ backend: { resource: {} } }] } },
        {},
      ],
    },
  });
  assert.equal(route.ingressClass, 'old');
  assert.deepEqual(route.backends, [
    { namespace: 'n', service: 'a', port: 80 },
    { namespace: 'n', service: 'b', port: 'web' },
  ]);
});

test('a Gateway route as its Services, in other namespaces and mirrors too', () => {
  const route = parseGatewayRoute({
    kind: 'HTTPRoute',
    metadata,
    spec: {
      parentRefs: [{ name: 'edge' }],
      rules: [
        {
          filters: [{ type: 'RequestMirror', requestMirror: { backendRef: { name: 'mirror', port: 1 } } }],
          backendRefs: [
            { name: 'a', port: 80 },
            { name: 'b', namespace: 'm', kind: 'Service', group: '' },
            { name: 'c', kind: 'Bucket', group: 'x' },
          ],
        },
      ],
    },
  });
  assert.equal(route.ingressClass, 'edge');
  assert.deepEqual(
    route.backends.map(({ namespace, service, port }) => `${namespace}/${service}:${port}`),
    ['n/mirror:1', 'n/a:80', 'm/b:0'],
  );
});

test('row 27: what the API server calls', () => {
  const service = { namespace: 'n', name: 's', path: '/' };
  assert.deepEqual(
    parseWebhookCallbacks({
      kind: 'MutatingWebhookConfiguration',
      metadata: { name: 'c' },
      webhooks: [
        { name: 'a', clientConfig: { service } },
        { name: 'b', clientConfig: { service: { ...service, port: 8443 } }, failurePolicy: 'Ignore' },
        { name: 'c', clientConfig: { url: 'https://x' } },
      ],
    }),
    [
      {
        kind: 'MutatingWebhookConfiguration',
        name: 'c/a',
        namespace: 'n',
        service: 's',
        port: 443,
        required: true,
      },
      {
        kind: 'MutatingWebhookConfiguration',
        name: 'c/b',
        namespace: 'n',
        service: 's',
        port: 8443,
        required: false,
      },
    ],
  );
  assert.equal(parseApiService({ metadata: { name: 'v1.x' }, spec: { service } })?.port, 443);
  assert.equal(parseApiService({ metadata: { name: 'v1.' }, spec: {} }), undefined);
  const conversion = { strategy: 'Webhook', webhook: { clientConfig: { service } } };
  assert.equal(
    parseConversion({ metadata: { name: 'd' }, spec: { conversion } })?.kind,
    'CustomResourceDefinition',
  );
  assert.equal(parseConversion({ spec: { conversion: { strategy: 'None' } } }), undefined);
});

test('policies of other projects: cluster-wide ones have no namespace, others have one', () => {
  const found = (apiVersion: string, kind: string, namespace?: string) => {
    const policy = parseForeignPolicy({ apiVersion, kind, metadata: { name: 'x', namespace } });
    return policy === undefined ? undefined : `${policy.namespace}/${policy.name}`;
  };
  assert.equal(found('crd.projectcalico.org/v1', 'GlobalNetworkPolicy', 'n'), '/x');
  assert.equal(found('cilium.io/v2', 'CiliumClusterwideNetworkPolicy'), '/x');
  assert.equal(found('cilium.io/v2', 'CiliumNetworkPolicy', 'n'), 'n/x');
  assert.equal(found('projectcalico.org/v3', 'NetworkPolicy'), 'default/x');
  assert.equal(found('networking.k8s.io/v1', 'NetworkPolicy', 'n'), undefined);
});
