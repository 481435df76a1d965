/** Options, exit codes and errors of the commands. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { folderOf, portent } from './portent.ts';

const state = ['--snapshot', 'test/worlds/guestbook/snapshot'];
const change = 'test/worlds/guestbook/change.yaml';
const changeText = readFileSync(join(import.meta.dirname, '..', '..', change), 'utf8');

const policy = (name: string, spec: string): string => `apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: ${name}}
spec: ${spec}
`;

test('a command that is not there is one line and exit status 2', () => {
  const { code, stdout, stderr } = portent(['chek']);
  assert.equal(code, 2);
  assert.equal(stdout, '');
  assert.match(stderr, /^error: unknown command 'chek'.*\n/);
});

test('help and version are exit status 0', () => {
  assert.equal(portent(['--help']).code, 0);
  assert.match(portent(['--version']).stdout, /^\d+\.\d+\.\d+\n$/);
  assert.match(portent(['check', '--help']).stdout, /--fail-on/);
  assert.match(portent(['serve', '--help']).stdout, /--listen-port/);
});

test('check needs manifests', () => {
  const { code, stderr } = portent(['check', ...state]);
  assert.equal(code, 2);
  assert.match(stderr, /-f, --file/);
});

test('check: warnings are exit status 0, and 1 with --fail-on warn', () => {
  assert.equal(portent(['check', '-f', change, ...state]).code, 0);
  assert.equal(portent(['check', '-f', change, ...state, '--fail-on', 'warn']).code, 1);
});

test('check: a denial is exit status 1', () => {
  const file = 'test/worlds/node-port/change.yaml';
  assert.equal(portent(['check', '-f', file, '--snapshot', 'test/worlds/node-port/snapshot']).code, 1);
});

test('check: - is standard input', () => {
  const { code, stdout } = portent(['check', '-f', '-', ...state, '-o', 'json'], changeText);
  assert.equal(code, 0);
  assert.equal(stdout, portent(['check', '-f', change, ...state, '-o', 'json']).stdout);
});

test('check: every error has its file and line, and nothing else is printed', () => {
  const folder = folderOf({
    'a.yaml': policy('a', '{podSelector: {}, ingress: [{ports: [{protocol: tcp, port: 80}]}]}'),
    'b.yaml': `${policy('b', '{podSelector: {}}')}---\n${policy('B', '{podSelector: {}}')}`,
    'c.yaml': 'a: [\n',
  });
  const { code, stdout, stderr } = portent(['check', '-f', folder]);
  assert.equal(code, 2);
  assert.equal(stdout, '');
  const lines = stderr.trimEnd().split('\n');
  assert.equal(lines.length, 3, stderr);
  assert.match(lines[0] ?? '', /a\.yaml:4: .*protocol.*TCP/);
  assert.match(lines[1] ?? '', /b\.yaml:8: .*name/);
  assert.match(lines[2] ?? '', /c\.yaml:2: /);
});

test('check: a path that is not there', () => {
  const { code, stderr } = portent(['check', '-f', 'not/there.yaml']);
  assert.equal(code, 2);
  assert.equal(stderr, 'error: not/there.yaml: no such file or folder\n');
});

test('check without a cluster: an empty one, with what the files bring', () => {
  const folder = folderOf({
    'all.yaml': `apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: web}]}
---
${policy('deny', '{podSelector: {}}')}`,
  });
  const { code, stdout } = portent(['check', '-f', folder, '-n', 'shop', '-o', 'json']);
  assert.equal(code, 0);
  const { changes } = JSON.parse(stdout);
  assert.equal(changes.length, 1, 'a Deployment is not judged');
  assert.deepEqual(changes[0].object, { kind: 'NetworkPolicy', namespace: 'shop', name: 'deny' });
  assert.deepEqual(changes[0].diff.lost, [
    { from: '0.0.0.0/0', to: 'shop/web[Deployment]', connections: ['All'] },
  ]);
});

test('check: an object of the snapshot is updated, and one of an earlier file as well', () => {
  const folder = folderOf({
    '1.yaml': policy('redis', '{podSelector: {matchLabels: {app: redis}}}'),
    '2.yaml': policy('redis', '{podSelector: {matchLabels: {app: redis}}, ingress: [{}]}'),
  });
  const operations = (...more: string[]): string[] => {
    const { stdout } = portent(['check', '-f', folder, ...state, ...more, '-o', 'json']);
    return JSON.parse(stdout).changes.map(({ operation }: { operation: string }) => operation);
  };
  assert.deepEqual(operations(), ['CREATE', 'UPDATE']);
  assert.deepEqual(operations('--snapshot', change), ['UPDATE', 'UPDATE']);
  assert.deepEqual(operations('--delete'), ['DELETE', 'DELETE']);
});

test('PORTENT_CONFIG names the configuration for check and diff alike', () => {
  const folder = folderOf({ 'bad.yaml': 'rulez: {}\n' });
  for (const command of ['check', 'diff']) {
    const { code, stderr } = portent([command, '-f', change, ...state], '', {
      PORTENT_CONFIG: join(folder, 'bad.yaml'),
    });
    assert.equal(code, 2);
    assert.match(stderr, /bad\.yaml: rulez: no such setting; did you mean rules\?/);
  }
});

test('check --config: the operator decides what a finding leads to', () => {
  const folder = folderOf({ 'config.yaml': 'rules: {connectivity-lost: deny}\n', 'bad.yaml': 'rulez: {}\n' });
  const denied = portent(['check', '-f', change, ...state, '--config', join(folder, 'config.yaml')]);
  assert.equal(denied.code, 1);
  assert.match(denied.stdout, /^deny {2}create NetworkPolicy default\/redis$/m);
  const bad = portent(['check', '-f', change, ...state, '--config', join(folder, 'bad.yaml')]);
  assert.equal(bad.code, 2);
  assert.match(bad.stderr, /^error: \S*bad\.yaml: rulez: no such setting.*\n$/);
});

test('check --cni: a plug-in that ignores policies', () => {
  const { stdout } = portent(['check', '-f', change, ...state, '--cni', 'flannel', '-o', 'json']);
  const rules = JSON.parse(stdout).changes[0].findings.map(({ rule }: { rule: string }) => rule);
  assert.ok(rules.includes('not-enforced'), rules.join());
  const { code, stderr } = portent(['check', '-f', change, ...state, '--cni', 'flanell']);
  assert.equal(code, 2);
  assert.match(stderr, /^error: "flanell" is no network plug-in known here; .*flannel.*\n$/);
});

test('diff --exit-code', () => {
  assert.equal(portent(['diff', '-f', change, ...state]).code, 0);
  assert.equal(portent(['diff', '-f', change, ...state, '--exit-code']).code, 1);
  const same = ['diff', '-f', change, ...state, '--snapshot', change, '--exit-code'];
  const { code, stdout } = portent(same);
  assert.equal(code, 0);
  assert.equal(stdout, 'no connection is lost or gained\n');
});

test('list: without a cluster state there is nothing to list', () => {
  const { code, stderr } = portent(['list']);
  assert.equal(code, 2);
  assert.match(stderr, /^error: no cluster state: .*--snapshot.*\n$/);
});

test('explain: exit status 1 for denied, and the policy that decides', () => {
  const ends = ['default/redis-slave[Deployment]', 'service:default/redis-master'];
  const open = portent(['explain', ...ends, '6379', ...state]);
  assert.equal(open.code, 0);
  assert.match(open.stdout, /^allowed: /);
  const shut = portent(['explain', ...ends, '6379/tcp', ...state, '--snapshot', change, '-o', 'json']);
  assert.equal(shut.code, 1);
  const { verdict, because, port, protocol } = JSON.parse(shut.stdout);
  assert.deepEqual({ verdict, port, protocol }, { verdict: 'denied', port: 6379, protocol: 'TCP' });
  assert.deepEqual(because, ['NetworkPolicy default/redis']);
});

test('explain: what is no end, no port or too little', () => {
  for (const [words, expected] of [
    [['default/nobody', 'default/busybox', '80'], /no pod or workload default\/nobody/],
    [['default/busybox', 'default/busybox', '99999'], /"99999" is not a port/],
    [['service:default/guestbook', 'default/busybox', '80'], /only a TO/],
    [['default/busybox'], /explain needs FROM TO PORT/],
  ] as const) {
    const { code, stderr } = portent(['explain', ...words, ...state]);
    assert.equal(code, 2, words.join(' '));
    assert.match(stderr, expected);
    assert.equal(stderr.trimEnd().split('\n').length, 1);
  }
});

test('explain --queries: the same lines in the same order, with verdicts', () => {
  const queries = [
    { from: 'default/busybox', to: 'default/redis-master', port: 6379, protocol: 'TCP' },
    { from: '198.51.100.7', to: 'default/busybox', port: 80, protocol: 'UDP' },
    { from: 'default/nobody', to: 'default/busybox', port: 80, protocol: 'TCP' },
  ];
  const lines = queries.map((query) => JSON.stringify(query)).join('\n');
  const args = ['explain', '--queries', '-', ...state, '--snapshot', change];
  const { code, stdout } = portent(args, lines);
  assert.equal(code, 0);
  const answers = stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  assert.deepEqual(
    answers.map(({ from, to, port, protocol }) => ({ from, to, port, protocol })),
    queries,
  );
  assert.deepEqual(
    answers.map(({ verdict }) => verdict),
    ['denied', 'allowed', 'unknown'],
  );
  const bad = portent(args, `${lines}\n{"from":1}\n`);
  assert.equal(bad.code, 2);
  assert.match(bad.stderr, /^error: -:4: "from" and "to" must be texts\n$/);
  assert.equal(bad.stdout, stdout);
});

test('rules: the catalogue, a page, and a rule that is not there', () => {
  assert.match(portent(['rules']).stdout, /^dns-cut /m);
  assert.match(portent(['rules', 'dns-cut']).stdout, /^# dns-cut\n/);
  const { code, stderr } = portent(['rules', 'dns-cutt']);
  assert.equal(code, 2);
  assert.match(stderr, /^error: no rule "dns-cutt"/);
});
