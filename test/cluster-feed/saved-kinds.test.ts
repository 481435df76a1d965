/** Each optional kind: the live object, and the object as saved and loaded again, make the same model. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OPTIONAL } from '../../src/cluster/kinds.ts';
import type { Raw } from '../../src/cluster/raw.ts';
import { slim } from '../../src/cluster/slim.ts';
import { readDocuments } from '../../src/model/parse/documents.ts';
import { load } from '../../src/model/parse/load.ts';
import { parseManifest } from '../../src/model/parse/manifest.ts';
import { parseService } from '../../src/model/parse/service.ts';
import { Store } from '../../src/model/store.ts';

const service = { namespace: 'a', name: 'hook', port: 8443 };
const clientConfig = { service, caBundle: 'AAAA' };
const backendRef = { name: 'web', port: 80 };
const routeSpec = {
  parentRefs: [{ name: 'gateway' }],
  hostnames: ['x.example.com'],
  rules: [
    {
      matches: [{ path: { type: 'PathPrefix', value: '/' } }],
      filters: [{ type: 'RequestMirror', requestMirror: { backendRef: { name: 'mirror', port: 81 } } }],
      backendRefs: [
        { ...backendRef, weight: 3 },
        { name: 'far', namespace: 'b', port: 80 },
      ],
    },
  ],
};
const webhooks = [
  {
    name: 'x.example.com',
    clientConfig,
    failurePolicy: 'Ignore',
    sideEffects: 'None',
    admissionReviewVersions: ['v1'],
  },
];
const subject = { namespaces: { matchLabels: { team: 'a' } } };
const tierSpec = (priority: object): object => ({
  subject,
  ...priority,
  ingress: [{ name: 'no', action: 'Deny', from: [{ namespaces: {} }] }],
});

const SPECS: Readonly<Record<string, object>> = {
  Ingress: {
    spec: {
      ingressClassName: 'nginx',
      tls: [{ hosts: ['x.example.com'], secretName: 'hidden' }],
      rules: [
        {
          host: 'x.example.com',
          http: {
            paths: [
              {
                path: '/',
                pathType: 'Prefix',
                backend: { service: { name: 'web', port: { name: 'http' } } },
              },
            ],
          },
        },
      ],
    },
  },
  HTTPRoute: { spec: routeSpec },
  GRPCRoute: { spec: routeSpec },
  TLSRoute: { spec: routeSpec },
  TCPRoute: { spec: routeSpec },
  UDPRoute: { spec: routeSpec },
  AdminNetworkPolicy: { spec: tierSpec({ priority: 10 }) },
  BaselineAdminNetworkPolicy: { spec: tierSpec({}) },
  ClusterNetworkPolicy: { spec: tierSpec({ tier: 'Admin', priority: 10 }) },
  ServiceMonitor: {
    spec: {
      selector: { matchLabels: { app: 'web' } },
      namespaceSelector: { matchNames: ['a', 'b'] },
      endpoints: [
        { port: 'metrics', basicAuth: { password: { name: 'hidden', key: 'p' } } },
        { targetPort: 9102 },
      ],
    },
  },
  PodMonitor: {
    spec: {
      selector: { matchExpressions: [{ key: 'app', operator: 'Exists' }] },
      namespaceSelector: { any: true },
      podMetricsEndpoints: [{ port: 'metrics', bearerTokenSecret: { name: 'hidden' } }, { portNumber: 9102 }],
    },
  },
  ValidatingWebhookConfiguration: { webhooks },
  MutatingWebhookConfiguration: { webhooks },
  APIService: { spec: { group: 'x.example.com', version: 'v1', service, caBundle: 'AAAA' } },
  CustomResourceDefinition: {
    spec: {
      group: 'x.example.com',
      names: { kind: 'Thing', plural: 'things' },
      scope: 'Namespaced',
      versions: [
        { name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object' } } },
      ],
      conversion: { strategy: 'Webhook', webhook: { clientConfig, conversionReviewVersions: ['v1'] } },
    },
  },
};

function contents(store: Store): unknown {
  return {
    routes: [...store.spaces.values()].map(({ name, routes }) => [name, [...routes.values()]]),
    tiers: [...store.tiers],
    foreign: [...store.foreign],
    callbacks: [...store.callbacks],
    monitors: [...store.monitors],
  };
}

for (const optional of OPTIONAL) {
  const { group, kind, versions = ['v1'] } = optional;
  const apiVersion = `${group}/${versions[0]}`;
  test(`${kind} of ${apiVersion}`, () => {
    const isForeign = optional.metadataOnly === true;
    const namespaced = /Route$|Monitor$|^Ingress$|^NetworkPolicy$/.test(kind);
    const name = kind === 'BaselineAdminNetworkPolicy' ? 'default' : 'thing';
    const metadata = { name, ...(namespaced ? { namespace: 'a' } : {}), managedFields: [{}] };
    // A server that cannot send metadata alone sends everything: none of it may be taken for ours.
    const raw: Raw = {
      metadata,
      ...(isForeign ? { spec: { podSelector: {}, secret: 'hidden' } } : SPECS[kind]),
    };

    const live = new Store();
    optional.consumer(live, apiVersion).put(raw);
    const text = JSON.stringify(slim(raw, apiVersion, kind));
    assert.doesNotMatch(text, /hidden|AAAA|managedFields|openAPIV3Schema/);

    const [document] = readDocuments(text, 'saved.json').documents;
    assert.ok(document);
    const { object, problems } = parseManifest(document, { namespace: 'default', stored: true });
    assert.deepEqual(problems, []);
    const saved = new Store();
    load(saved, object === undefined ? [] : [object]);
    assert.deepEqual(contents(saved), contents(live));
    const reached =
      live.spaces.size + live.tiers.size + live.foreign.size + live.callbacks.size + live.monitors.size;
    assert.equal(reached, 1, 'the object reached the model');
  });
}

test('Service: the saved one is the same to the model', () => {
  const live = {
    metadata: { name: 'web', namespace: 'a' },
    spec: {
      type: 'LoadBalancer',
      loadBalancerClass: 'example.com/edge',
      loadBalancerSourceRanges: ['198.51.100.0/24'],
      selector: { app: 'web' },
      ports: [{ port: 80, nodePort: 30080 }],
    },
  };
  const parsed = parseService(live);
  assert.equal(parsed.loadBalancerClass, 'example.com/edge');
  assert.deepEqual(parseService(slim(live as Raw, 'v1', 'Service')), parsed);
});
