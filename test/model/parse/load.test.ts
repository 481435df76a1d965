import assert from 'node:assert/strict';
import { test } from 'node:test';
import { workloadText } from '../../../src/model/objects.ts';
import { type Loaded, load } from '../../../src/model/parse/index.ts';
import { Store } from '../../../src/model/store.ts';
import { objectsOf, problemsOf } from './support.ts';

function loaded(text: string): { store: Store; result: Loaded; pods: string[] } {
  const store = new Store();
  const result = load(store, objectsOf(text));
  const pods = [...store.spaces.values()]
    .flatMap((space) => [...space.pods.values()])
    .map(({ name, workload, replicas }) => `${name} ${workloadText(workload)} ${replicas}`);
  return { store, result, pods };
}

const template = (label: string) =>
  `{metadata: {labels: {app: ${label}}}, spec: {containers: [{name: c, image: x, ports: [{name: http, containerPort: 80}]}]}}`;
const workload = (kind: string, name: string, rest = 'replicas: 3') =>
  `apiVersion: apps/v1\nkind: ${kind}\nmetadata: {name: ${name}}\nspec: {${rest}, selector: {matchLabels: {app: ${name}}}, template: ${template(name)}}\n---\n`;
const pod = (name: string, owner: string, hash = 'abc') =>
  `apiVersion: v1\nkind: Pod\nmetadata: {name: ${name}, labels: {app: web, pod-template-hash: ${hash}}, ownerReferences: [{apiVersion: apps/v1, uid: u, kind: ReplicaSet, name: ${owner}, controller: true}]}\nspec: {containers: [{name: c, image: x}]}\n---\n`;
const replicaSet = `apiVersion: apps/v1\nkind: ReplicaSet\nmetadata: {name: web-abc, labels: {pod-template-hash: abc}, ownerReferences: [{apiVersion: apps/v1, uid: u, kind: Deployment, name: web, controller: true}]}\nspec: {replicas: 2, selector: {matchLabels: {app: web}}, template: ${template('web')}}\n---\n`;

test('a workload without pods stands for them', () => {
  const { store, pods } = loaded(
    workload('Deployment', 'web') +
      workload('StatefulSet', 'db', 'serviceName: db') +
      workload('DaemonSet', 'agent', 'minReadySeconds: 0') +
      `apiVersion: batch/v1\nkind: Job\nmetadata: {name: once}\nspec: {template: ${template('once')}}\n---\n` +
      `apiVersion: batch/v1\nkind: CronJob\nmetadata: {name: nightly}\nspec: {schedule: "* * * * *", jobTemplate: {spec: {template: ${template('nightly')}}}}\n---\n` +
      `apiVersion: v1\nkind: ReplicationController\nmetadata: {name: old}\nspec: {selector: {app: old}, template: ${template('old')}}\n`,
  );
  assert.deepEqual(pods, [
    'web default/web[Deployment] 3',
    'db default/db[StatefulSet] 1',
    'agent default/agent[DaemonSet] 1',
    'once default/once[Job] 1',
    'nightly default/nightly[CronJob] 1',
    'old default/old[ReplicationController] 1',
  ]);
  const web = store.spaces.get('default')?.pods.get('web');
  assert.deepEqual([web?.labels, web?.addresses, web?.ready], [['app', 'web'], [], true]);
  assert.deepEqual(web?.namedPorts, [{ name: 'http', protocol: 'TCP', port: 80 }]);
});

test('a Deployment, its ReplicaSet and its pods count once', () => {
  const [deployment, pods] = [
    workload('Deployment', 'web'),
    pod('web-abc-1', 'web-abc') + pod('web-abc-2', 'web-abc'),
  ];
  const real = ['web-abc-1 default/web[Deployment] 1', 'web-abc-2 default/web[Deployment] 1'];
  assert.deepEqual(loaded(deployment + replicaSet + pods).pods, real);
  assert.deepEqual(loaded(pods + replicaSet + deployment).pods, real);
  assert.deepEqual(loaded(replicaSet + deployment).pods, ['web default/web[Deployment] 3']);
  assert.deepEqual(loaded(replicaSet).pods, ['web default/web[Deployment] 2']);
});

