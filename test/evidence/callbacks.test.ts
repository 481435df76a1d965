/** Whether the API server still reaches what it calls. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { apiSources } from '../../src/evidence/api-server.ts';
import { callbackCuts } from '../../src/evidence/callbacks.ts';
import { addressText } from '../../src/netset/addresses.ts';
import { apiServer, node, pod, policy, service } from '../../src/rules/worlds/manifests.ts';
import { API_SERVICE, WEBHOOK, WEBHOOK_SERVICE } from '../../src/rules/worlds/references.ts';
import { simulate } from '../../src/simulate/simulate.ts';
import { changeOf, storeOf } from '../rules/world.ts';

const CONTROL = 'node-role.kubernetes.io/control-plane: ""';
const NODES = node('control', '10.0.0.1', CONTROL) + node('node-1', '10.0.0.2');
const GUARD = pod('guard/webhook', 'app: guard', '10.1.0.5') + WEBHOOK_SERVICE + WEBHOOK('Fail');
const FROM = (ingress: string, name = 'webhook'): string =>
  policy(`guard/${name}`, `  podSelector: {matchLabels: {app: guard}}\n  ingress: [${ingress}]\n`);
const PODS_ONLY = FROM('{from: [{podSelector: {}}]}');
const BLOCK = (cidr: string): string => FROM(`{from: [{ipBlock: {cidr: ${cidr}}}]}`);

function reached(cluster: string, manifest: string, operation: 'CREATE' | 'UPDATE' | 'DELETE' = 'CREATE') {
  const store = storeOf(cluster);
  const simulation = simulate(store, changeOf(store, operation, manifest));
  return callbackCuts(simulation).map(({ service: { name }, before, after }) => `${name} ${before} ${after}`);
}

describe('where the API server is', () => {
  const sources = (cluster: string): string[] =>
    apiSources(storeOf(cluster)).map((addresses) => addresses.map(addressText).join());

  test('on the nodes of the control plane', () => {
    assert.deepEqual(sources(NODES + apiServer('10.0.0.9')), ['10.0.0.1']);
  });

  test('on nodes without the label, by the addresses of default/kubernetes', () => {
    assert.deepEqual(sources(node('a', '10.0.0.1') + node('b', '10.0.0.2') + apiServer('10.0.0.2')), [
      '10.0.0.2',
    ]);
  });

  test('outside, at those addresses', () => {
    assert.deepEqual(sources(node('a', '10.0.0.1') + apiServer('10.7.0.1', '10.7.0.2')), [
      '10.7.0.1',
      '10.7.0.2',
    ]);
  });

  test('not known', () => {
    assert.deepEqual(sources(node('a', '10.0.0.1')), []);
  });
});

describe('how well it reaches a webhook', () => {
  const managed = node('node-1', '10.0.0.2') + apiServer('10.7.0.1', '10.7.0.2') + GUARD;
  const cases: readonly [string, string, string, string[]][] = [
    ['pods only', NODES + GUARD, PODS_ONLY, ['webhook yes no']],
    ['nobody', NODES + GUARD, FROM(''), ['webhook yes no']],
    ['everybody on another port', NODES + GUARD, FROM('{ports: [{port: 9444}]}'), ['webhook yes no']],
    ['everybody', NODES + GUARD, FROM('{ports: [{port: 9443}]}'), []],
    ['its own address', NODES + GUARD, BLOCK('10.0.0.0/24'), []],
    ['another address', NODES + GUARD, BLOCK('10.9.0.0/24'), ['webhook yes unlikely']],
    ['managed, pods only', managed, PODS_ONLY, ['webhook yes no']],
    ['managed, one of two', managed, BLOCK('10.7.0.1/32'), ['webhook yes partly']],
    ['managed, both', managed, BLOCK('10.7.0.0/24'), []],
    ['managed, pods only, no addresses', node('node-1', '10.0.0.2') + GUARD, PODS_ONLY, ['webhook yes no']],
    [
      'addresses, its own not known',
      node('node-1', '10.0.0.2') + GUARD,
      BLOCK('10.7.0.0/24'),
      ['webhook yes unknown'],
    ],
    ['no nodes in the model', GUARD, PODS_ONLY, ['webhook yes unlikely']],
    ['nothing that it calls', NODES + GUARD.slice(0, GUARD.lastIndexOf('---')), PODS_ONLY, []],
    ['another policy lets it in', NODES + GUARD + FROM('{}', 'open'), PODS_ONLY, []],
    ['cut already', NODES + GUARD + FROM('', 'closed'), PODS_ONLY, []],
    [
      'host network',
      NODES + GUARD.replace('spec: {nodeName', 'spec: {hostNetwork: true, nodeName'),
      PODS_ONLY,
      [],
    ],
    [
      'a tunnel that is not let in',
      NODES + GUARD + pod('kube-system/agent', 'k8s-app: konnectivity-agent', '10.1.0.9'),
      PODS_ONLY,
      ['webhook yes no'],
    ],
    [
      'another workload behind the Service',
      NODES +
        GUARD.replace('selector: {app: guard}', 'selector: {set: guard}').replace(
          '{app: guard}',
          '{app: guard, set: guard}',
        ) +
        pod('guard/second', 'app: second, set: guard', '10.1.0.6'),
      PODS_ONLY,
      [],
    ],
  ];
  for (const [title, cluster, manifest, expected] of cases) {
    test(title, () => assert.deepEqual(reached(cluster, manifest), expected));
  }

  test('an update that takes the rule away, and a deletion', () => {
    const open = FROM('{ports: [{port: 9443}]}');
    assert.deepEqual(reached(NODES + GUARD + open, PODS_ONLY, 'UPDATE'), ['webhook yes no']);
    const spare = FROM('', 'spare');
    assert.deepEqual(reached(NODES + GUARD + spare + open, open, 'DELETE'), ['webhook yes no']);
    assert.deepEqual(reached(NODES + GUARD + open, open, 'DELETE'), []);
  });

  test('a Service that moves to a port that is not let in', () => {
    const cluster = NODES + GUARD + FROM('{ports: [{port: 9443}]}');
    const at = (port: number): string =>
      service('guard/webhook', 'app: guard', `{port: 443, targetPort: ${port}}`);
    assert.deepEqual(reached(cluster, at(8443), 'UPDATE'), ['webhook yes no']);
    assert.deepEqual(reached(cluster, at(9443), 'UPDATE'), []);
    // Whoever deletes it, or takes its port, breaks a name.
    assert.deepEqual(reached(cluster, at(9443), 'DELETE'), []);
  });

  test('all that is called at one port is one cut', () => {
    const store = storeOf(NODES + GUARD + API_SERVICE);
    const cuts = callbackCuts(simulate(store, changeOf(store, 'CREATE', PODS_ONLY)));
    assert.deepEqual(
      cuts.map(({ callbacks }) => callbacks.map(({ kind }) => kind)),
      [['ValidatingWebhookConfiguration', 'APIService']],
    );
  });

  test('past the budget it says so', () => {
    const store = storeOf(NODES + GUARD);
    const simulation = simulate(store, changeOf(store, 'CREATE', PODS_ONLY), { budget: 1 });
    assert.deepEqual(callbackCuts(simulation), []);
    assert.deepEqual(simulation.budget.skipped, ['whether the API server still reaches its webhooks']);
  });
});
