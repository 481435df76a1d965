/** A fix changes the lines it must and no others. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { edited } from '../../src/cli/fix/edit.ts';
import { patched } from '../../src/cli/fix/patched.ts';
import { readDocuments } from '../../src/model/parse/documents.ts';
import { RULES } from '../../src/rules/index.ts';
import type { PatchOperation } from '../../src/rules/patch.ts';

const POLICY = `# Who may talk to redis.
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: redis   # the name
spec:
  podSelector:
    matchLabels: {app: rediss}
  policyTypes: [Ingress]
  ingress:
  - from:
    - podSelector:
        matchLabels:
          app: guestbook
    ports:   # only redis
    - port: 6379
  # nothing else
  egress: []
`;

const PEER = { podSelector: { matchLabels: { app: 'redis', version: '1.0' } } };

/** The lines that differ, as a diff shows them. */
function changed(before: string, patch: readonly PatchOperation[], line = 2): string[] {
  const after = edited(before, line, patch);
  assert.ok(after !== undefined, 'the text can be changed in place');
  const [old, now] = [before.split('\n'), after.split('\n')];
  let head = 0;
  while (head < old.length && old[head] === now[head]) head++;
  let tail = 0;
  while (tail < Math.min(old.length, now.length) - head && old.at(-1 - tail) === now.at(-1 - tail)) tail++;
  return [
    ...old.slice(head, old.length - tail).map((text) => `-${text}`),
    ...now.slice(head, now.length - tail).map((text) => `+${text}`),
  ];
}

describe('in a manifest of blocks', () => {
  test('a rule is added behind the last one', () => {
    const value = { from: [PEER], ports: [{ protocol: 'TCP', port: 6379 }] };
    assert.deepEqual(changed(POLICY, [{ op: 'add', path: '/spec/ingress/-', value }]), [
      '+  - from:',
      '+    - podSelector:',
      '+        matchLabels:',
      '+          app: redis',
      '+          version: "1.0"',
      '+    ports:',
      '+    - protocol: TCP',
      '+      port: 6379',
    ]);
  });

  test('a peer is added behind the last one', () => {
    assert.deepEqual(changed(POLICY, [{ op: 'add', path: '/spec/ingress/0/from/-', value: PEER }]), [
      '+    - podSelector:',
      '+        matchLabels:',
      '+          app: redis',
      '+          version: "1.0"',
    ]);
  });

  test('a field is added to a peer', () => {
    const value = { matchLabels: { 'kubernetes.io/metadata.name': 'front' } };
    const path = '/spec/ingress/0/from/0/namespaceSelector';
    assert.deepEqual(changed(POLICY, [{ op: 'add', path, value }]), [
      '+      namespaceSelector:',
      '+        matchLabels:',
      '+          kubernetes.io/metadata.name: front',
    ]);
  });

  test('a word is replaced in its place, whole selector or not', () => {
    const value = { matchLabels: { app: 'redis' } };
    assert.deepEqual(changed(POLICY, [{ op: 'replace', path: '/spec/podSelector', value }]), [
      '-    matchLabels: {app: rediss}',
      '+    matchLabels: {app: redis}',
    ]);
    assert.deepEqual(changed(POLICY, [{ op: 'replace', path: '/spec/ingress/0/ports/0/port', value: 80 }]), [
      '-    - port: 6379',
      '+    - port: 80',
    ]);
  });

  test('a list on one line stays on it', () => {
    const value = ['Ingress', 'Egress'];
    assert.deepEqual(changed(POLICY, [{ op: 'add', path: '/spec/policyTypes', value }]), [
      '-  policyTypes: [Ingress]',
      '+  policyTypes: [Ingress, Egress]',
    ]);
  });

  test('an empty list becomes a block', () => {
    const value = [{ ports: [{ protocol: 'UDP', port: 53 }] }];
    assert.deepEqual(changed(POLICY, [{ op: 'add', path: '/spec/egress', value }]), [
      '-  egress: []',
      '+  egress:',
      '+  - ports:',
      '+    - protocol: UDP',
      '+      port: 53',
    ]);
  });

  test('an item or a field is taken out with its lines', () => {
    const service = `apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  externalIPs:
    - 203.0.113.9
  ports:
    - nodePort: 3000
      port: 80
    - port: 81
      nodePort: 3001 # odd
`;
    assert.deepEqual(changed(service, [{ op: 'remove', path: '/spec/externalIPs' }], 1), [
      '-  externalIPs:',
      '-    - 203.0.113.9',
    ]);
    assert.deepEqual(changed(service, [{ op: 'remove', path: '/spec/ports/0/nodePort' }], 1), [
      '-    - nodePort: 3000',
      '-      port: 80',
      '+    - port: 80',
    ]);
    assert.deepEqual(changed(service, [{ op: 'remove', path: '/spec/ports/1/nodePort' }], 1), [
      '-      nodePort: 3001 # odd',
    ]);
    assert.deepEqual(
      changed(service, [{ op: 'add', path: '/spec/ports/-', value: { port: 82 } }], 1),
      ['+    - port: 82'],
      'lists are indented as the others are',
    );
  });

  test('the last line may be without a line break', () => {
    const text = POLICY.trimEnd().replace('  # nothing else\n  egress: []', '').trimEnd();
    const value = { port: 6380 };
    assert.equal(
      edited(text, 2, [{ op: 'add', path: '/spec/ingress/0/ports/-', value }]),
      `${text}\n    - port: 6380`,
    );
  });
});