test('a workload that makes no pods stands for none', () => {
  assert.deepEqual(loaded(workload('Deployment', 'web', 'replicas: 0')).pods, []);
  const done = 'status: {conditions: [{type: Complete, status: "True"}]}';
  assert.deepEqual(
    loaded(
      `apiVersion: batch/v1\nkind: Job\nmetadata: {name: once}\nspec: {template: ${template('once')}}\n${done}\n`,
    ).pods,
    [],
  );
});

test('workloads and pods of one name do not hide each other', () => {
  const bare =
    'apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec: {containers: [{name: c, image: x}]}\n---\n';
  assert.deepEqual(loaded(workload('Deployment', 'web') + workload('StatefulSet', 'web') + bare).pods, [
    'web default/web 1',
    'web[Deployment] default/web[Deployment] 3',
    'web[StatefulSet] default/web[StatefulSet] 3',
  ]);
});

test('namespaces are assumed, and carry their name as label (row 8)', () => {
  const { store } = loaded(
    `${workload('Deployment', 'web')}apiVersion: v1\nkind: Namespace\nmetadata: {name: shop, labels: {team: a}}\n`,
  );
  assert.deepEqual(store.spaces.get('default')?.labels, ['kubernetes.io/metadata.name', 'default']);
  assert.deepEqual(store.spaces.get('shop')?.labels, ['kubernetes.io/metadata.name', 'shop', 'team', 'a']);
});

test('Endpoints count only where no slice mirrors them', () => {
  const endpoints =
    'apiVersion: v1\nkind: Endpoints\nmetadata: {name: ext}\nsubsets: [{addresses: [{ip: 192.0.2.1}], ports: [{port: 80}]}, {addresses: [{ip: 192.0.2.2}]}]\n---\n';
  const slice =
    'apiVersion: discovery.k8s.io/v1\nkind: EndpointSlice\naddressType: IPv4\nmetadata: {name: ext-x, labels: {kubernetes.io/service-name: ext}}\nendpoints: [{addresses: [192.0.2.1]}]\n---\n';
  const slices = (text: string) => [
    ...(loaded(text).store.spaces.get('default')?.slices.get('ext')?.keys() ?? []),
  ];
  assert.deepEqual(slices(endpoints), ['endpoints/ext/0', 'endpoints/ext/1']);
  assert.deepEqual(slices(endpoints + slice), ['ext-x']);
});

test('facts of DaemonSets come back, with settings of system namespaces only and never a secret', () => {
  const text = (namespace: string) =>
    `apiVersion: apps/v1\nkind: DaemonSet\nmetadata: {name: cni, namespace: ${namespace}}\nspec: {selector: {matchLabels: {a: b}}, template: {metadata: {labels: {a: b}}, spec: {containers: [{name: c, image: "cni:1", args: [--flag], env: [{name: MODE, value: x}, {name: API_TOKEN, value: z}]}]}}}\n`;
  assert.deepEqual(loaded(text('kube-system')).result.daemonSets, [
    {
      namespace: 'kube-system',
      name: 'cni',
      images: ['cni:1'],
      arguments: ['--flag'],
      settings: ['MODE=x'],
      nodes: [{ requirements: [] }],
    },
  ]);
  assert.deepEqual(loaded(text('shop')).result.daemonSets[0]?.settings, []);
});

test('a template that its selector does not select is refused', () => {
  const text = workload('Deployment', 'web').replace('{app: web}}, spec', '{app: other}}, spec');
  assert.deepEqual(problemsOf(text), [
    '4: spec.selector: does not select the labels of spec.template. Write the same labels in both',
  ]);
});
