/** Policies of other projects, whose rules are not read: the rules that ask who may connect say so. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OPTIONAL, optionalLabel } from '../../src/cluster/kinds.ts';
import { RULES } from '../../src/rules/index.ts';
import { CALLBACKS, MONITORS, ROUTES, TIERS } from '../../src/rules/reads.ts';
import type { World } from '../../src/rules/rule.ts';
import { deployment, service } from '../../src/rules/worlds/manifests.ts';
import { judgeWorld } from './world.ts';

const cluster =
  deployment('shop/web', 'app: web', '', '{name: DB_URL, value: "postgres://db:5432/shop"}') +
  deployment('shop/db', 'app: db', '{containerPort: 5432}') +
  service('shop/db', 'app: db', '{port: 5432}');

const other = (apiVersion: string, kind: string, metadata: string): string =>
  `---\napiVersion: ${apiVersion}\nkind: ${kind}\nmetadata: ${metadata}\n`;

const judged = (more: string, extra: Partial<World> = {}) =>
  judgeWorld({
    title: '',
    cluster: cluster + more,
    operation: 'CREATE',
    manifest: `apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: closed, namespace: shop}
spec: {podSelector: {matchLabels: {app: db}}, ingress: []}
`,
    enforces: 'yes',
    findings: [],
    ...extra,
  });

const JUDGES = RULES.filter(
  ({ reads, kinds, operations }) =>
    reads?.includes('CiliumNetworkPolicy.cilium.io') === true &&
    kinds.includes('NetworkPolicy') &&
    operations.includes('CREATE'),
).map(({ id }) => id);

test('without any, nothing is unchecked', () => {
  const { unchecked, findings } = judged('');
  assert.deepEqual(unchecked, []);
  assert.ok(findings.some(({ rule }) => rule === 'service-unreachable'));
});

test('one in the namespace of the change, or one for the whole cluster, leaves them unchecked, and findings stay', () => {
  const of = {
    'CiliumNetworkPolicy shop/own': other(
      'cilium.io/v2',
      'CiliumNetworkPolicy',
      '{name: own, namespace: shop}',
    ),
    'GlobalNetworkPolicy all': other('crd.projectcalico.org/v1', 'GlobalNetworkPolicy', '{name: all}'),
  };
  for (const [name, manifest] of Object.entries(of)) {
    const { unchecked, findings } = judged(manifest);
    assert.ok(unchecked.some(({ rule }) => rule === 'connectivity-lost'));
    assert.deepEqual(
      unchecked,
      JUDGES.map((rule) => ({ rule, reason: `${name} may change this; Portent does not read its rules` })),
    );
    assert.ok(findings.some(({ rule }) => rule === 'service-unreachable'));
  }
});

test('one of another namespace, or for second networks, says nothing about the change', () => {
  const far = other('cilium.io/v2', 'CiliumNetworkPolicy', '{name: own, namespace: far}');
  const second = other('k8s.cni.cncf.io/v1beta1', 'MultiNetworkPolicy', '{name: own, namespace: shop}');
  assert.deepEqual(judged(far + second).unchecked, []);
});

test('a kind of theirs that may not be read leaves the same rules unchecked; one of the same name does not', () => {
  const label = 'ClusterNetworkPolicy.crd.antrea.io';
  const reason = `${label} could not be read: what they would show is left out`;
  assert.deepEqual(
    judged('', { missing: [label] }).unchecked,
    JUDGES.map((rule) => ({ rule, reason })),
  );
  assert.deepEqual(judged('', { missing: ['ClusterNetworkPolicy.example.com'] }).unchecked, []);
});

test('what rules read is followed, and all that is followed is read', () => {
  const followed = OPTIONAL.map(optionalLabel);
  const read = new Set([...ROUTES, ...TIERS, ...MONITORS, ...CALLBACKS]);
  assert.deepEqual(
    [...read].filter((label) => !followed.includes(label)),
    [],
  );
  // secondary-network-bypass looks at these by itself.
  assert.deepEqual(
    followed.filter((label) => !read.has(label)),
    ['MultiNetworkPolicy.k8s.cni.cncf.io'],
  );
});
