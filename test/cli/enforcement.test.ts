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

test('check: a PortentPolicy among the manifests counts for those behind it; together for all', () => {
  const named = (name: string): string => `---\n${service().replace('name: web', `name: ${name}`)}`;
  const off = (name: string): string => policy(name, '{rules: {node-port-range: {action: off}}}');
  const folder = folderOf({
    'all.yaml': named('first') + off('quiet') + named('second'),
    'state.yaml': policy('quiet', '{rules: {node-port-range: {action: warn}}}'),
    'alone.yaml': off('quiet'),
  });
  const decisions = (...args: string[]): Record<string, string> => {
    const { stdout, stderr } = portent(['check', '-f', join(folder, 'all.yaml'), '-o', 'json', ...args]);
    assert.equal(stderr, '');
    const { changes } = JSON.parse(stdout) as {
      changes: { object: { name: string }; findings: { rule: string; action: string }[] }[];
    };
    return Object.fromEntries(
      changes.map(({ object, findings }) => [
        object.name,
        findings.find(({ rule }) => rule === 'node-port-range')?.action ?? 'off',
      ]),
    );
  };
  const state = ['--snapshot', join(folder, 'state.yaml')];
  assert.deepEqual(decisions(), { first: 'deny', second: 'off' });
  assert.deepEqual(decisions('--together'), { first: 'off', second: 'off' });
  assert.deepEqual(decisions(...state), { first: 'warn', second: 'off' }, 'it replaces the one of its name');
  const alone = portent(['check', '-f', join(folder, 'alone.yaml')]);
  assert.deepEqual([alone.code, alone.stderr], [0, '']);
});

test('check --delete: a PortentPolicy goes before the manifests behind it', () => {
  const client = `apiVersion: v1
kind: Pod
metadata: {name: client, namespace: shop, labels: {app: client}}
spec: {containers: [{name: a, image: a, env: [{name: WEB_URL, value: 'http://web:80'}]}]}
---
`;
  const named = service();
  const quiet = policy('quiet', '{rules: {breaks-references: {action: off}}}');
  const folder = folderOf({
    'state.yaml': client + named + quiet,
    'web.yaml': named,
    'all.yaml': `${quiet}---\n${named}`,
  });
  const actions = (file: string): string[] => {
    const { stdout } = portent([
      ...['check', '--delete', '-f', join(folder, file), '-o', 'json'],
      ...['--snapshot', join(folder, 'state.yaml')],
    ]);
    const { changes } = JSON.parse(stdout) as {
      changes: { findings: { rule: string; action: string }[] }[];
    };
    return changes.flatMap(({ findings }) =>
      findings.filter(({ rule }) => rule === 'breaks-references').map(({ action }) => action),
    );
  };
  assert.deepEqual(actions('web.yaml'), []);
  assert.deepEqual(actions('all.yaml'), ['warn']);
});

test('check: what is wrong with a PortentPolicy stands there with file and line', () => {
  const head = 'apiVersion: portent.dev/v1alpha1\nkind: PortentPolicy\nmetadata: {name: a}\n';
  const problems = (text: string): string[] => {
    const folder = folderOf({ 'a.yaml': text });
    const { code, stdout, stderr } = portent(['check', '-f', join(folder, 'a.yaml')]);
    assert.deepEqual([code, stdout], [2, '']);
    return stderr
      .trimEnd()
      .replaceAll(`error: ${join(folder, 'a.yaml')}:`, '')
      .split('\n');
  };
  const profile = '  profil: strict\n';
  const override = '  rules:\n    dns-cut:\n      overrides:\n      - action: deny\n';
  const [first = '', second = '', ...more] = problems(`${head}spec:\n${profile}${override}`);
  assert.equal(first, '5: spec.profil: no such setting; did you mean profile?');
  assert.match(second, /^9: spec\.rules\.dns-cut\.overrides\[0\]: .*give at least one of namespaces, /);
  assert.deepEqual(more, []);
  assert.deepEqual(problems(`${head}spec:\n  rules:\n    node-prot-range: {action: deny}\n`), [
    '6: spec.rules.node-prot-range: no such rule; did you mean node-port-range?',
  ]);
  assert.deepEqual(problems(head), ['1: spec is missing']);
  assert.deepEqual(problems(`${head}spec: 5\nsepc: {}\n`), [
    '4: spec: must be an object',
    '5: sepc: unknown field "sepc"',
  ]);
  assert.deepEqual(problems(`${head.replace('{name: a}', '{}')}spec: {}\n`), [
    '3: metadata.name: a name is missing. Write metadata.name',
  ]);
  assert.deepEqual(problems(`${head.replace('v1alpha1', 'v1')}spec: {}\n`), [
    '1: apiVersion: no such version of PortentPolicy. Write portent.dev/v1alpha1',
  ]);
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
