import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deployment, policy, service } from '../../src/rules/worlds/manifests.ts';
import { judgeWorld } from './world.ts';

test('of a Service that loses six ports four are told one by one and the others are counted', () => {
  const ports = (shift: number) =>
    [1, 2, 3, 4, 5, 6].map((i) => `{name: p${i}, port: ${i}, targetPort: ${1000 * shift + i}}`).join(', ');
  const { findings } = judgeWorld({
    title: '',
    cluster: [
      deployment('shop/web', 'app: web', '', '{name: DB_HOST, value: db}'),
      deployment('shop/db', 'app: db'),
      service('shop/db', 'app: db', ports(1)),
      policy(
        'shop/db',
        '  podSelector: {matchLabels: {app: db}}\n  ingress: [{ports: [{port: 1000, endPort: 1999}]}]\n',
      ),
    ].join(''),
    operation: 'UPDATE',
    manifest: service('shop/db', 'app: db', ports(2)),
    findings: [],
  });
  const said = findings.filter(({ rule }) => rule === 'connectivity-lost').map(({ message }) => message);
  const one = (port: number) =>
    `shop/web can no longer reach db:${port} (TCP; env DB_HOST): policies do not admit it at the new target port or back ends.`;
  assert.deepEqual(said, ['clients of 2 more ports are cut: 5 and 6.', one(1), one(2), one(3), one(4)]);
});
