import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Evidence } from '../../src/evidence/evidence.ts';
import { deployment, policy, service } from '../../src/rules/worlds/manifests.ts';
import { simulate } from '../../src/simulate/simulate.ts';
import { changeOf, storeOf } from '../rules/world.ts';

const SHOP = [
  deployment('shop/web', 'app: web', '', '{name: DB_HOST, value: db}'),
  deployment('shop/db', 'app: db'),
  service('shop/db', 'app: db', '{port: 5432}'),
  policy('shop/db', '  podSelector: {matchLabels: {app: db}}\n  ingress: [{ports: [{port: 5432}]}]\n'),
].join('');
const MOVED = service('shop/db', 'app: db', '{port: 5432, targetPort: 6432}');

function lossesWithin(budget: number) {
  const store = storeOf(SHOP);
  const simulation = simulate(store, changeOf(store, 'UPDATE', MOVED), { budget });
  const losses = new Evidence(simulation, []).serviceLosses();
  return {
    said: losses.map(({ port, source, cause }) => `${port.port} ${source} ${cause}`),
    skipped: simulation.budget.skipped,
  };
}

describe('clients that an update of a Service cuts', () => {
  test('within the budget all of them', () => {
    assert.deepEqual(lossesWithin(1000), { said: ['5432 env DB_HOST policy'], skipped: [] });
  });

  test('past the budget it says so', () => {
    assert.deepEqual(lossesWithin(1), { said: [], skipped: ['some of the clients of the Service'] });
  });
});
