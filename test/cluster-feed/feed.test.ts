import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { type Feed, startFeed } from '../../src/cluster/feed.ts';
import { readLive } from '../../src/cluster/snapshot-live.ts';
import { readDocuments } from '../../src/model/parse/documents.ts';
import { load } from '../../src/model/parse/load.ts';
import { parseManifest } from '../../src/model/parse/manifest.ts';
import { Store } from '../../src/model/store.ts';
import { type Cluster, startCluster } from '../cluster/cluster.ts';
import { contents, sameAsListed as modelSameAsListed } from './contents.ts';
import { until } from './harness.ts';

let cluster: Cluster;
let feed: Feed;

before(async () => {
  cluster = await startCluster({ full: true });
  feed = startFeed({
    kubeconfigPath: cluster.kubeconfigPath,
    timings: { discoveryMs: 1_000, pauseMs: [100, 1_000], staleAfterMs: 1_500, refusedMs: 1_000 },
  });
  await feed.whenReady();
});

after(async () => {
  await feed?.stop();
  await cluster?.stop();
});

/** The followed model becomes equal to a fresh list of everything. */
const sameAsListed = (): Promise<void> => modelSameAsListed(feed.snapshot, cluster.kubeconfigPath);

const source = (kind: string) => feed.sources().find((each) => each.kind === kind);

const MANIFESTS = `
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {team: shop}}
---
apiVersion: v1
kind: Service
metadata: {name: redis, namespace: shop}
spec: {selector: {app: redis}, ports: [{port: 6379}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  replicas: 3
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
        - name: web
          image: example/web
          ports: [{name: http, containerPort: 8080}]
          env: [{name: REDIS_HOST, value: redis.shop}, {name: PASSWORD, value: hunter2}]
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop, annotations: {secret-note: hunter2}}
spec: {selector: {app: web}, ports: [{port: 80, targetPort: http}]}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: web, namespace: shop}
spec: {podSelector: {matchLabels: {app: web}}, ingress: [{from: [{namespaceSelector: {}}]}]}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: web, namespace: shop}
spec: {defaultBackend: {service: {name: web, port: {number: 80}}}}
---
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: kube-flannel-ds, namespace: kube-system}
spec:
  selector: {matchLabels: {app: flannel}}
  template:
    metadata: {labels: {app: flannel}}
    spec: {containers: [{name: kube-flannel, image: "ghcr.io/flannel-io/flannel:v0.27.2"}]}
---
apiVersion: v1
kind: Service
metadata: {name: outside, namespace: shop}
spec: {type: ExternalName, externalName: example.com}
---
apiVersion: v1
kind: Service
metadata: {name: manual, namespace: shop}
spec: {ports: [{name: db, port: 5432}]}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: manual-1, namespace: shop, labels: {kubernetes.io/service-name: manual}}
addressType: IPv4
ports: [{name: db, port: 5432, protocol: TCP}]
endpoints: [{addresses: [192.0.2.7]}]
---
apiVersion: v1
kind: Pod
metadata: {name: bare, namespace: shop, labels: {sidecar: "yes"}}
spec:
  hostNetwork: true
  initContainers: [{name: mesh, image: m, restartPolicy: Always, ports: [{name: mesh, containerPort: 15001, hostPort: 15001}]}]
  containers: [{name: a, image: a}]
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingWebhookConfiguration
metadata: {name: hooks}
webhooks:
  - name: a.example.com
    failurePolicy: Ignore
    clientConfig: {service: {namespace: shop, name: web}}
    sideEffects: None
    admissionReviewVersions: [v1]
    rules: [{apiGroups: [example.com], apiVersions: [v1], resources: [things], operations: [CREATE]}]
`;

const CRD = (group: string, kind: string, plural: string): string => `
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: ${plural}.${group}, annotations: {api-approved.kubernetes.io: unapproved}}
spec:
  group: ${group}
  scope: Cluster
  names: {kind: ${kind}, plural: ${plural}, singular: ${kind.toLowerCase()}}
  versions:
    - name: v1
      served: true
      storage: true
      schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}
`;

