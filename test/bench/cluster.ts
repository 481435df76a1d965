/**
 * A made-up cluster as plain Kubernetes objects: Deployments of five pods, each with a Service; one namespace of
 * 5,000 pods and one with 200 policies; a label on every pod that no other pod has.
 */
import { pick, randomFrom } from './random.ts';

export interface RawObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly [field: string]: unknown;
  };
  readonly [field: string]: unknown;
}

export interface App {
  readonly namespace: string;
  readonly name: string;
}

export interface BenchCluster {
  readonly namespaces: readonly RawObject[];
  readonly pods: Iterable<RawObject>;
  readonly services: readonly RawObject[];
  readonly policies: readonly RawObject[];
  readonly apps: readonly App[];
  /** Names of namespaces; the first is the largest, the second has 200 policies. */
  readonly spaces: readonly string[];
}

const PODS_PER_APP = 5;
const LARGEST = 5_000;
const APPS_PER_SPACE = 20;
const CROWDED = 200;

/** The same cluster for the same numbers. */
export function benchCluster(
  pods: number,
  policies: number,
  seed = 1,
  podsPerApp = PODS_PER_APP,
): BenchCluster {
  const random = randomFrom(seed);
  const apps: App[] = [];
  const largest = Math.min(LARGEST, pods / 2) / podsPerApp;
  for (let i = 0; i < pods / podsPerApp; i++) {
    const space = i < largest ? 0 : 1 + Math.floor((i - largest) / APPS_PER_SPACE);
    apps.push({ namespace: `team-${space}`, name: `app-${i}` });
  }
  const spaces = [...new Set(apps.map((app) => app.namespace))];
  const ofSpace = new Map<string, App[]>();
  for (const app of apps) {
    const here = ofSpace.get(app.namespace);
    if (here === undefined) ofSpace.set(app.namespace, [app]);
    else here.push(app);
  }
  return {
    namespaces: [...spaces, 'kube-system'].map((name, i) => ({
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: {
        name,
        labels: { 'kubernetes.io/metadata.name': name, stage: i % 3 === 0 ? 'prod' : 'test' },
      },
    })),
    pods: { [Symbol.iterator]: () => podsOf(apps, podsPerApp) },
    services: [...apps.map(serviceOf), dnsService()],
    policies: policiesOf(random, policies, spaces, ofSpace),
    apps,
    spaces,
  };
}

function* podsOf(apps: readonly App[], podsPerApp: number): Generator<RawObject> {
  let number = 0;
  for (const app of apps) for (let i = 0; i < podsPerApp; i++) yield podOf(app, number++);
  for (let i = 0; i < 2; i++) yield dnsPod(number++);
}

/** One pod as the API server sends it, with the fields a real one has that Portent drops. */
export function podOf({ namespace, name }: App, number: number): RawObject {
  const hash = (number >>> 0).toString(36).padStart(5, '0');
  const node = `node-${number % 500}`;
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: `${name}-5d4c8f7b9-${hash}`,
      generateName: `${name}-5d4c8f7b9-`,
      namespace,
      uid: `00000000-0000-4000-8000-${number.toString(16).padStart(12, '0')}`,
      resourceVersion: String(1_000_000 + number),
      creationTimestamp: '2026-01-01T00:00:00Z',
      labels: {
        app: name,
        'app.kubernetes.io/part-of': partOf(name),
        'pod-template-hash': '5d4c8f7b9',
        tier: number % 10 < 5 ? 'front' : 'back',
        'run-id': `run-${number}`,
      },
      ownerReferences: [
        { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: `${name}-5d4c8f7b9`, uid: 'x', controller: true },
      ],
      managedFields: [
        { manager: 'kube-controller-manager', operation: 'Update', fieldsV1: { 'f:spec': {} } },
      ],
    },
    spec: {
      nodeName: node,
      serviceAccountName: 'default',
      containers: [
        {
          name: 'main',
          image: `registry.example/${name}:1.2.3`,
          ports: [
            { name: 'http', containerPort: 8080, protocol: 'TCP' },
            { name: 'metrics', containerPort: 9090, protocol: 'TCP' },
          ],
          env: [
            { name: 'LOG_LEVEL', value: 'info' },
            { name: 'POD_IP', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } },
          ],
          resources: { requests: { cpu: '100m', memory: '128Mi' } },
          volumeMounts: [{ name: 'token', mountPath: '/var/run/secrets', readOnly: true }],
        },
      ],
      volumes: [{ name: 'token', projected: { sources: [{ serviceAccountToken: { path: 'token' } }] } }],
    },
    status: {
      phase: 'Running',
      hostIP: '192.168.0.1',
      podIP: podIp(number),
      podIPs: [{ ip: podIp(number) }],
      conditions: [
        { type: 'Ready', status: 'True' },
        { type: 'PodScheduled', status: 'True' },
      ],
      containerStatuses: [{ name: 'main', ready: true, restartCount: 0, image: 'x', imageID: 'y' }],
    },
  };
}

