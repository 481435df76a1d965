import assert from 'node:assert/strict';
import { test } from 'node:test';
import { labelsOf } from '../../../src/model/labels.ts';
import type { NetworkPolicy } from '../../../src/model/objects.ts';
import { parseNetworkPolicy, selectorProblems } from '../../../src/model/parse/index.ts';
import { selects, selectsEverything } from '../../../src/model/selector.ts';

function policy(spec: unknown): NetworkPolicy {
  return parseNetworkPolicy({ metadata: { name: 'p', namespace: 'n' }, spec });
}

function firstRule(spec: unknown) {
  const rule = policy({ ingress: [spec] }).ingress?.[0];
  assert.ok(rule !== undefined);
  return rule;
}

test('row 1: an empty podSelector, an empty matchLabels and none at all select every pod', () => {
  for (const podSelector of [{}, { matchLabels: {} }, { matchExpressions: [] }, null, undefined]) {
    assert.ok(selectsEverything(policy({ podSelector }).subject), JSON.stringify(podSelector));
  }
});

test('row 2: without policyTypes ingress is isolated always, egress only if there are egress rules', () => {
  const directions = (spec: unknown) => {
    const { ingress, egress } = policy(spec);
    return [ingress !== undefined, egress !== undefined];
  };
  assert.deepEqual(directions({}), [true, false]);
  assert.deepEqual(directions({ policyTypes: [] }), [true, false]);
  assert.deepEqual(directions({ egress: [] }), [true, false]);
  assert.deepEqual(directions({ egress: [{}] }), [true, true]);
  assert.deepEqual(directions({ policyTypes: ['Egress'] }), [false, true]);
  assert.deepEqual(directions({ policyTypes: ['Ingress', 'Egress'] }), [true, true]);
});

test('row 3: rules of a direction that policyTypes leaves out are ignored, and said to be', () => {
  const found = policy({ policyTypes: ['Ingress'], egress: [{}] });
  assert.equal(found.egress, undefined);
  assert.deepEqual(found.ignored, ['egress']);
  assert.deepEqual(policy({ policyTypes: ['Egress'], ingress: [{}], egress: [] }).ignored, ['ingress']);
  assert.deepEqual(policy({ policyTypes: ['Egress'], ingress: [] }).ignored, []);
});

test('row 4: missing and empty ingress allow nothing, an empty rule allows everything', () => {
  for (const ingress of [undefined, null, []]) assert.deepEqual(policy({ ingress }).ingress, []);
  assert.deepEqual(policy({ ingress: [{}] }).ingress, [{ peers: 'any', ports: 'any' }]);
  assert.deepEqual(policy({ ingress: [null] }).ingress, [{ peers: 'any', ports: 'any' }]);
});

test('row 5: a missing or empty from is every source; a peer that says nothing is no source', () => {
  for (const from of [undefined, null, []]) assert.equal(firstRule({ from }).peers, 'any');
  for (const from of [[{}], [null], ['x'], 'x', 7, { podSelector: {} }]) {
    assert.deepEqual(firstRule({ from }).peers, [], JSON.stringify(from));
  }
  const both = [{ podSelector: {}, ipBlock: { cidr: '10.0.0.0/8' } }];
  assert.deepEqual(firstRule({ from: both }).peers, []);
});

test('row 6: nil is not {}: which pods a peer means hangs on which selectors it has', () => {
  const a = { matchLabels: { a: '1' } };
  const [own, all, and] = firstRule({
    from: [{ podSelector: a }, { namespaceSelector: {} }, { namespaceSelector: a, podSelector: a }],
  }).peers as never[];
  const requirements = [{ key: 'a', operator: 'In', values: ['1'] }];
  assert.deepEqual(own, { kind: 'pods', namespaces: 'own', pods: { requirements } });
  assert.deepEqual(all, { kind: 'pods', namespaces: { requirements: [] }, pods: { requirements: [] } });
  assert.deepEqual(and, { kind: 'pods', namespaces: { requirements }, pods: { requirements } });
});

test('row 7: selectors with operators', () => {
  const subject = (matchExpressions: unknown, matchLabels?: unknown) =>
    policy({ podSelector: { matchExpressions, matchLabels } }).subject;
  const none = labelsOf([]);
  const x = labelsOf([['k', 'x']]);
  const cases: [unknown, boolean, boolean][] = [
    [{ key: 'k', operator: 'In', values: ['x'] }, false, true],
    [{ key: 'k', operator: 'NotIn', values: ['x'] }, true, false],
    [{ key: 'k', operator: 'Exists' }, false, true],
    [{ key: 'k', operator: 'DoesNotExist', values: [] }, true, false],
  ];
  for (const [expression, withNone, withX] of cases) {
    assert.equal(selects(subject([expression]), none), withNone, JSON.stringify(expression));
    assert.equal(selects(subject([expression]), x), withX, JSON.stringify(expression));
  }
  const empty = subject([], { k: '' });
  assert.equal(selects(empty, none), false);
  assert.equal(selects(empty, labelsOf([['k', '']])), true);
});