test('follows creations, changes and deletions, and equals a fresh list object by object', async () => {
  assert.equal(feed.ready(), true);
  assert.equal(feed.snapshot.health.state, 'live');
  await cluster.apply(MANIFESTS);
  await until(
    'four pods with addresses',
    () => {
      const pods = [...(feed.snapshot.spaces.get('shop')?.pods.values() ?? [])];
      return pods.length === 4 && pods.every(({ addresses, ready }) => addresses.length > 0 && ready);
    },
    60_000,
  );
  await sameAsListed();
  assert.equal(feed.snapshot.cni.name, 'Flannel');
  assert.equal(feed.snapshot.cni.enforcesIngress, 'no');
  const shop = feed.snapshot.spaces.get('shop');
  assert.equal(shop?.pods.get('bare')?.workload.kind, 'Pod');
  assert.equal(shop?.routes.size, 1);
  assert.ok(feed.snapshot.callbacks.has('ValidatingWebhookConfiguration/hooks/a.example.com'));

  await cluster.kubectl(['-n', 'shop', 'scale', 'deployment/web', '--replicas=5']);
  await cluster.kubectl(['-n', 'shop', 'label', 'service/web', 'tier=front']);
  await cluster.request('PATCH', '/apis/networking.k8s.io/v1/namespaces/shop/networkpolicies/web', {
    spec: { policyTypes: ['Ingress', 'Egress'] },
  });
  await cluster.kubectl(['label', 'namespace/shop', 'team=other', '--overwrite']);
  await cluster.kubectl(['delete', 'validatingwebhookconfiguration/hooks']);
  await until('six pods', () => feed.snapshot.spaces.get('shop')?.pods.size === 6, 60_000);
  await sameAsListed();
  assert.deepEqual(feed.snapshot.spaces.get('shop')?.policies.get('web')?.egress, []);
  assert.equal(feed.snapshot.callbacks.has('ValidatingWebhookConfiguration/hooks/a.example.com'), false);

  await cluster.kubectl(['-n', 'shop', 'delete', 'networkpolicy/web', 'ingress/web', '--wait=false']);
  await cluster.kubectl(['-n', 'shop', 'scale', 'deployment/web', '--replicas=1']);
  await until('two pods', () => feed.snapshot.spaces.get('shop')?.pods.size === 2, 60_000);
  await sameAsListed();
});

test('while somebody reads it over several turns it stays as it is, and then catches up', async () => {
  const labels = () => String(feed.snapshot.spaces.get('shop')?.services.get('web')?.labels);
  const before = labels();
  const { health } = feed.snapshot;
  const release = feed.hold();
  await cluster.kubectl(['-n', 'shop', 'label', 'service/web', 'held=yes']);
  // Longer than the health is left alone.
  await setTimeout(1500);
  assert.equal(labels(), before);
  assert.equal(feed.snapshot.health, health);
  release();
  await until('the label', () => labels().includes('held'));
  await sameAsListed();
});

test('a saved snapshot loads to the same model, and holds nothing confidential', async () => {
  const { objects, problems } = await readLive({ kubeconfigPath: cluster.kubeconfigPath });
  assert.deepEqual(problems, []);
  const text = JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects });
  assert.doesNotMatch(text, /hunter2|PASSWORD|secret-note|last-applied/);
  const store = new Store();
  const { documents } = readDocuments(text, 'snapshot.json');
  const parsed = documents.map((document) => parseManifest(document, { namespace: 'default', stored: true }));
  assert.deepEqual(
    parsed.flatMap(({ problems: found }) => found),
    [],
  );
  load(
    store,
    parsed.flatMap(({ object }) => object ?? []),
  );
  const saved = contents(store);
  const followed = contents(feed.snapshot);
  for (const part of ['nodes', 'pods', 'spaces'] as const)
    assert.deepEqual(saved[part], followed[part], part);
  const pods = [...(store.spaces.get('shop')?.pods.values() ?? [])];
  const pod = pods.find(({ workload }) => workload.kind === 'Deployment');
  assert.equal(
    pod?.references[0]?.service,
    'redis',
    'references survive without the values they were read from',
  );
});

test('with ConfigMaps asked for, what they show of a pod comes and goes with them; else nobody reads them', async () => {
  await cluster.apply(`
apiVersion: v1
kind: Namespace
metadata: {name: configs}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: settings, namespace: configs}
data: {DB_URL: 'postgres://db.configs:5432/orders'}
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: configs}
spec: {containers: [{name: web, image: example/web, envFrom: [{configMapRef: {name: settings}}]}]}
`);
  const shown = (followed: Feed): string | undefined =>
    followed.snapshot.spaces
      .get('configs')
      ?.pods.get('web')
      ?.references.map(({ service, port, source }) => `${service}:${port} ${source}`)
      .join();
  const asking = startFeed({ kubeconfigPath: cluster.kubeconfigPath, configMaps: true });
  try {
    await asking.whenReady();
    await until('shown', () => shown(asking) === 'db:5432 ConfigMap settings key DB_URL', 30_000);
    await until('the pod is there without it', () => shown(feed) === '', 30_000);
    await cluster.kubectl(['delete', 'configmap/settings', '--namespace=configs']);
    await until('gone', () => shown(asking) === '', 30_000);
  } finally {
    await asking.stop();
  }
});

