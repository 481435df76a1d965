import assert from 'node:assert/strict';
import { test } from 'node:test';
import { objectsOf, problemsOf } from './support.ts';

const HEAD = 'apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: p}\n';
const spec = (text: string) =>
  problemsOf(`${HEAD}spec: ${text}\n`).map((line) => line.replace(/^4: spec\./, ''));
const rule = (text: string) =>
  spec(`{ingress: [${text}]}`).map((line) => line.replace(/^ingress\[0\]\./, ''));

test('the database egress of a common tutorial: the protocol in lower case is refused, with the fix', () => {
  const text = `apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: db-egress
  namespace: shop
spec:
  podSelector:
    matchLabels:
      role: database
  policyTypes:
  - Egress
  egress:
  - to:
    - ipBlock:
        cidr: 10.0.2.0/24
    ports:
    - protocol: tcp
      port: 443
`;
  assert.deepEqual(problemsOf(text), [
    '17: spec.egress[0].ports[0].protocol: Unsupported value: "tcp"; supported: TCP, UDP, SCTP. Write protocol: TCP',
  ]);
  const [fixed] = objectsOf(text.replace('tcp', 'TCP'));
  assert.equal(fixed?.type, 'policy');
});

test('policies of 2016: the removed versions are named, with what to write instead', () => {
  for (const version of [
    'net.alpha.kubernetes.io/v1alpha1',
    'extensions/v1beta1',
    'networking.k8s.io/v1beta1',
    'v1',
  ]) {
    const text = `kind: NetworkPolicy\napiVersion: ${version}\nmetadata:\n  name: tenant-a\nspec:\n  podSelector:\n  ingress:\n  - from:\n    - namespaces:\n        tenant: a\n`;
    const [problem, ...more] = problemsOf(text);
    assert.deepEqual(more, []);
    assert.match(problem as string, /^2: apiVersion: .*Write apiVersion: networking\.k8s\.io\/v1$/);
    assert.ok(problem?.includes(version));
  }
});

test('unknown fields are refused, with the one that was meant', () => {
  assert.deepEqual(spec('{ingres: []}'), ['ingres: unknown field "ingres". Did you mean ingress?']);
  assert.deepEqual(rule('{form: []}'), ['form: unknown field "form". Did you mean from?']);
  assert.deepEqual(rule('{_from: []}'), ['_from: unknown field "_from". Did you mean from?']);
  assert.deepEqual(spec('{PodSelector: {}}'), [
    'PodSelector: unknown field "PodSelector". Did you mean podSelector?',
  ]);
  assert.deepEqual(spec('{completelyElse: 1}'), ['completelyElse: unknown field "completelyElse"']);
});

test('row 5: peers', () => {
  assert.deepEqual(rule('{from: [{}]}'), [
    'from[0]: must hold podSelector, namespaceSelector or ipBlock. Leave from out to match everything',
  ]);
  assert.deepEqual(rule('{from: [{ipBlock: {cidr: 10.0.0.0/8}, podSelector: {}}]}'), [
    'from[0]: may not hold both ipBlock and a selector. Make two list items of them: either then matches',
  ]);
  assert.deepEqual(rule('{from: {podSelector: {}}}'), ['from: must be a list, not an object']);
});

test('row 7: selectors', () => {
  const select = (text: string) => spec(`{podSelector: {matchExpressions: [${text}]}}`);
  const at = 'podSelector.matchExpressions[0]';
  assert.deepEqual(select('{key: a, operator: In}'), [`${at}.values: In needs at least one value`]);
  assert.deepEqual(select('{key: a, operator: NotIn, values: []}'), [
    `${at}.values: NotIn needs at least one value`,
  ]);
  assert.deepEqual(select('{key: a, operator: Exists, values: [x]}'), [
    `${at}.values: Exists takes no values. Leave values out`,
  ]);
  assert.deepEqual(select('{key: a, operator: notin, values: [x]}'), [
    `${at}.operator: "notin" is not an operator; supported: In, NotIn, Exists, DoesNotExist. Write operator: NotIn`,
  ]);
  assert.match(
    select('{key: a b, operator: Exists}')[0] as string,
    /^podSelector.matchExpressions\[0\]\.key: label key/,
  );
  assert.match(
    spec('{podSelector: {matchLabels: {a: "b c"}}}')[0] as string,
    /label value "b c" must be empty/,
  );
  assert.match(
    spec('{podSelector: {matchLabels: {a: on}}}')[0] as string,
    /must be a string, not true .*Write it in quotes$/,
  );
  assert.match(
    spec('{podSelector: {matchLabels: {a: 1}}}')[0] as string,
    /must be a string, not 1\. Write it in quotes$/,
  );
});

test('row 9: ports', () => {
  const port = (text: string) => rule(`{ports: [${text}]}`).map((line) => line.replace('ports[0].', ''));
  for (const right of [
    '{}',
    '{port: 1}',
    '{port: 65535}',
    '{port: http}',
    '{port: 80, endPort: 80}',
    '{protocol: SCTP}',
  ]) {
    assert.deepEqual(port(right), [], right);
  }
  assert.deepEqual(port('{port: 0}'), ['port: 0 is not between 1 and 65535']);
  assert.deepEqual(port('{port: 65536}'), ['port: 65536 is not between 1 and 65535']);
  assert.match(
    port('{port: "80"}')[0] as string,
    /must contain at least one letter\. Write 80 without quotes$/,
  );
  assert.match(port('{port: HTTP}')[0] as string, /lower case/);
  assert.match(port('{port: a-name-too-long-by-far}')[0] as string, /no more than 15/);
  assert.match(port('{port: a--b}')[0] as string, /must not contain '--'/);
  assert.match(port('{port: -a}')[0] as string, /must not begin or end/);
  assert.match(port('{port: 80, endPort: 79}')[0] as string, /^endPort: 79 is less than port 80/);
  assert.match(port('{port: 80, endPort: 70000}')[0] as string, /^endPort: 70000 is not between/);
  assert.match(port('{port: http, endPort: 90}')[0] as string, /^endPort: needs a numeric port/);
  assert.match(port('{endPort: 90}')[0] as string, /^endPort: needs a port/);
  assert.deepEqual(port('{port: 80.5}'), ['port: must be a whole number or a name, not 80.5']);
  assert.deepEqual(port('{endPort: "90", port: 80}'), [
    'endPort: must be a whole number, not "90". Write 90 without quotes',
  ]);
});