test('in a file of several documents and a List, only the object on the line changes', () => {
  const list = `---
${POLICY}---
apiVersion: v1
kind: List
items:
- kind: NetworkPolicy
  spec:
    policyTypes: [Egress]
- kind: NetworkPolicy
  spec:
    policyTypes: [Egress]
`;
  const line = list.split('\n').lastIndexOf('- kind: NetworkPolicy') + 1;
  const after = edited(list, line, [{ op: 'add', path: '/spec/policyTypes', value: ['Egress', 'Ingress'] }]);
  assert.equal(after, list.replace(/\[Egress\]\n$/, '[Egress, Ingress]\n'));
  assert.deepEqual(changed(list, [{ op: 'remove', path: '/spec/podSelector/matchLabels/app' }], 3), [
    '-    matchLabels: {app: rediss}',
    '+    matchLabels: {}',
  ]);
});

test('JSON stays JSON, with its indentation', () => {
  const text = `${JSON.stringify({ kind: 'Service', spec: { ports: [{ port: 80, nodePort: 3000 }] } }, null, 4)}\n`;
  assert.equal(
    edited(text, 1, [{ op: 'remove', path: '/spec/ports/0/nodePort' }]),
    `${JSON.stringify({ kind: 'Service', spec: { ports: [{ port: 80 }] } }, null, 4)}\n`,
  );
});

test('lines that end as on Windows keep doing so', () => {
  const text = POLICY.replaceAll('\n', '\r\n');
  const add: PatchOperation = { op: 'add', path: '/spec/ingress/0/ports/-', value: { port: 6380 } };
  assert.equal(edited(text, 2, [add]), edited(POLICY, 2, [add])?.replaceAll('\n', '\r\n'));
});

test('what cannot be changed in its place is left', () => {
  const alias = 'kind: Service\nmetadata: &m {name: x}\nspec: *m\n';
  assert.equal(edited(alias, 1, [{ op: 'add', path: '/spec/type', value: 'NodePort' }]), undefined);
  assert.equal(edited(POLICY, 7, [{ op: 'remove', path: '/spec' }]), undefined, 'no object begins there');
  assert.equal(
    edited(POLICY, 2, [{ op: 'remove', path: '/spec/types' }]),
    undefined,
    'the patch does not fit',
  );
});

test('every ready fix in the examples of the rules can be written into the manifest', () => {
  let count = 0;
  for (const { id, examples } of RULES) {
    for (const world of [...examples.bad, ...examples.good]) {
      for (const { patch } of world.findings) {
        if (patch === undefined) continue;
        count++;
        const [document] = readDocuments(world.manifest, 'f').documents;
        assert.ok(document);
        const text = edited(world.manifest, document.line, patch);
        assert.ok(text !== undefined, `${id}: ${world.title}`);
        const [after] = readDocuments(text, 'f').documents;
        assert.deepEqual(after?.raw, patched(document.raw, patch), `${id}: ${world.title}`);
      }
    }
  }
  assert.ok(count >= 10, `${count} fixes`);
});
