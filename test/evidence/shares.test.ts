/** Which rule tells of which loss. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { DEFAULT_RULES_CONFIG } from '../../src/decision/enforcement.ts';
import { runRules } from '../../src/rules/run.ts';
import { deployment, policy, service } from '../../src/rules/worlds/manifests.ts';
import { simulate } from '../../src/simulate/simulate.ts';
import { changeOf, storeOf } from '../rules/world.ts';

const RULES = ['service-unreachable', 'ingress-controller-cut', 'connectivity-lost', 'probe-or-metrics-cut'];
const client = (name: string): string =>
  deployment(`shop/${name}`, `app: ${name}`, '', '{name: DB_HOST, value: db}');
const DB = deployment('shop/db', 'app: db') + service('shop/db', 'app: db', '{port: 5432}');
const INGRESS = `---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: front, namespace: shop}
spec: {defaultBackend: {service: {name: db, port: {number: 5432}}}}
`;
const CONTROLLER = deployment('ingress-nginx/controller', 'app: ingress-nginx');
const ONLY = (app: string): string =>
  policy(
    'shop/db',
    `  podSelector: {matchLabels: {app: db}}\n  ingress: [{from: [{podSelector: {matchLabels: {app: ${app}}}}]}]\n`,
  );
const CLOSED = policy('shop/db', '  podSelector: {matchLabels: {app: db}}\n');

/** The rules that say something, notes left out. */
function tellers(cluster: string, manifest: string, operation: 'CREATE' | 'UPDATE' = 'CREATE'): string[] {
  const store = storeOf(cluster);
  const simulation = simulate(store, changeOf(store, operation, manifest));
  return runRules(simulation, { settings: DEFAULT_RULES_CONFIG }).flatMap(({ rule, findings }) =>
    RULES.includes(rule.id)
      ? findings.filter(({ severity }) => severity !== 'info').map(({ subject }) => `${rule.id}: ${subject}`)
      : [],
  );
}

describe('one cause, one finding', () => {
  test('one client of two', () => {
    assert.deepEqual(tellers(DB + client('a') + client('b'), ONLY('b')), [
      'connectivity-lost: shop/db[Deployment]',
    ]);
  });

  test('both clients', () => {
    assert.deepEqual(tellers(DB + client('a') + client('b'), ONLY('c')), [
      'service-unreachable: Service shop/db',
    ]);
  });

  test('the only client, while somebody else is let in', () => {
    assert.deepEqual(tellers(DB + client('a'), ONLY('c')), ['connectivity-lost: shop/db[Deployment]']);
  });

  test('the only client, and nobody is let in', () => {
    assert.deepEqual(tellers(DB + client('a'), CLOSED), ['service-unreachable: Service shop/db']);
  });

  test('only a route', () => {
    assert.deepEqual(tellers(DB + INGRESS + CONTROLLER, CLOSED), [
      'ingress-controller-cut: shop/db[Deployment]',
    ]);
  });

  test('a route and a client: the Service is gone for both', () => {
    assert.deepEqual(tellers(DB + INGRESS + CONTROLLER + client('a'), ONLY('c')), [
      'service-unreachable: Service shop/db',
    ]);
  });

  test('a route, while a client still gets through', () => {
    assert.deepEqual(tellers(DB + INGRESS + CONTROLLER + client('a'), ONLY('a')), [
      'ingress-controller-cut: shop/db[Deployment]',
    ]);
  });

  test('a second back end that the policy does not select', () => {
    const spare = deployment('shop/spare', 'app: spare, db: "yes"');
    const both =
      spare + DB.replaceAll('app: db', 'app: db, db: "yes"').replace('selector: {app: db, ', 'selector: {');
    assert.deepEqual(tellers(both + client('a') + client('b'), CLOSED), [
      'connectivity-lost: shop/db[Deployment]',
    ]);
  });

  test('a whole namespace closed: only the Services that somebody needs', () => {
    const all = policy('shop/all', '  podSelector: {}\n');
    const idle = deployment('shop/idle', 'app: idle') + service('shop/idle', 'app: idle', '{port: 80}');
    assert.deepEqual(tellers(DB + client('a') + idle, all), ['service-unreachable: Service shop/db']);
  });

  test('egress of the clients is told for each of them', () => {
    const out = policy('shop/out', '  podSelector: {}\n  policyTypes: [Egress]\n');
    assert.deepEqual(tellers(DB + client('a') + client('b'), out), ['connectivity-lost: shop/a[Deployment]']);
  });
});

describe('who serves a route', () => {
  const NGINX = INGRESS.replace('spec: {', 'spec: {ingressClassName: nginx-public, ');
  const TRAEFIK = deployment('traefik/traefik', 'app.kubernetes.io/name: traefik');
  const from = (namespace: string): string =>
    policy(
      'shop/db',
      `  podSelector: {matchLabels: {app: db}}\n  ingress: [{from: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: ${namespace}}}}]}]\n`,
    );

  test('the class tells two controllers apart', () => {
    const cluster = DB + NGINX + CONTROLLER + TRAEFIK;
    assert.deepEqual(tellers(cluster, from('ingress-nginx')), []);
    assert.deepEqual(tellers(cluster, from('traefik')), ['ingress-controller-cut: shop/db[Deployment]']);
  });

  test('a class that says nothing means all of them', () => {
    const cluster = DB + INGRESS + CONTROLLER + TRAEFIK;
    assert.deepEqual(tellers(cluster, from('traefik')), ['ingress-controller-cut: shop/db[Deployment]']);
  });
});