test('row 13: blocks', () => {
  const block = (text: string) =>
    rule(`{from: [{ipBlock: ${text}}]}`).map((line) => line.replace('from[0].ipBlock.', ''));
  for (const right of [
    '{cidr: 0.0.0.0/0}',
    '{cidr: "::/0", except: ["fd00::/8"]}',
    '{cidr: 10.0.0.0/8, except: [10.1.0.0/16]}',
  ]) {
    assert.deepEqual(block(right), [], right);
  }
  assert.deepEqual(block('{}'), ['cidr: a cidr is missing']);
  assert.deepEqual(block('{cidr: 10.0.0.1}'), ['cidr: "10.0.0.1" is not a CIDR. Write 10.0.0.1/32']);
  assert.deepEqual(block('{cidr: 10.0.0.0/33}'), ['cidr: "10.0.0.0/33" is not a CIDR']);
  assert.deepEqual(block('{cidr: 10.0.0.1/24}'), [
    'cidr: "10.0.0.1/24" has bits set beyond its prefix. Write 10.0.0.0/24',
  ]);
  for (const hole of ['10.0.0.0/8', '11.0.0.0/16', '"fd00::/8"']) {
    assert.match(
      block(`{cidr: 10.0.0.0/8, except: [${hole}]}`)[0] as string,
      /^except\[0\]: .* must lie within cidr/,
    );
  }
});

test('policyTypes', () => {
  assert.deepEqual(spec('{policyTypes: [ingress]}'), [
    'policyTypes[0]: Unsupported value: "ingress"; supported: Ingress, Egress. Write policyTypes: Ingress',
  ]);
  assert.deepEqual(spec('{policyTypes: [Ingress, Egress, Ingress]}'), [
    'policyTypes: must hold no more than two policyTypes',
  ]);
  assert.deepEqual(spec('{policyTypes: Ingress}'), ['policyTypes: must be a list, not "Ingress"']);
});

test('names, namespaces and labels', () => {
  const meta = (text: string) =>
    problemsOf(`apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: ${text}\n`).map((line) =>
      line.slice(3),
    );
  assert.deepEqual(meta('{}'), ['metadata.name: a name is missing. Write metadata.name']);
  assert.deepEqual(meta('{name: a.b-c}'), []);
  assert.match(meta('{name: Web}')[0] as string, /^metadata\.name: "Web" must consist of lower case/);
  assert.match(
    meta('{name: a, namespace: a.b}')[0] as string,
    /^metadata\.namespace: "a\.b" must not contain dots/,
  );
  assert.match(meta('{name: a, labels: {"a/b/c": x}}')[0] as string, /at most one slash/);
  assert.match(meta(`{name: a, labels: {a: ${'x'.repeat(64)}}}`)[0] as string, /no more than 63/);
  assert.match(meta('{name: a, annotations: {"a b": x}}')[0] as string, /annotation key/);
  assert.deepEqual(meta('{name: a, labels: {constructor: x, toString: z}}'), []);
});

test('a policy without spec is legal and isolates everything', () => {
  const [found] = objectsOf(HEAD, 'shop');
  assert.equal(found?.type, 'policy');
  assert.deepEqual(found?.type === 'policy' && [found.policy.namespace, found.policy.ingress], ['shop', []]);
});

test('tier policies: a choice has one field, and a network may have bits beyond its prefix', () => {
  const head =
    'apiVersion: policy.networking.k8s.io/v1alpha1\nkind: AdminNetworkPolicy\nmetadata: {name: p}\n';
  const tier = (subject: string, rule: string) =>
    problemsOf(`${head}spec: {priority: 1, subject: ${subject}, egress: [{action: Deny, ${rule}}]}\n`).map(
      (line) => line.replace(/^4: spec\./, ''),
    );
  assert.deepEqual(tier('{namespaces: {}}', 'to: [{networks: [10.0.0.1/8, "fd00::1/8"]}]'), []);
  assert.deepEqual(tier('{namespaces: {}}', 'to: [{networks: [10.0.0.1]}]'), [
    'egress[0].to[0].networks[0]: "10.0.0.1" is not a CIDR. Write 10.0.0.1/32',
  ]);
  assert.deepEqual(tier('{}', 'to: [{namespaces: {}, networks: [10.0.0.0/8]}]'), [
    'subject: must have one field, and has none',
    'egress[0].to[0]: must have one field alone, not "namespaces" and "networks"',
  ]);
  const ports = 'ports: [{portNumber: {protocol: TCP, port: 80}, namedPort: http}]';
  assert.deepEqual(tier('{namespaces: {}}', `to: [{namespaces: {}}], ${ports}`), [
    'egress[0].ports[0]: must have one field alone, not "portNumber" and "namedPort"',
  ]);
});
