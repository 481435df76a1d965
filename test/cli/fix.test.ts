/** `portent check --fix`: what is shown is what helps. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { applyPatch } from 'diff';
import { folderOf, portent } from './portent.ts';

const CHANGES = [
  { world: 'guestbook', rule: 'connectivity-lost (medium)' },
  { world: 'database-egress', rule: 'dns-cut (high)' },
  { world: 'node-port', rule: 'node-port-range (high)' },
];

/** The first diff in what was printed, without its indentation. */
function diffIn(stdout: string): string {
  const lines = stdout.split('\n');
  const first = lines.findIndex((line) => line.startsWith('      --- '));
  const end = lines.findIndex((line, i) => i > first && !line.startsWith('      '));
  return `${lines
    .slice(first, end)
    .map((line) => line.slice(6))
    .join('\n')}\n`;
}

for (const { world, rule } of CHANGES) {
  test(`${world}: the file with the diff applied has the finding no more, and SARIF carries the same change`, () => {
    const state = ['--snapshot', `test/worlds/${world}/snapshot`];
    const change = `test/worlds/${world}/change.yaml`;
    const { stdout } = portent(['check', '--fix', '-f', change, ...state]);
    assert.ok(stdout.includes(rule), rule);
    assert.match(stdout, /^ {4}ready fix, tried out: the finding goes away; nothing else comes up$/m);
    const text = readFileSync(join(import.meta.dirname, '..', '..', change), 'utf8');
    const right = applyPatch(text, diffIn(stdout));
    assert.ok(typeof right === 'string', `the diff applies:\n${stdout}`);
    const again = portent(['check', '-f', folderOf({ 'change.yaml': right }), ...state]);
    assert.equal(again.code, 0, again.stderr);
    assert.ok(!again.stdout.includes(rule), again.stdout);

    const sarif = JSON.parse(portent(['check', '-o', 'sarif', '-f', change, ...state]).stdout);
    const fixes = sarif.runs[0].results.flatMap((result: { fixes?: unknown[] }) => result.fixes ?? []);
    assert.equal(fixes.length, 1);
    const [{ artifactLocation, replacements }] = fixes[0].artifactChanges;
    assert.equal(artifactLocation.uri, change);
    const lines = text.split(/(?<=\n)/);
    for (const { deletedRegion, insertedContent } of replacements) {
      const { startLine, endLine } = deletedRegion;
      lines.splice(startLine - 1, endLine - startLine, insertedContent?.text ?? '');
    }
    assert.equal(lines.join(''), right);
  });
}

const IGNORED = `apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: backend}
spec:
  podSelector: {matchLabels: {app: backend}}
  policyTypes: [Ingress]
  ingress: [{}]
  egress:
  - to: [{ipBlock: {cidr: 10.0.2.0/24}}]
`;

test('a fix that brings another finding says which', () => {
  const state = ['--snapshot', 'test/worlds/database-egress/snapshot'];
  const { stdout } = portent(['check', '--fix', '-f', '-', ...state], IGNORED);
  assert.match(
    stdout,
    /^ {4}ready fix, tried out: the finding goes away; then comes dns-cut \(high\): default\/backend\[Deployment\]$/m,
  );
  assert.match(stdout, /^ {6}--- stdin$/m);
  assert.match(stdout, /^ {6}- {2}policyTypes: \[Ingress\]\n {6}\+ {2}policyTypes: \[Ingress, Egress\]$/m);
});

test('without --fix no file is compared, and programs get the patch', () => {
  const args = ['check', '-f', 'test/worlds/node-port/change.yaml', '--cni', 'calico'];
  const plain = portent(args);
  assert.doesNotMatch(plain.stdout, /ready fix, tried out/);
  const { changes } = JSON.parse(portent([...args, '-o', 'json']).stdout);
  const found = changes.flatMap(
    ({ findings }: { findings: { rule: string; patch?: unknown }[] }) => findings,
  );
  assert.deepEqual(
    found.flatMap(({ rule, patch }: { rule: string; patch?: unknown }) =>
      patch === undefined ? [] : [{ rule, patch }],
    ),
    [{ rule: 'node-port-range', patch: [{ op: 'remove', path: '/spec/ports/0/nodePort' }] }],
  );
});

test('--fix is for people', () => {
  const { code, stdout, stderr } = portent(['check', '--fix', '-f', '-', '-o', 'json'], IGNORED);
  assert.equal(code, 2);
  assert.equal(stdout, '');
  assert.equal(
    stderr,
    'error: --fix prints text; with -o json the findings carry a "patch", with -o sarif "fixes"\n',
  );
});

test('the deletion of a manifest has no fix', () => {
  const state = ['--snapshot', 'test/worlds/guestbook/snapshot'];
  const file = 'test/worlds/guestbook/snapshot/redis.yaml';
  const { code, stdout } = portent(['check', '--fix', '--delete', '-f', file, ...state]);
  assert.equal(code, 0);
  assert.match(stdout, /^(warn|allow) +delete Service/m);
  assert.doesNotMatch(stdout, /ready fix/);
});
