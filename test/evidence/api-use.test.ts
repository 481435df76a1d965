/** Who calls the API server, and whether a change of egress cuts them from it. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { apiCuts, apiUseOf } from '../../src/evidence/api-use.ts';
import { apiServer, deployment, node, policy } from '../../src/rules/worlds/manifests.ts';
import { simulate } from '../../src/simulate/simulate.ts';
import { changeOf, storeOf } from '../rules/world.ts';

const USER = deployment('ci/job', 'app: ci', '', '{name: API, value: "https://kubernetes.default.svc"}');
const OUT = (egress: string, name = 'out'): string =>
  policy(`ci/${name}`, `  podSelector: {}\n  policyTypes: [Egress]\n  egress: [${egress}]\n`);
const BLOCK = (cidr: string, port: number): string =>
  `{to: [{ipBlock: {cidr: ${cidr}}}], ports: [{port: ${port}}]}`;

describe('who calls it', () => {
  const use = (name: string, account?: string) => {
    const text = deployment(`ci/${name}`, 'app: ci');
    const store = storeOf(
      account === undefined
        ? text
        : text.replace('spec: {containers', `spec: {serviceAccountName: ${account}, containers`),
    );
    const podClass = store.spaces.get('ci')?.classes()[0];
    assert.ok(podClass);
    return apiUseOf(podClass)?.grade;
  };
  test('an account alone is no evidence, with a telling name it is likely', () => {
    assert.deepEqual(
      [
        use('web'),
        use('web', 'web'),
        use('web', 'default'),
        use('db-operator', 'x'),
        use('x', 'external-dns'),
      ],
      [undefined, undefined, undefined, 'likely', 'likely'],
    );
  });
  test('a reference to kubernetes.default is declared', () => {
    const podClass = storeOf(USER).spaces.get('ci')?.classes()[0];
    assert.ok(podClass);
    assert.deepEqual(apiUseOf(podClass), { grade: 'declared', source: 'env API' });
  });
});

describe('whether they are cut', () => {
  const how = (cluster: string, manifest: string): string[] => {
    const store = storeOf(cluster);
    return apiCuts(simulate(store, changeOf(store, 'CREATE', manifest))).map((cut) => cut.how);
  };
  const cases: readonly [string, string, string, string[]][] = [
    ['nothing allowed', apiServer('10.0.0.1') + USER, OUT(''), ['certain']],
    ['the address on its port', apiServer('10.0.0.1') + USER, OUT(BLOCK('10.0.0.1/32', 6443)), []],
    [
      'the address on the port of the Service',
      apiServer('10.0.0.1') + USER,
      OUT(BLOCK('10.0.0.1/32', 443)),
      ['certain'],
    ],
    [
      'the address of the Service',
      apiServer('10.0.0.1') + USER,
      OUT(BLOCK('10.96.0.0/12', 443)),
      ['by-cluster-ip'],
    ],
    ['one of two addresses', apiServer('10.0.0.1', '10.0.0.2') + USER, OUT(BLOCK('10.0.0.2/32', 6443)), []],
    [
      'the address of a node',
      apiServer('10.0.0.1') + node('a', '10.0.0.1') + USER,
      OUT(BLOCK('10.0.0.1/32', 6443)),
      [],
    ],
    ['everything on some port', apiServer('10.0.0.1') + USER, OUT('{ports: [{port: 53}]}'), ['certain']],
    ['everything', apiServer('10.0.0.1') + USER, OUT('{}'), []],
    ['another policy allows it', apiServer('10.0.0.1') + USER + OUT('{}', 'all'), OUT(''), []],
    ['another policy cut it before', apiServer('10.0.0.1') + USER + OUT('', 'none'), OUT(''), []],
    ['addresses not known, only pods', USER, OUT('{to: [{podSelector: {}}]}'), ['by-kind']],
    ['addresses not known, some block', USER, OUT(BLOCK('10.0.0.0/8', 443)), []],
    ['ingress', apiServer('10.0.0.1') + USER, policy('ci/in', '  podSelector: {}\n'), []],
  ];
  for (const [title, cluster, manifest, expected] of cases) {
    test(title, () => assert.deepEqual(how(cluster, manifest), expected));
  }
  test('past the budget it says so', () => {
    const store = storeOf(apiServer('10.0.0.1') + USER);
    const simulation = simulate(store, changeOf(store, 'CREATE', OUT('')), { budget: 1 });
    assert.deepEqual(apiCuts(simulation), []);
    assert.deepEqual(simulation.budget.skipped, ['whether pods still reach the API server']);
  });
});
