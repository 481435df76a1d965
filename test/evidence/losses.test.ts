import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Evidence } from '../../src/evidence/evidence.ts';
import { deployment, policy, service } from '../../src/rules/worlds/manifests.ts';
import { simulate } from '../../src/simulate/simulate.ts';
import { changeOf, storeOf } from '../rules/world.ts';

const SHOP = [
  deployment('shop/web', 'app: web', '', '{name: DB_HOST, value: db}'),
  deployment('shop/db', 'app: db', '{containerPort: 5432}'),
  deployment('shop/stray', 'app: stray'),
  service('shop/db', 'app: db', '{port: 5432}'),
].join('');
const DB = (rules: string) =>
  policy('shop/db', `  podSelector: {matchLabels: {app: db}}\n  ingress: [${rules}]\n`);
const FROM_WEB = '{from: [{podSelector: {matchLabels: {app: web}}}]}';

function evidence(
  cluster: string,
  operation: 'CREATE' | 'UPDATE' | 'DELETE',
  manifest: string,
  budget?: number,
) {
  const store = storeOf(cluster);
  const options = budget === undefined ? {} : { budget };
  const simulation = simulate(store, changeOf(store, operation, manifest), options);
  return { simulation, evidence: new Evidence(simulation, []) };
}

describe('losses', () => {
  test('a needed connection that is denied now', () => {
    const { losses, complete } = evidence(SHOP, 'CREATE', DB('')).evidence.losses();
    assert.equal(complete, true);
    assert.deepEqual(
      losses.map(({ need, direction }) => [need.source, direction]),
      [['env DB_HOST', 'ingress']],
    );
  });

  test('not one that is still allowed', () => {
    assert.deepEqual(evidence(SHOP, 'CREATE', DB(FROM_WEB)).evidence.losses().losses, []);
  });

  test('not one that was denied before', () => {
    const other = DB('').replace('name: db,', 'name: other,');
    assert.deepEqual(evidence(SHOP + other, 'CREATE', DB('')).evidence.losses().losses, []);
  });

  test('the egress side counts too', () => {
    const egress = policy('shop/web', '  podSelector: {matchLabels: {app: web}}\n  policyTypes: [Egress]\n');
    const { losses } = evidence(SHOP, 'CREATE', egress).evidence.losses();
    assert.deepEqual(
      losses.map(({ need, direction }) => [need.source, direction]),
      [['env DB_HOST', 'egress']],
    );
  });

  test('a policy that no longer names its client', () => {
    const before = DB('{from: [{podSelector: {matchLabels: {app: stray}}}], ports: [{port: 5432}]}');
    const { losses } = evidence(SHOP + before, 'UPDATE', DB(FROM_WEB)).evidence.losses();
    assert.deepEqual(
      losses.map(({ need }) => need.source),
      ['NetworkPolicy shop/db spec.ingress[0].from[0]'],
    );
  });

  test('past the budget it says so', () => {
    const { simulation, evidence: short } = evidence(SHOP, 'CREATE', DB(''), 1);
    assert.equal(short.losses().complete, false);
    assert.deepEqual(simulation.budget.skipped, ['some of the connections that workloads need']);
  });
});

describe('bystanders', () => {
  test('whoever loses something and is in no loss is counted', () => {
    assert.deepEqual(evidence(SHOP, 'CREATE', DB('')).evidence.bystanders(), { count: 1, exact: true });
  });

  test('a cluster too large to count gets an upper bound', () => {
    const many = Array.from({ length: 300 }, (_, i) => deployment(`other/w${i}`, `app: w${i}`)).join('');
    assert.deepEqual(evidence(SHOP + many, 'CREATE', DB('')).evidence.bystanders(), {
      count: 303,
      exact: false,
    });
  });
});

describe('service losses', () => {
  const DB_SERVICE = service('shop/db', 'app: db', '{port: 5432}');
  const causes = (manifest: string, operation: 'UPDATE' | 'DELETE' = 'UPDATE', cluster = SHOP) =>
    evidence(cluster, operation, manifest)
      .evidence.serviceLosses()
      .map(({ cause }) => cause);

  test('each cause by its name', () => {
    assert.deepEqual(causes(DB_SERVICE), []);
    // Names that are gone are told by who names them.
    assert.deepEqual(causes(DB_SERVICE, 'DELETE'), []);
    assert.deepEqual(causes(DB_SERVICE.replace('5432', '5433')), []);
    assert.deepEqual(causes(DB_SERVICE.replace('app: db', 'app: gone')), ['no-pods']);
    assert.deepEqual(causes(DB_SERVICE.replace('{port: 5432}', '{port: 5432, targetPort: sql}')), [
      'no-target',
    ]);
  });

  test('a new target port that a policy does not admit', () => {
    const cluster = SHOP + DB('{ports: [{port: 5432}]}');
    const moved = DB_SERVICE.replace('{port: 5432}', '{port: 5432, targetPort: 6432}');
    assert.deepEqual(causes(moved, 'UPDATE', cluster), ['policy']);
  });

  test('what becomes of an alias is not known', () => {
    assert.deepEqual(causes(`${DB_SERVICE}  type: ExternalName\n  externalName: db.example.com\n`), []);
  });
});