test('rows 7 and 22: an invalid selector of a stored object selects nothing and is reported with its place', () => {
  const broken: [unknown, RegExp][] = [
    [{ matchExpressions: [{ key: 'k', operator: 'In' }] }, /k: In needs values/],
    [{ matchExpressions: [{ key: 'k', operator: 'Exists', values: ['x'] }] }, /k: Exists takes no values/],
    [{ matchExpressions: [{ key: 'k', operator: 'in', values: ['x'] }] }, /"in" is not an operator/],
    [{ matchExpressions: [{ operator: 'Exists' }] }, /no key/],
    [{ matchExpressions: {} }, /not a list/],
    [{ matchLabels: { k: true } }, /k is not a string/],
    [{ matchLabels: [] }, /not an object/],
    ['everything', /not an object/],
  ];
  for (const [podSelector, message] of broken) {
    const found = policy({ podSelector, ingress: [{ from: [{ namespaceSelector: podSelector }] }] });
    assert.equal(selects(found.subject, labelsOf([['k', 'x']])), false);
    const problems = selectorProblems(found);
    assert.equal(problems.length, 2, JSON.stringify(podSelector));
    assert.match(problems[0] as string, message);
    assert.match(problems[1] as string, /^spec\.ingress\[0\]\.from\[0\]\.namespaceSelector: /);
  }
});

test('row 9: ports', () => {
  for (const ports of [undefined, null, []]) assert.equal(firstRule({ ports }).ports, 'any');
  const cases: [unknown, unknown[]][] = [
    [{}, [{ protocol: 'TCP', from: 1, to: 65535 }]],
    [{ protocol: 'UDP' }, [{ protocol: 'UDP', from: 1, to: 65535 }]],
    [{ port: 80 }, [{ protocol: 'TCP', from: 80, to: 80 }]],
    [{ protocol: 'SCTP', port: 80, endPort: 90 }, [{ protocol: 'SCTP', from: 80, to: 90 }]],
    [{ port: 80, endPort: 80 }, [{ protocol: 'TCP', from: 80, to: 80 }]],
    [{ port: 'http' }, [{ protocol: 'TCP', name: 'http' }]],
    // What no API server stores opens nothing.
    [{ port: 80, endPort: 79 }, []],
    [{ port: 'http', endPort: 90 }, []],
    [{ endPort: 90 }, []],
    [{ protocol: 'tcp', port: 80 }, []],
    [{ port: 0 }, []],
    [{ port: 70000 }, []],
    [{ port: 80.5 }, []],
    [80, []],
  ];
  for (const [port, expected] of cases) {
    assert.deepEqual(firstRule({ ports: [port] }).ports, expected, JSON.stringify(port));
  }
});

test('row 13: ipBlock with exceptions; host bits of an old object are tolerated', () => {
  const block = (ipBlock: unknown) => {
    const peers = firstRule({ from: [{ ipBlock }] }).peers;
    const peer = peers === 'any' ? undefined : peers[0];
    assert.equal(peer?.kind, 'block');
    return peer.kind === 'block' ? peer.block : undefined;
  };
  assert.deepEqual(block({ cidr: '10.0.0.7/30' })?.addresses, { v4: [0x0a000004, 0x0a000007], v6: [] });
  assert.deepEqual(
    block({ cidr: '10.0.0.0/30', except: ['10.0.0.1/32'] })?.addresses.v4,
    [0x0a000000, 0x0a000000, 0x0a000002, 0x0a000003],
  );
  const unreadable = block({ cidr: 'x', except: ['y'] });
  assert.deepEqual(unreadable, { cidr: 'x', except: ['y'], addresses: { v4: [], v6: [] } });
});

test('row 14: a v4 block says nothing of v6, nor the other way round', () => {
  const peers = firstRule({
    to: [],
    from: [{ ipBlock: { cidr: '::/0' } }, { ipBlock: { cidr: '0.0.0.0/0' } }],
  }).peers;
  assert.ok(peers !== 'any');
  const [v6, v4] = peers.map((peer) => (peer.kind === 'block' ? peer.block.addresses : undefined));
  assert.deepEqual(v6?.v4, []);
  assert.deepEqual(v4?.v6, []);
});

test('only annotations that are read are kept', () => {
  const { annotations } = parseNetworkPolicy({
    metadata: {
      name: 'p',
      annotations: { 'portent.dev/exempt': 'x', secret: 'y', 'kubectl.kubernetes.io/last': 'z' },
    },
  });
  assert.deepEqual(annotations, ['portent.dev/exempt', 'x']);
});

test('labels named like properties of every object are labels like any other', () => {
  const matchLabels = JSON.parse('{"__proto__": "a", "constructor": "b", "toString": "c"}');
  const { subject } = policy({ podSelector: { matchLabels } });
  assert.deepEqual(
    subject.requirements.map(({ key }) => key),
    ['__proto__', 'constructor', 'toString'],
  );
  assert.equal(selects(subject, labelsOf([])), false);
  const labels = labelsOf([
    ['__proto__', 'a'],
    ['constructor', 'b'],
    ['toString', 'c'],
  ]);
  assert.equal(selects(subject, labels), true);
});
