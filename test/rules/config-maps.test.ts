/** What a ConfigMap shows of the pods that mention it is evidence as their own env is. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { World } from '../../src/rules/rule.ts';
import { deployment, service } from '../../src/rules/worlds/manifests.ts';
import { judgeWorld } from './world.ts';

const CONFIG = `---
apiVersion: v1
kind: ConfigMap
metadata: {name: shop-config, namespace: shop}
data: {DB_HOST: db, DB_PASSWORD: open-sesame}
`;

const cluster = (namespace: string) =>
  deployment(
    'shop/web',
    'app: web',
    '',
    '{name: DB, valueFrom: {configMapKeyRef: {name: shop-config, key: DB_HOST}}}',
  ) +
  deployment('shop/api', 'app: api', '', '{name: DB_HOST, value: db}') +
  deployment('shop/db', 'app: db', '{containerPort: 5432}') +
  service('shop/db', 'app: db', '{port: 5432}') +
  CONFIG.replace('namespace: shop', `namespace: ${namespace}`);

const judged = (namespace: string, extra: Partial<World> = {}) =>
  judgeWorld({
    title: '',
    cluster: cluster(namespace),
    operation: 'CREATE',
    manifest: `apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: db, namespace: shop}
spec: {podSelector: {matchLabels: {app: db}}, ingress: [{from: [{podSelector: {matchLabels: {app: api}}}]}]}
`,
    enforces: 'yes',
    findings: [],
    ...extra,
  });

test('a client that a ConfigMap shows is named with it, and nothing of its values is told', () => {
  const { findings } = judged('shop');
  const lost = findings.find(({ rule }) => rule === 'connectivity-lost');
  assert.equal(lost?.severity, 'high');
  assert.match(
    lost?.message ?? '',
    /^shop\/web can no longer reach .*\(TCP 5432; ConfigMap shop-config key DB_HOST\)/,
  );
  assert.doesNotMatch(JSON.stringify(findings), /open-sesame/);
});

test('a ConfigMap of another namespace shows nothing of it', () => {
  const lost = judged('other').findings.filter(({ rule }) => rule === 'connectivity-lost');
  assert.deepEqual(
    lost.map(({ severity }) => severity),
    ['info'],
  );
});

test('when ConfigMaps are to be read and cannot be, the rules that look for clients say so', () => {
  const { unchecked } = judged('shop', { missing: ['ConfigMaps'] });
  const reason = 'ConfigMaps could not be read: what they would show is left out';
  assert.ok(unchecked.some(({ rule }) => rule === 'connectivity-lost'));
  assert.ok(unchecked.some(({ rule }) => rule === 'service-unreachable'));
  assert.deepEqual([...new Set(unchecked.map((each) => each.reason))], [reason]);
});
