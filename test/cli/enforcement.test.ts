/** What findings lead to, offline: PortentPolicies of the cluster state, and exemptions that an object asks for. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { folderOf, portent } from './portent.ts';

const service = (annotations = ''): string => `apiVersion: v1
kind: Service
metadata:
  name: web
  namespace: shop
${annotations}
spec: {type: NodePort, ports: [{port: 80, nodePort: 3000}]}
`;

const policy = (name: string, spec: string): string =>
  `---\napiVersion: portent.dev/v1alpha1\nkind: PortentPolicy\nmetadata: {name: ${name}}\nspec: ${spec}\n`;

const wish = (until: string): string => `  annotations:
    portent.dev/exempt: node-port-range
    portent.dev/exempt-reason: old appliance
    portent.dev/exempt-until: "${until}"`;

test('check: PortentPolicies of the snapshot count as they do in the cluster', () => {
  const folder = folderOf({
    'web.yaml': service(),
    'plain.yaml': 'apiVersion: v1\nkind: Namespace\nmetadata: {name: shop}\n',
    'policies.yaml':
      policy('b', '{rules: {node-port-range: {overrides: [{namespaces: [shop], action: warn}]}}}') +
      policy(
        'a',
        '{rules: {node-port-range: {action: deny, overrides: [{kinds: [Service], action: deny}]}}}',
      ),
    'broken.yaml': policy('c', '{rules: {node-prot-range: {action: deny}}}'),
  });
  const check = (...states: string[]) =>
    portent([
      ...['check', '-f', join(folder, 'web.yaml')],
      ...states.flatMap((each) => ['--snapshot', join(folder, each)]),
    ]);
  assert.equal(check('plain.yaml').code, 1);
  const warned = check('policies.yaml');
  assert.deepEqual([warned.code, warned.stderr], [0, '']);
  assert.match(warned.stdout, /^ {2}warn: node-port-range /m);
  const broken = check('broken.yaml');
  assert.equal(broken.code, 1, 'the default');
  assert.equal(
    broken.stderr,
    'warning: PortentPolicy c left out: spec.rules.node-prot-range: no such rule; did you mean node-port-range?\n',
  );
});

test('check: an exemption by annotation is taken for granted, and it says on what it hangs', () => {
  const folder = folderOf({
    'web.yaml': service(wish('2999-12-31')),
    'old.yaml': service(wish('2020-01-01')),
  });
  const good = portent(['check', '-f', join(folder, 'web.yaml'), '-o', 'json']);
  assert.equal(good.code, 0, good.stdout);
  const { changes } = JSON.parse(good.stdout) as {
    changes: { exemptions: string[]; findings: { rule: string; action: string }[] }[];
  };
  assert.deepEqual(changes[0]?.exemptions, [
    'exempted: node-port-range until 2999-12-31 (old appliance). In the cluster, who applies it must be allowed to exempt.',
  ]);
  assert.ok(changes[0].findings.some(({ rule, action }) => rule === 'node-port-range' && action === 'note'));
  const old = portent(['check', '-f', join(folder, 'old.yaml')]);
  assert.equal(old.code, 1);
  assert.match(old.stdout, /^ {2}exemption expired since 2020-01-01: node-port-range counts again/m);
});
