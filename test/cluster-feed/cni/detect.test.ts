import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { parseAllDocuments } from 'yaml';
import { cniNamed } from '../../../src/cli/cni.ts';
import { CATALOGUE } from '../../../src/cluster/cni/catalogue.ts';
import { detectCni, withStated } from '../../../src/cluster/cni/detect.ts';
import type { CniFacts, NodeFacts } from '../../../src/cluster/cni/facts.ts';
import { imagePath, imageTag } from '../../../src/cluster/cni/plugin.ts';
import { nodeSettings } from '../../../src/cluster/node-facts.ts';
import { slim } from '../../../src/cluster/slim.ts';
import type { Cni, DaemonSetFacts } from '../../../src/model/objects.ts';
import { parseDaemonSet } from '../../../src/model/parse/daemonset.ts';
import { parseNode } from '../../../src/model/parse/node.ts';

const folder = new URL('./fixtures/', import.meta.url);

interface Document {
  readonly apiVersion: string;
  readonly kind: string;
}

function documents(name: string): Document[] {
  const text = readFileSync(new URL(`${name}.yaml`, folder), 'utf8');
  return parseAllDocuments(text).map((each) => each.toJS() as Document);
}

function factsOf(objects: readonly object[], apiGroups: readonly string[] = []): CniFacts {
  const daemonSets: DaemonSetFacts[] = [];
  const nodes: NodeFacts[] = [];
  for (const each of objects) {
    if ((each as Document).kind === 'DaemonSet') daemonSets.push(parseDaemonSet(each));
    else
      nodes.push({
        name: parseNode(each).name,
        labels: parseNode(each).labels,
        settings: nodeSettings(each),
      });
  }
  return { daemonSets, nodes, apiGroups };
}

const detect = (name: string): Cni => detectCni(factsOf(documents(name)));

/** fixture: name, ingress, egress, whether an ipBlock matches pods, what the first evidence says. */
const EXPECTED: Readonly<Record<string, readonly [string, string, string, string, RegExp]>> = {
  calico: [
    'Calico',
    'yes',
    'yes',
    'yes',
    /^DaemonSet calico-system\/calico-node runs Calico, which enforces/,
  ],
  canal: ['Canal', 'yes', 'yes', 'yes', /kube-system\/canal runs Canal/],
  'rke2-canal': ['Canal', 'yes', 'yes', 'yes', /kube-system\/rke2-canal runs Canal/],
  flannel: [
    'Flannel',
    'no',
    'no',
    'unknown',
    /^DaemonSet kube-flannel\/kube-flannel-ds runs Flannel, a network without policy, and no policy engine beside it was found\.$/,
  ],
  'flannel-netpol': ['kube-network-policies + Flannel', 'yes', 'yes', 'yes', /runs kube-network-policies/],
  cilium: ['Cilium', 'yes', 'yes', 'no', /runs Cilium, which enforces/],
  'cilium-never': ['Cilium', 'no', 'no', 'unknown', /enable-policy set to never/],
  'gke-dataplane-v2': ['GKE Dataplane V2', 'yes', 'yes', 'no', /kube-system\/anetd/],
  antrea: ['Antrea', 'yes', 'yes', 'yes', /antrea-agent/],
  'ovn-kubernetes': ['OVN-Kubernetes', 'yes', 'yes', 'yes', /ovnkube-node/],
  'kube-router': ['kube-router', 'yes', 'yes', 'yes', /whose firewall enforces/],
  'kube-router-no-firewall': ['kube-router', 'no', 'no', 'unknown', /--run-firewall=false/],
  kindnet: ['kindnet', 'yes', 'yes', 'yes', /runs kindnet, which enforces/],
  'kindnet-2023': ['kindnet', 'no', 'no', 'unknown', /v20230511-dc714da8, a network without policy/],
  k3s: ['k3s (embedded kube-router)', 'yes', 'yes', 'yes', /embedded kube-router enforces/],
  'k3s-disabled': ['k3s (embedded kube-router)', 'no', 'no', 'unknown', /--disable-network-policy/],
  'k3s-agents-only': ['k3s (embedded kube-router)', 'unknown', 'unknown', 'unknown', /cannot be told/],
  aws: ['Amazon VPC CNI', 'yes', 'yes', 'unknown', /node agent enforces/],
  'aws-off': ['Amazon VPC CNI', 'no', 'no', 'unknown', /lacks --enable-network-policy=true/],
  'azure-npm': ['Azure NPM + Azure CNI', 'yes', 'yes', 'unknown', /azure-npm/],
  'azure-cni': ['Azure CNI', 'no', 'no', 'unknown', /without policy of its own/],
  weave: ['Weave Net', 'yes', 'yes', 'unknown', /weave-npc enforces/],
  romana: ['Romana', 'yes', 'unknown', 'unknown', /romana-agent/],
  contrail: ['OpenContrail / Tungsten Fabric', 'yes', 'yes', 'unknown', /vRouter agent/],
  'reference-bridge': ['CNI reference plug-ins', 'no', 'no', 'unknown', /bridge and host-local/],
  'multus-macvlan': ['unknown', 'unknown', 'unknown', 'unknown', /None of the 2 DaemonSets/],
  'kube-network-policies': ['kube-network-policies', 'yes', 'yes', 'yes', /runs kube-network-policies/],
  'none-known': ['unknown', 'unknown', 'unknown', 'unknown', /None of the 1 DaemonSets/],
  'flannel-and-tenants-calico': [
    'Calico or Flannel',
    'unknown',
    'unknown',
    'unknown',
    /Whether Calico enforces/,
  ],
  'calico-and-tenants-flannel': ['Calico', 'yes', 'yes', 'yes', /runs Calico/],
};

