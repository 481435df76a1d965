/** Who names a Service, whatever namespace they live in. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Evidence } from '../../src/evidence/evidence.ts';
import { needsTo } from '../../src/evidence/needs.ts';
import { workloadText } from '../../src/model/objects.ts';
import { parseObject } from '../../src/model/parse/manifest.ts';
import type { Store } from '../../src/model/store.ts';
import { deployment, policy, service } from '../../src/rules/worlds/manifests.ts';
import { simulate } from '../../src/simulate/simulate.ts';
import { changeOf, rawObjects, storeOf } from '../rules/world.ts';

const DB = deployment('shop/db', 'app: db') + service('shop/db', 'app: db', '{port: 5432}');
const JOB = deployment('jobs/job', 'app: job', '', '{name: DB_HOST, value: db.shop}');
const CLOSED = policy('shop/db', '  podSelector: {matchLabels: {app: db}}\n');
const ROUTE = `---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: front, namespace: edge}
spec: {rules: [{backendRefs: [{name: db, namespace: shop, port: 5432}]}]}
`;

function evidenceOf(store: Store): Evidence {
  return new Evidence(simulate(store, changeOf(store, 'CREATE', CLOSED)), []);
}

function sources(store: Store): string[] {
  const db = store.spaces.get('shop')?.classes()[0];
  assert.ok(db);
  return [...needsTo(evidenceOf(store), db)].map(
    ({ from, source }) => `${typeof from === 'string' ? from : workloadText(from.workload)} ${source}`,
  );
}

describe('references from other namespaces', () => {
  test('a change at the server sees them', () => {
    const { losses } = evidenceOf(storeOf(DB + JOB)).losses();
    assert.deepEqual(
      losses.map(({ need }) => [need.source, need.grade]),
      [['env DB_HOST', 'declared']],
    );
  });

  test('a route of another namespace too', () => {
    assert.deepEqual(sources(storeOf(DB + ROUTE)), ['ingress-controller HTTPRoute edge/front']);
  });

  test('what goes, or names something else, is forgotten', () => {
    const store = storeOf(DB + JOB + ROUTE);
    assert.equal(sources(store).length, 2);
    const job = store.spaces.get('jobs')?.pods.get('job');
    assert.ok(job);
    store.putPod({ ...job, references: [] });
    store.removeRoute('HTTPRoute', 'edge', 'front');
    assert.deepEqual(sources(store), []);
    assert.equal(store.podsNaming('shop', 'db').size, 0);
    assert.equal(store.routesNaming('shop', 'db').size, 0);
  });

  test('a removed pod, and a route put a second time', () => {
    const store = storeOf(DB + JOB + ROUTE);
    const moved = parseObject(rawObjects(ROUTE.replace('name: db', 'name: other'))[0]);
    assert.equal(moved.type, 'route');
    if (moved.type === 'route') store.putRoute(moved.route);
    store.removePod('jobs', 'job');
    assert.deepEqual(sources(store), []);
    assert.equal(store.routesNaming('shop', 'other').size, 1);
  });

  test('one class for each workload; past so many it says so', () => {
    const pods = Array.from({ length: 300 }, (_, i) =>
      deployment(`jobs/j${i}`, `app: j${i}`, '', '{name: DB_HOST, value: db.shop}'),
    );
    const store = storeOf(DB + pods.join(''));
    const simulation = simulate(store, changeOf(store, 'CREATE', CLOSED));
    const found = new Evidence(simulation, []).referrersOf('shop', 'db');
    assert.ok(found.length > 250 && found.length < 300, String(found.length));
    assert.deepEqual(simulation.budget.skipped, ['some of the workloads that name Service shop/db']);
  });
});
