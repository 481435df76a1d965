/** Rows 7 and 22: label selectors, odd and invalid ones. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { expect, pod, policy, problemsOf, stateOf } from './world.ts';

const PODS = [
  pod('x/server', { labels: { role: 'server' } }),
  pod('x/red', { labels: { color: 'red' } }),
  pod('x/blue', { labels: { color: 'blue' } }),
  pod('x/empty', { labels: { color: '' } }),
  pod('x/none', { labels: {} }),
];

/** The verdicts for red, blue, empty and none when the selector is that of an ingress peer. */
function admits(podSelector: object): string {
  const server = { matchLabels: { role: 'server' } };
  const rule = policy('x/np', { podSelector: server, ingress: [{ from: [{ podSelector }] }] });
  return ['red', 'blue', 'empty', 'none']
    .filter((name) => {
      try {
        expect([...PODS, rule], `x/${name} -> x/server TCP 80: allowed`);
        return true;
      } catch (error) {
        if (!(error instanceof assert.AssertionError)) throw error;
        expect([...PODS, rule], `x/${name} -> x/server TCP 80: denied`);
        return false;
      }
    })
    .join(' ');
}

const expression = (operator: string, ...values: string[]) => ({
  matchExpressions: [values.length === 0 ? { key: 'color', operator } : { key: 'color', operator, values }],
});

test('row 07: NotIn and DoesNotExist match when the key is absent', () => {
  assert.equal(admits(expression('NotIn', 'red')), 'blue empty none');
  assert.equal(admits(expression('NotIn', 'red', '')), 'blue none');
  assert.equal(admits(expression('DoesNotExist')), 'none');
});

test('row 07: In and Exists need the key', () => {
  assert.equal(admits(expression('In', 'red', 'blue')), 'red blue');
  assert.equal(admits(expression('In', '')), 'empty');
  assert.equal(admits(expression('Exists')), 'red blue empty');
});

test('row 07: matchLabels with an empty value needs the key present', () => {
  assert.equal(admits({ matchLabels: { color: '' } }), 'empty');
});

test('row 07: all requirements must hold', () => {
  const { matchExpressions } = expression('NotIn', 'red');
  assert.equal(admits({ matchLabels: { color: 'blue' }, matchExpressions }), 'blue');
  assert.equal(admits({ matchLabels: { color: 'red' }, matchExpressions }), '');
});

test('row 07: NotIn as the subject of a policy isolates pods without the key', () => {
  expect(
    [...PODS, policy('x/np', { podSelector: expression('NotIn', 'red') })],
    `x/server -> x/none TCP 80: denied
     x/server -> x/blue TCP 80: denied
     x/server -> x/red TCP 80: allowed`,
  );
});

test('row 07: labels named like parts of JavaScript are labels like any other', () => {
  const key = { matchExpressions: [{ key: 'constructor', operator: 'Exists' }] };
  expect(
    [
      pod('x/server'),
      pod('x/plain'),
      pod('x/odd', { labels: { constructor: 'yes' } }),
      policy('x/np', {
        podSelector: { matchLabels: { app: 'server' } },
        ingress: [{ from: [{ podSelector: key }] }],
      }),
    ],
    `x/odd -> x/server TCP 80: allowed
     x/plain -> x/server TCP 80: denied`,
  );
});

test('row 07: In and NotIn without values, Exists and DoesNotExist with values, are invalid', () => {
  const wrong = [
    { key: 'a', operator: 'In' },
    { key: 'a', operator: 'In', values: [] },
    { key: 'a', operator: 'NotIn' },
    { key: 'a', operator: 'NotIn', values: [] },
    { key: 'a', operator: 'Exists', values: ['b'] },
    { key: 'a', operator: 'DoesNotExist', values: ['b'] },
    { key: 'a', operator: 'Gt', values: ['1'] },
    { key: 'a', operator: 'in', values: ['b'] },
    { key: '', operator: 'Exists' },
  ];
  for (const requirement of wrong) {
    const selector = { matchExpressions: [requirement] };
    const said = JSON.stringify(requirement);
    assert.notDeepEqual(problemsOf(policy('x/np', { podSelector: selector })), [], said);
    const peer = { podSelector: {}, ingress: [{ from: [{ namespaceSelector: selector }] }] };
    assert.notDeepEqual(problemsOf(policy('x/np', peer)), [], said);
  }
  const right = [
    { key: 'a', operator: 'In', values: ['b'] },
    { key: 'a', operator: 'Exists' },
    { key: 'a', operator: 'DoesNotExist', values: [] },
  ];
  for (const requirement of right) {
    const selector = { matchExpressions: [requirement] };
    assert.deepEqual(problemsOf(policy('x/np', { podSelector: selector })), [], JSON.stringify(requirement));
  }
});

test('row 22: an invalid selector in a stored object is kept with its problem, and what hangs on it is unknown', () => {
  const invalid = { matchExpressions: [{ key: 'app', operator: 'Near', values: ['red'] }] };
  const stored = { uid: '0b1c2d3e-0000-4000-8000-000000000001' };
  const bySubject = policy('x/subject', { podSelector: invalid }, stored);
  const byPeer = policy(
    'x/peer',
    { podSelector: {}, ingress: [{ from: [{ podSelector: invalid }] }] },
    stored,
  );
  const policies = stateOf([...PODS, bySubject, byPeer]).spaces.get('x')?.policies;
  assert.match(policies?.get('subject')?.subject.problem ?? '', /Near/);
  const [rule] = policies?.get('peer')?.ingress ?? [];
  const [peer] = rule === undefined || rule.peers === 'any' ? [] : rule.peers;
  assert.ok(peer?.kind === 'pods' && /Near/.test(peer.pods.problem ?? ''));
  expect([...PODS, byPeer], 'x/red -> x/server TCP 80: unknown');
  expect([...PODS, bySubject], 'x/red -> x/server TCP 80: unknown');
});