for (const [fixture, [name, ingress, egress, blocks, evidence]] of Object.entries(EXPECTED)) {
  test(`${fixture}: ${name}, ingress ${ingress}, egress ${egress}`, () => {
    const cni = detect(fixture);
    assert.deepEqual(
      [cni.name, cni.enforcesIngress, cni.enforcesEgress, cni.blocksMatchPods],
      [name, ingress, egress, blocks],
    );
    assert.match(cni.evidence[0] ?? '', evidence);
  });

  test(`${fixture}: a saved snapshot of it gives the same answer`, () => {
    const saved = documents(fixture).map((each) => slim({ ...each }, each.apiVersion, each.kind) ?? {});
    assert.deepEqual(detectCni(factsOf(saved)), detect(fixture));
  });
}

test('every fixture has an expectation, and every plug-in a fixture', () => {
  const fixtures = readdirSync(folder).map((file) => file.replace('.yaml', ''));
  assert.deepEqual(fixtures.sort(), Object.keys(EXPECTED).sort());
  const recognised = new Set(
    fixtures.flatMap((name) =>
      CATALOGUE.filter((plugin) => plugin.recognise(factsOf(documents(name))) !== undefined),
    ),
  );
  assert.deepEqual(
    CATALOGUE.filter((plugin) => !recognised.has(plugin)).map(({ name }) => name),
    [],
  );
});

test('unmaintained projects come with advice, enforcing ones not with how to turn enforcement on', () => {
  for (const name of ['weave', 'romana', 'contrail']) {
    assert.match((detect(name).advice ?? []).join(), /plan a move/, name);
  }
  assert.match((detect('flannel').advice ?? []).join(), /needs a policy engine/);
  assert.doesNotMatch((detect('flannel-netpol').advice ?? []).join(), /needs a policy engine/);
});

test('Multus beside an enforcing network: enforced, with the warning about additional interfaces', () => {
  const cni = detectCni(factsOf([...documents('calico'), ...documents('multus-macvlan')]));
  assert.equal(cni.enforcesIngress, 'yes');
  assert.match((cni.advice ?? []).join(), /bypasses NetworkPolicy/);
  assert.match(cni.evidence.join(), /kube-multus-ds runs Multus/);
});

test('no DaemonSets known at all: unknown', () => {
  const cni = detectCni({ daemonSets: [], nodes: [], apiGroups: [] });
  assert.deepEqual([cni.enforcesIngress, cni.enforcesEgress], ['unknown', 'unknown']);
  assert.match(cni.evidence[0] ?? '', /No DaemonSets are known/);
});

test('API groups that a removed Calico left behind do not turn Flannel into no, nor into yes', () => {
  const cni = detectCni(factsOf(documents('flannel'), ['apps', 'crd.projectcalico.org']));
  assert.equal(cni.enforcesIngress, 'unknown');
  assert.match(cni.evidence.join(), /crd\.projectcalico\.org is served, but no DaemonSet of Calico/);
});