test('kinds of a later CustomResourceDefinition are followed, and forgotten with it', async () => {
  await cluster.apply(CRD('crd.projectcalico.org', 'GlobalNetworkPolicy', 'globalnetworkpolicies'));
  await cluster.waitFor('the kind is served', async () => {
    const where = '/apis/crd.projectcalico.org/v1/globalnetworkpolicies';
    return (await cluster.request('GET', where)).status === 200;
  });
  await cluster.apply(
    '{apiVersion: crd.projectcalico.org/v1, kind: GlobalNetworkPolicy, metadata: {name: deny}}',
  );
  await until('noticed', () => feed.snapshot.foreign.size === 1, 30_000);
  assert.equal([...feed.snapshot.foreign.values()][0]?.apiVersion, 'crd.projectcalico.org/v1');
  assert.equal(source('GlobalNetworkPolicy.crd.projectcalico.org')?.state, 'live');
  await sameAsListed();
  await cluster.kubectl(['delete', 'crd/globalnetworkpolicies.crd.projectcalico.org']);
  await until('forgotten', () => feed.snapshot.foreign.size === 0, 30_000);
  await until(
    'no longer a source',
    () => source('GlobalNetworkPolicy.crd.projectcalico.org') === undefined,
    30_000,
  );
});

test('without the right to list an optional kind it starts all the same, and says what is missing', async () => {
  await cluster.apply(`
apiVersion: v1
kind: ServiceAccount
metadata: {name: reader, namespace: default}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: reader}
rules:
  - apiGroups: ["", apps, discovery.k8s.io]
    resources: [pods, namespaces, services, nodes, daemonsets, endpointslices]
    verbs: [list, watch]
  - {apiGroups: [networking.k8s.io], resources: [networkpolicies], verbs: [list, watch]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: reader}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: reader}
subjects: [{kind: ServiceAccount, name: reader, namespace: default}]
`);
  const { stdout } = await cluster.kubectl(['create', 'token', 'reader']);
  const kubeconfigPath = cluster.kubeconfig('reader', stdout.trim());
  const other = startFeed({ kubeconfigPath });
  try {
    await Promise.race([other.whenReady(), setTimeout(20_000, undefined, { ref: false })]);
    assert.equal(other.ready(), true);
    const ingress = other.sources().find(({ kind }) => kind === 'Ingress.networking.k8s.io');
    assert.equal(ingress?.state, 'forbidden');
    assert.equal(other.snapshot.health.state, 'live');
    assert.match(
      other.snapshot.health.problems.join('\n'),
      /Ingress\.networking\.k8s\.io: not allowed to list/,
    );
    assert.ok(other.snapshot.health.missing?.includes('Ingress.networking.k8s.io'));
  } finally {
    await other.stop();
  }
});

test('the API server is killed under changes: stale, then live and equal again', async () => {
  let going = true;
  const changes = (async () => {
    for (let index = 0; going; index++) {
      const name = `churn-${index % 7}`;
      const body = {
        apiVersion: 'networking.k8s.io/v1',
        kind: 'NetworkPolicy',
        metadata: { name, namespace: 'shop' },
        spec: { podSelector: { matchLabels: { n: `${index}` } } },
      };
      const where = '/apis/networking.k8s.io/v1/namespaces/shop/networkpolicies';
      // While the server is down every one of these fails, which is the point.
      await cluster.request('POST', where, body).catch(() => undefined);
      if (index % 3 === 0) await cluster.request('DELETE', `${where}/${name}`).catch(() => undefined);
      else await cluster.request('PATCH', `${where}/${name}`, { spec: body.spec }).catch(() => undefined);
      await setTimeout(5);
    }
  })();
  await setTimeout(1_000);
  await cluster.killApiServer();
  await until('stale', () => feed.snapshot.health.state === 'stale', 15_000);
  assert.match(feed.snapshot.health.problems.join('\n'), /Pods: no contact for \d+ s/);
  assert.equal(feed.ready(), true, 'readiness does not flip with the API server');
  assert.ok(feed.snapshot.podCount > 0, 'what is known stays');
  await cluster.restartApiServer();
  await until('live', () => feed.snapshot.health.state === 'live', 30_000);
  await setTimeout(1_000);
  going = false;
  await changes;
  await sameAsListed();
  assert.ok((source('NetworkPolicies')?.restarts ?? 0) > 0);
});
