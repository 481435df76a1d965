/** Settings in the plug-ins' ConfigMaps, and nodes for which the answer is another one. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { settingsIn, settingsObjects } from '../../../src/cluster/cni/config-maps.ts';
import { detectCni, withStated } from '../../../src/cluster/cni/detect.ts';
import type { CniFacts, NodeFacts } from '../../../src/cluster/cni/facts.ts';
import { slim } from '../../../src/cluster/slim.ts';
import { labelsOf } from '../../../src/model/labels.ts';
import { cniOf, type DaemonSetFacts } from '../../../src/model/objects.ts';
import { parseDaemonSet } from '../../../src/model/parse/daemonset.ts';

interface Where {
  readonly nodeSelector?: object;
  readonly affinity?: object;
}

function daemonSet(name: string, image: string, where: Where = {}, args: string[] = []): DaemonSetFacts {
  const raw = {
    metadata: { name, namespace: 'kube-system' },
    spec: { template: { spec: { ...where, containers: [{ name: 'main', image, args }] } } },
  };
  const kept = parseDaemonSet(slim(raw, 'apps/v1', 'DaemonSet'));
  assert.deepEqual(kept, parseDaemonSet(raw), 'a saved snapshot keeps where it runs');
  return kept;
}

const node = (name: string, labels: Record<string, string>): NodeFacts => ({
  name,
  labels: labelsOf(Object.entries(labels)),
});
const LINUX = { nodeSelector: { 'kubernetes.io/os': 'linux' } };
const linux = node('linux-1', { 'kubernetes.io/os': 'linux' });
const windows = node('windows-1', { 'kubernetes.io/os': 'windows' });
const calico = daemonSet('calico-node', 'docker.io/calico/node:v3.30.1', LINUX);

function detect(facts: Partial<CniFacts>) {
  return detectCni({ daemonSets: [], nodes: [], apiGroups: [], ...facts });
}

test('where the plug-in’s DaemonSet does not run the answer is another one', () => {
  const cni = detect({ daemonSets: [calico], nodes: [linux, windows] });
  assert.deepEqual([cni.name, cni.enforcesIngress, cni.pools?.length], ['Calico', 'yes', 1]);
  assert.equal(cniOf(cni, 'linux-1').enforcesIngress, 'yes');
  assert.equal(cniOf(cni, 'windows-1').enforcesIngress, 'unknown', 'something unseen may enforce there');
  assert.deepEqual(cniOf(cni, 'windows-1').evidence, [
    'node windows-1: DaemonSet kube-system/calico-node does not run there.',
  ]);
  const both = daemonSet('calico-node-windows', 'calico/node-windows:v3.30.1', {
    nodeSelector: { 'kubernetes.io/os': 'windows' },
  });
  assert.equal(detect({ daemonSets: [calico, both], nodes: [linux, windows] }).pools, undefined);
});

test('two plug-ins on nodes of different labels', () => {
  const on = (value: string): Where => ({
    affinity: {
      nodeAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: {
          nodeSelectorTerms: [{ matchExpressions: [{ key: 'network', operator: 'In', values: [value] }] }],
        },
      },
    },
  });
  const cni = detect({
    daemonSets: [
      daemonSet('calico-node', 'calico/node:v3.30.1', on('calico')),
      daemonSet('kube-flannel-ds', 'flannel/flannel:v0.27.2', on('flannel')),
    ],
    nodes: [
      node('a', { network: 'calico' }),
      node('b', { network: 'flannel' }),
      node('c', { network: 'flannel' }),
    ],
  });
  assert.equal(cniOf(cni, 'a').enforcesEgress, 'yes');
  assert.deepEqual(
    ['b', 'c'].map((name) => cniOf(cni, name).enforcesIngress),
    ['no', 'no'],
  );
  assert.match(
    cniOf(cni, 'c').evidence.join(),
    /^node b and 1 more: DaemonSet kube-system\/calico-node does not/,
  );
});

test('nodes that are no machines: Fargate enforces nothing, of a virtual kubelet nothing is known', () => {
  const fargate = node('fargate-1', { 'eks.amazonaws.com/compute-type': 'fargate' });
  const virtual = node('virtual-1', { type: 'virtual-kubelet' });
  const everywhere = daemonSet('calico-node', 'calico/node:v3.30.1');
  const cni = detect({ daemonSets: [everywhere], nodes: [linux, fargate, virtual] });
  assert.deepEqual(
    ['linux-1', 'fargate-1', 'virtual-1'].map((name) => cniOf(cni, name).enforcesIngress),
    ['yes', 'no', 'unknown'],
  );
  const stated = withStated(cni, { enforcesIngress: 'yes', enforcesEgress: 'yes' });
  assert.equal(stated.pools, undefined, 'what the operator states holds for the cluster');
});

test('what a ConfigMap says of enforcement is read by name and key, and saved alone', () => {
  const map = (name: string, data: object, namespace = 'kube-system') =>
    settingsIn({ metadata: { name, namespace }, data });
  assert.deepEqual(map('cilium-config', { 'enable-policy': 'never', password: 'hunter2' }), [
    ['cilium-config/enable-policy', 'never'],
  ]);
  assert.deepEqual(map('cilium-config', { 'enable-policy': 'never' }, 'tenant'), []);
  assert.deepEqual(map('other', { 'enable-policy': 'never' }), []);
  const settings = new Map([['amazon-vpc-cni/enable-network-policy-controller', 'true']]);
  const saved = settingsObjects(settings);
  assert.deepEqual(new Map(saved.flatMap(settingsIn)), settings);
});

const cilium = daemonSet('cilium', 'quay.io/cilium/cilium:v1.18.2');
const awsArguments = ['--enable-network-policy=true'];
const aws = parseDaemonSet({
  metadata: { name: 'aws-node', namespace: 'kube-system' },
  spec: {
    template: {
      spec: {
        containers: [
          { name: 'aws-node', image: 'registry.example/amazon-k8s-cni:v1.20.1' },
          {
            name: 'agent',
            image: 'registry.example/amazon/aws-network-policy-agent:v1.2.4',
            args: awsArguments,
          },
        ],
      },
    },
  },
});
const auto = node('auto-1', { 'eks.amazonaws.com/compute-type': 'auto' });

/** what, facts, setting, ingress enforced, what is said. */
const SETTINGS: readonly (readonly [string, Partial<CniFacts>, string, string, string, RegExp])[] = [
  ['Cilium', { daemonSets: [cilium] }, 'cilium-config/enable-policy', 'never', 'no', /set to never/],
  [
    'Cilium',
    { daemonSets: [cilium] },
    'cilium-config/enable-policy',
    'default',
    'yes',
    /enable-policy is default/,
  ],
  [
    'Cilium',
    { daemonSets: [cilium] },
    'cilium-config/enable-k8s-networkpolicy',
    'false',
    'no',
    /its own kinds only/,
  ],
  ['Cilium', { daemonSets: [cilium] }, '', '', 'yes', /unless told not to/],
  [
    'AWS',
    { daemonSets: [aws] },
    'amazon-vpc-cni/enable-network-policy-controller',
    'false',
    'no',
    /controller is off/,
  ],
  [
    'AWS',
    { daemonSets: [aws] },
    'amazon-vpc-cni/enable-network-policy-controller',
    'true',
    'yes',
    /node agent enforces/,
  ],
  ['Auto', { nodes: [auto] }, 'amazon-vpc-cni/enable-network-policy-controller', 'true', 'yes', /Auto Mode/],
  ['Auto', { nodes: [auto] }, 'amazon-vpc-cni/enable-network-policy-controller', 'false', 'no', /is false/],
  ['Auto', { nodes: [auto] }, '', '', 'unknown', /is not known/],
];

for (const [name, facts, key, value, ingress, said] of SETTINGS) {
  test(`${name} with ${key || 'no settings'} ${value}: ${ingress}`, () => {
    const cni = detect({ ...facts, settings: new Map(key === '' ? [] : [[key, value]]) });
    assert.equal(cni.enforcesIngress, ingress);
    assert.match(cni.evidence.join('\n'), said);
  });
}

test('Cilium’s SCTP is what its ConfigMap says', () => {
  const of = (value: string) =>
    detect({ daemonSets: [cilium], settings: new Map([['cilium-config/enable-sctp', value]]) }).enforcesSctp;
  assert.deepEqual([of('true'), of('false')], ['yes', 'no']);
});