/** Applications of five workloads. */
function partOf(name: string): string {
  return `suite-${Math.floor(Number(name.slice(4)) / 5)}`;
}

function podIp(number: number): string {
  return `10.${128 + ((number >> 16) & 63)}.${(number >> 8) & 255}.${number & 255}`;
}

export function serviceOf({ namespace, name }: App): RawObject {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace, uid: 'x', resourceVersion: '1' },
    spec: {
      type: 'ClusterIP',
      clusterIP: '10.96.0.10',
      clusterIPs: ['10.96.0.10'],
      selector: { app: name },
      ports: [{ name: 'http', port: 80, protocol: 'TCP', targetPort: 'http' }],
    },
  };
}

function dnsPod(number: number): RawObject {
  const pod = podOf({ namespace: 'kube-system', name: 'coredns' }, number);
  const metadata = { ...pod.metadata, labels: { 'k8s-app': 'kube-dns', 'pod-template-hash': '5d4c8f7b9' } };
  const ports = [
    { name: 'dns', containerPort: 53, protocol: 'UDP' },
    { name: 'dns-tcp', containerPort: 53, protocol: 'TCP' },
  ];
  return {
    ...pod,
    metadata,
    spec: { nodeName: 'node-1', containers: [{ name: 'coredns', image: 'coredns', ports }] },
  };
}

function dnsService(): RawObject {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'kube-dns', namespace: 'kube-system', labels: { 'k8s-app': 'kube-dns' } },
    spec: {
      type: 'ClusterIP',
      clusterIP: '10.96.0.2',
      clusterIPs: ['10.96.0.2'],
      selector: { 'k8s-app': 'kube-dns' },
      ports: [
        { name: 'dns', port: 53, protocol: 'UDP', targetPort: 53 },
        { name: 'dns-tcp', port: 53, protocol: 'TCP', targetPort: 53 },
      ],
    },
  };
}

function policiesOf(
  random: () => number,
  count: number,
  spaces: readonly string[],
  ofSpace: ReadonlyMap<string, readonly App[]>,
): RawObject[] {
  const policies: RawObject[] = [];
  const crowded = spaces[1] ?? 'team-0';
  for (let i = 0; i < count; i++) {
    const namespace = i < CROWDED && i < count / 2 ? crowded : pick(random, spaces);
    policies.push(randomPolicy(random, `policy-${i}`, namespace, ofSpace.get(namespace) ?? []));
  }
  return policies;
}

const DNS_RULE = {
  to: [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'kube-system' } } }],
  ports: [
    { protocol: 'UDP', port: 53 },
    { protocol: 'TCP', port: 53 },
  ],
};

/** A policy as the API server stores it, of the kinds people write. */
export function randomPolicy(
  random: () => number,
  name: string,
  namespace: string,
  apps: readonly App[],
): RawObject {
  const subject = pick(random, apps).name;
  const peer = pick(random, apps).name;
  const ports = [{ protocol: 'TCP', port: random() < 0.5 ? 8080 : 'http' }];
  const fromApp = { from: [{ podSelector: { matchLabels: { app: peer } } }], ports };
  const dice = random();
  const spec =
    dice < 0.5
      ? { podSelector: { matchLabels: { app: subject } }, policyTypes: ['Ingress'], ingress: [fromApp] }
      : dice < 0.65
        ? {
            podSelector: { matchLabels: { app: subject } },
            policyTypes: ['Ingress', 'Egress'],
            ingress: [fromApp],
            egress: [{ to: [{ podSelector: { matchLabels: { app: peer } } }] }, DNS_RULE],
          }
        : dice < 0.8
          ? {
              podSelector: { matchLabels: { app: subject } },
              policyTypes: ['Ingress'],
              ingress: [{ from: [{ namespaceSelector: { matchLabels: { stage: 'prod' } } }], ports }],
            }
          : dice < 0.9
            ? {
                podSelector: { matchExpressions: [{ key: 'app', operator: 'In', values: [subject, peer] }] },
                policyTypes: ['Egress'],
                egress: [
                  { to: [{ ipBlock: { cidr: '203.0.113.0/24', except: ['203.0.113.7/32'] } }] },
                  DNS_RULE,
                ],
              }
            : {
                podSelector: { matchLabels: { tier: 'back' } },
                policyTypes: ['Ingress'],
                ingress: [{ from: [{ podSelector: { matchLabels: { tier: 'front' } } }] }],
              };
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name, namespace, uid: 'x', resourceVersion: '1', creationTimestamp: '2026-01-01T00:00:00Z' },
    spec,
  };
}