test('two engines: both named; what they disagree on is unknown', () => {
  const cni = detectCni(factsOf([...documents('cilium'), ...documents('kube-network-policies')]));
  assert.equal(cni.name, 'Cilium + kube-network-policies');
  assert.equal(cni.enforcesIngress, 'yes');
  assert.equal(cni.blocksMatchPods, 'unknown');
  assert.match(cni.evidence.join(), /Several policy engines run: Cilium, kube-network-policies/);
});

test('what the operator states wins, and is the evidence', () => {
  const stated = withStated(detect('flannel'), {
    name: 'ours',
    enforcesIngress: 'yes',
    enforcesEgress: 'yes',
  });
  assert.deepEqual([stated.name, stated.enforcesIngress, stated.enforcesEgress], ['ours', 'yes', 'yes']);
  assert.doesNotMatch(stated.evidence.join(), /without policy/);
  assert.match(stated.evidence.join(), /The configuration states whether ingress policies are enforced: yes/);
  const part = withStated(detect('cilium'), { blocksMatchPods: 'yes' });
  assert.deepEqual([part.name, part.enforcesIngress, part.blocksMatchPods], ['Cilium', 'yes', 'yes']);
  assert.deepEqual(withStated(detect('cilium'), {}), detect('cilium'));
});

test('images are recognised by path, whatever registry, port, tag or digest', () => {
  assert.equal(imagePath('quay.io/calico/node:v3.30.2'), 'calico/node');
  assert.equal(imagePath('localhost:5000/calico/node'), 'calico/node');
  assert.equal(imagePath('registry.local:5000/a/b:v1@sha256:00'), 'a/b');
  assert.equal(imagePath('calico/node@sha256:00'), 'calico/node');
  assert.equal(imagePath('busybox'), 'busybox');
});

test('a snapshot of a DaemonSet holds no settings and arguments that nobody reads', () => {
  const secret = {
    kind: 'DaemonSet',
    metadata: { name: 'agent', namespace: 'kube-system' },
    spec: {
      template: {
        spec: {
          containers: [
            {
              image: 'x/agent',
              args: ['--token=hunter2', '--run-firewall', 'false', '--password', 'hunter2'],
              env: [
                { name: 'API_KEY', value: 'hunter2' },
                { name: 'CNI_NETWORK_CONFIG', value: '{"type": "bridge", "k": "hunter2"}' },
              ],
            },
          ],
        },
      },
    },
  };
  const saved = JSON.stringify(slim(secret, 'apps/v1', 'DaemonSet'));
  assert.doesNotMatch(saved, /hunter2|API_KEY/);
  assert.match(saved, /--run-firewall","false/);
});

test('the parts of an image', () => {
  for (const [image, path, tag] of [
    ['quay.io/calico/node:v3.30@sha256:00', 'calico/node', 'v3.30'],
    ['localhost:5000/cni', 'cni', ''],
    ['localhost/cni:v1', 'cni', 'v1'],
    ['flannel/flannel@sha256:00', 'flannel/flannel', ''],
    ['cni', 'cni', ''],
    ['', '', ''],
  ] as const) {
    assert.deepEqual([imagePath(image), imageTag(image)], [path, tag], image);
  }
});

test("a tenant's image of a megabyte holds nothing up", () => {
  const start = performance.now();
  for (const part of ['@', ':x@', ':', '/', 'antrea-']) {
    const image = `${part.repeat(1_000_000 / part.length)}\nx`;
    const daemonSet = {
      namespace: 'shop',
      name: 'x',
      images: [image],
      arguments: [],
      nodes: [],
      settings: [],
    };
    detectCni({ daemonSets: [daemonSet], nodes: [], apiGroups: [] });
  }
  assert(performance.now() - start < 5000);
});

test('a plug-in that is stated by name treats the addresses of pods as the one that is recognised does', () => {
  const names = [
    'antrea azure-npm calico canal cilium contrail gke-dataplane-v2 kindnet',
    'kube-network-policies kube-router ovn-kubernetes romana weave',
  ];
  for (const name of names.join(' ').split(' ')) {
    const { blocksMatchPods, enforcesIngress } = cniNamed(name);
    assert.equal(enforcesIngress, 'yes');
    assert.equal(blocksMatchPods ?? 'unknown', detect(name).blocksMatchPods, name);
  }
});
