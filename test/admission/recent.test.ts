import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Recent } from '../../src/admission/recent.ts';
import type { Change } from '../../src/model/change.ts';
import type { NetworkPolicy } from '../../src/model/objects.ts';
import { parseNetworkPolicy } from '../../src/model/parse/policy.ts';
import { cluster, policy } from './reviews.ts';

const version = (name: string, app: string): NetworkPolicy =>
  parseNetworkPolicy(policy(name, { podSelector: { matchLabels: { app } } }));
const create = (after: NetworkPolicy): Change => ({ operation: 'CREATE', before: undefined, after });
const update = (before: NetworkPolicy, after: NetworkPolicy): Change => ({
  operation: 'UPDATE',
  before,
  after,
});
const remove = (before: NetworkPolicy): Change => ({ operation: 'DELETE', before, after: undefined });

test('a created object is pending until the model shows it', () => {
  const [store, recent] = [cluster(), new Recent()];
  recent.add(create(version('p', 'a')), store, 0);
  assert.equal(recent.pending(store, 1).length, 1);
  store.putPolicy(version('p', 'a'));
  assert.equal(recent.pending(store, 2).length, 0);
  assert.equal(recent.size, 0);
});

test('an update is pending while the model shows the old object, even when that is read again', () => {
  const [store, recent] = [cluster(), new Recent()];
  store.putPolicy(version('p', 'a'));
  recent.add(update(version('p', 'a'), version('p', 'b')), store, 0);
  store.putPolicy(version('p', 'a'));
  assert.equal(recent.pending(store, 1).length, 1);
  store.putPolicy(version('p', 'b'));
  assert.equal(recent.pending(store, 2).length, 0);
});

test('a state that is neither old nor new is newer: another replica admitted it', () => {
  const [store, recent] = [cluster(), new Recent()];
  store.putPolicy(version('p', 'a'));
  recent.add(update(version('p', 'a'), version('p', 'b')), store, 0);
  store.putPolicy(version('p', 'c'));
  assert.equal(recent.pending(store, 1).length, 0);
});

test('a deletion is pending while the model shows the object', () => {
  const [store, recent] = [cluster(), new Recent()];
  store.putPolicy(version('p', 'a'));
  recent.add(remove(version('p', 'a')), store, 0);
  assert.equal(recent.pending(store, 1).length, 1);
  store.removePolicy('default', 'p');
  assert.equal(recent.pending(store, 2).length, 0);
});

test('after ten seconds a change that never came is forgotten', () => {
  const [store, recent] = [cluster(), new Recent()];
  recent.add(create(version('p', 'a')), store, 0);
  assert.equal(recent.pending(store, 9_999).length, 1);
  assert.equal(recent.pending(store, 10_000).length, 0);
});

test('a flood keeps the newest thousand, and of one object the latest', () => {
  const [store, recent] = [cluster(), new Recent()];
  for (let i = 0; i < 1500; i++) recent.add(create(version(`p${i}`, 'a')), store, i / 1000);
  recent.add(update(version('p1499', 'a'), version('p1499', 'b')), store, 2);
  const pending = recent.pending(store, 3);
  assert.equal(pending.length, 1000);
  assert.deepEqual(pending.at(-1)?.after, version('p1499', 'b'));
  assert.equal(pending[0]?.after?.name, 'p500');
});
