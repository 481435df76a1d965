import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { DEFAULT_RULES_CONFIG } from '../../src/decision/enforcement.ts';
import { breaksReferences } from '../../src/rules/breaks-references.ts';
import { runRules } from '../../src/rules/run.ts';
import { deployment, service } from '../../src/rules/worlds/manifests.ts';
import { simulate } from '../../src/simulate/simulate.ts';
import { changeOf, storeOf } from '../rules/world.ts';

const TWO = '{name: http, port: 80}, {name: metrics, port: 9090}';
const WEB = service('shop/web', 'app: web', TWO);
const PODS = deployment('shop/web', 'app: web');
const ROUTE = `---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: front, namespace: edge}
spec: {rules: [{backendRefs: [{name: web, namespace: shop, port: 80}]}]}
`;
const CLIENT = (value: string): string =>
  deployment('apps/client', 'app: client', '', `{name: WEB_URL, value: "${value}"}`);

function said(cluster: string, operation: 'UPDATE' | 'DELETE', manifest: string): string[] {
  const store = storeOf(cluster);
  const [run] = runRules(simulate(store, changeOf(store, operation, manifest)), {
    settings: DEFAULT_RULES_CONFIG,
    rules: [breaksReferences],
  });
  return (run?.findings ?? []).map(({ severity, message }) => `${severity}: ${message}`);
}

describe('who names a Service', () => {
  test('a Gateway route of another namespace, by the number', () => {
    assert.deepEqual(said(PODS + WEB + ROUTE, 'UPDATE', WEB.replace('port: 80}', 'port: 8080}')), [
      'high: no longer has port 80, but HTTPRoute edge/front still needs it.',
    ]);
    assert.deepEqual(said(PODS + WEB + ROUTE, 'UPDATE', WEB.replace('9090', '9091')), []);
  });

  test('a pod of another namespace, with the port and without', () => {
    const cluster = (value: string): string => PODS + WEB + CLIENT(value);
    const moved = WEB.replace('port: 80}', 'port: 8080}');
    assert.deepEqual(said(cluster('http://web.shop:80'), 'UPDATE', moved), [
      'high: no longer has port 80, but apps/client (env WEB_URL) still needs it.',
    ]);
    assert.deepEqual(said(cluster('http://web.shop'), 'UPDATE', moved), [], 'one of two ports remains');
    assert.deepEqual(
      said(cluster('http://web.shop'), 'UPDATE', service('shop/web', 'app: web', '{port: 81}')),
      ['high: no longer has ports 80 and 9090, but apps/client (env WEB_URL) still needs it.'],
    );
  });

  test('an alias takes addresses away from routes, not the name from pods', () => {
    const alias = `${WEB}  type: ExternalName\n  externalName: web.example.com\n`;
    assert.deepEqual(said(PODS + WEB + ROUTE + CLIENT('http://web.shop:80'), 'UPDATE', alias), [
      'high: becomes an alias (ExternalName), but HTTPRoute edge/front still needs it.',
    ]);
  });

  test('several names of one thing are one finding, the gravest first', () => {
    assert.deepEqual(said(PODS + WEB + ROUTE + CLIENT('http://web.shop:80'), 'DELETE', WEB), [
      'high: is deleted, but HTTPRoute edge/front and apps/client (env WEB_URL) still need it.',
    ]);
  });

  test('who is called does not need his caller', () => {
    const both = 'app.kubernetes.io/part-of: shop';
    const cluster = [
      deployment('shop/web', `app: web, ${both}`, '', '{name: DB_HOST, value: db}'),
      deployment('shop/db', `app: db, ${both}`),
      service('shop/db', 'app: db', '{port: 5432}'),
      WEB,
    ].join('');
    assert.deepEqual(said(cluster, 'DELETE', WEB), []);
    assert.deepEqual(said(cluster, 'DELETE', service('shop/db', 'app: db', '{port: 5432}')), [
      'high: is deleted, but shop/web (env DB_HOST) still needs it.',
    ]);
  });

  test('a no-op is none', () => {
    assert.deepEqual(said(PODS + WEB + ROUTE + CLIENT('http://web.shop:80'), 'UPDATE', WEB), []);
  });
});
