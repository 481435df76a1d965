/** The objects of the bench's cluster as an API server sends them: with everything that Portent drops. */
import { type App, type BenchCluster, podOf, type RawObject } from './cluster.ts';

/** The text of one object with the parts that differ between its likes left open. */
type Template = (number: number, version: number, sent?: string) => string;

const NUMBER = 7_777_777;
const VERSION = '8888888888';
const SENT = 'sent-here';

/** What varies is put into a text made once: a hundred thousand pods must not take the server a minute. */
function template(make: (number: number) => RawObject): Template {
  const object = make(NUMBER) as { metadata: Record<string, unknown> };
  const labels = { ...(object.metadata.labels as object), sent: SENT };
  const text = JSON.stringify({
    ...object,
    metadata: { ...object.metadata, labels, resourceVersion: VERSION },
  });
  const hash = NUMBER.toString(36);
  const hex = NUMBER.toString(16).padStart(12, '0');
  const ip = addressOf(NUMBER);
  const parts = text.split(
    new RegExp(`(${hash}|${hex}|${ip.replaceAll('.', '\\.')}|run-${NUMBER}|node-\\d+|${VERSION}|${SENT})`),
  );
  return (number, version, sent = '0') => {
    let whole = '';
    for (const part of parts) {
      if (part === hash) whole += number.toString(36).padStart(5, '0');
      else if (part === hex) whole += number.toString(16).padStart(12, '0');
      else if (part === ip) whole += addressOf(number);
      else if (part === `run-${NUMBER}`) whole += `run-${number}`;
      else if (part === VERSION) whole += String(version);
      else if (part === SENT) whole += sent;
      else if (part.startsWith('node-') && part.length < 10) whole += `node-${number % 1_000}`;
      else whole += part;
    }
    return whole;
  };
}

function addressOf(number: number): string {
  return `10.${128 + ((number >> 16) & 63)}.${(number >> 8) & 255}.${number & 255}`;
}

/** The pods of an application: 5 to 15 KB each, as clusters with a mesh or without really have them. */
export function podTemplate(app: App, place: number): Template {
  return template((number) => wholePod(app, number, place));
}

function wholePod(app: App, number: number, place: number): RawObject {
  const pod = podOf(app, number) as unknown as {
    metadata: Record<string, unknown>;
    spec: { containers: Record<string, unknown>[] } & Record<string, unknown>;
    status: Record<string, unknown>;
  };
  const count = 1 + (place % 3);
  const [main = {}] = pod.spec.containers;
  const containers = Array.from({ length: count }, (_, i) => container(main, app, i));
  return {
    ...(pod as unknown as RawObject),
    metadata: {
      ...(pod.metadata as RawObject['metadata']),
      annotations: {
        'cni.projectcalico.org/containerID': 'f'.repeat(64),
        'cni.projectcalico.org/podIP': `${addressOf(number)}/32`,
        'kubectl.kubernetes.io/restartedAt': '2026-02-03T10:11:12Z',
        'prometheus.io/scrape': 'true',
        'prometheus.io/port': '9090',
        'checksum/config': 'c'.repeat(64),
      },
      managedFields: managedFields(count),
    },
    spec: {
      ...pod.spec,
      containers,
      restartPolicy: 'Always',
      terminationGracePeriodSeconds: 30,
      dnsPolicy: 'ClusterFirst',
      serviceAccount: app.name,
      securityContext: { runAsNonRoot: true, runAsUser: 1000, fsGroup: 1000 },
      schedulerName: 'default-scheduler',
      tolerations: ['not-ready', 'unreachable'].map((key) => ({
        key: `node.kubernetes.io/${key}`,
        operator: 'Exists',
        effect: 'NoExecute',
        tolerationSeconds: 300,
      })),
      preemptionPolicy: 'PreemptLowerPriority',
      volumes: ['config', 'data', 'token'].map((name) => ({
        name,
        projected: {
          defaultMode: 420,
          sources: [
            { serviceAccountToken: { expirationSeconds: 3607, path: 'token' } },
            { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
          ],
        },
      })),
    },
    status: {
      ...pod.status,
      startTime: '2026-01-01T00:00:00Z',
      qosClass: 'Burstable',
      conditions: [
        'PodReadyToStartContainers',
        'Initialized',
        'Ready',
        'ContainersReady',
        'PodScheduled',
      ].map((type) => ({
        type,
        status: 'True',
        lastProbeTime: null,
        lastTransitionTime: '2026-01-01T00:00:00Z',
        observedGeneration: 1,
      })),
      containerStatuses: containers.map(({ name }) => ({
        name,
        ready: true,
        started: true,
        restartCount: 0,
        image: `registry.example/${app.namespace}/${app.name}:1.2.3`,
        imageID: `registry.example/${app.namespace}/${app.name}@sha256:${'a'.repeat(64)}`,
        containerID: `containerd://${'b'.repeat(64)}`,
        state: { running: { startedAt: '2026-01-01T00:00:00Z' } },
        lastState: {},
      })),
    },
  };
}

function container(main: Record<string, unknown>, app: App, place: number): Record<string, unknown> {
  const probe = {
    httpGet: { path: '/healthz', port: 'http', scheme: 'HTTP' },
    initialDelaySeconds: 5,
    timeoutSeconds: 1,
    periodSeconds: 10,
    successThreshold: 1,
    failureThreshold: 3,
  };
  const env = Array.from({ length: 12 }, (_, i) => ({
    name: `SETTING_${place}_${i}`,
    valueFrom: { configMapKeyRef: { name: `${app.name}-settings`, key: `setting-${i}`, optional: true } },
  }));
  return {
    ...main,
    ...(place === 0 ? {} : { name: `sidecar-${place}`, ports: [] }),
    env: [
      ...env,
      { name: 'LOG_LEVEL', value: 'info' },
      { name: 'DATABASE_URL', value: `postgres://user:secret@${app.name}.${app.namespace}:5432/main` },
    ],
    args: ['--listen=:8080', `--name=${app.name}`, '--verbose'],
    livenessProbe: probe,
    readinessProbe: probe,
    imagePullPolicy: 'IfNotPresent',
    terminationMessagePath: '/dev/termination-log',
    terminationMessagePolicy: 'File',
    securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
  };
}

/** A third of what an API server sends of a pod says who set which field. */
function managedFields(containers: number): object[] {
  const fields = (names: readonly string[]): object =>
    Object.fromEntries(names.map((name) => [`f:${name}`, { '.': {}, 'f:key': {} }]));
  const spec = Array.from({ length: containers }, (_, i) => [
    `k:{"name":"container-${i}"}`,
    fields(['name', 'image', 'ports', 'env', 'resources', 'livenessProbe', 'readinessProbe', 'volumeMounts']),
  ]);
  return [
    {
      manager: 'kube-controller-manager',
      operation: 'Update',
      apiVersion: 'v1',
      time: '2026-01-01T00:00:00Z',
      fieldsType: 'FieldsV1',
      fieldsV1: {
        'f:metadata': fields(['labels', 'generateName', 'ownerReferences', 'annotations']),
        'f:spec': { 'f:containers': Object.fromEntries(spec) },
      },
    },
    {
      manager: 'kubelet',
      operation: 'Update',
      apiVersion: 'v1',
      time: '2026-01-01T00:00:00Z',
      fieldsType: 'FieldsV1',
      subresource: 'status',
      fieldsV1: {
        'f:status': fields([
          'conditions',
          'containerStatuses',
          'hostIP',
          'phase',
          'podIP',
          'podIPs',
          'startTime',
        ]),
      },
    },
  ];
}

/** The EndpointSlice that the control plane keeps for the Service of an application. */
export function sliceText(app: App, first: number, podsPerApp: number): string {
  return JSON.stringify({
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      name: `${app.name}-x7k2p`,
      namespace: app.namespace,
      resourceVersion: '1',
      labels: {
        'endpointslice.kubernetes.io/managed-by': 'endpointslice-controller.k8s.io',
        'kubernetes.io/service-name': app.name,
      },
    },
    addressType: 'IPv4',
    ports: [{ name: 'http', port: 8080, protocol: 'TCP' }],
    endpoints: Array.from({ length: podsPerApp }, (_, i) => ({
      addresses: [addressOf(first + i)],
      conditions: { ready: true, serving: true, terminating: false },
      nodeName: `node-${(first + i) % 1_000}`,
      targetRef: {
        kind: 'Pod',
        namespace: app.namespace,
        name: `${app.name}-5d4c8f7b9-${(first + i).toString(36).padStart(5, '0')}`,
        uid: 'u',
      },
    })),
  });
}

export function nodeText(number: number): string {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name: `node-${number}`,
      resourceVersion: '1',
      labels: {
        'kubernetes.io/hostname': `node-${number}`,
        'kubernetes.io/os': 'linux',
        'topology.kubernetes.io/zone': `zone-${number % 3}`,
      },
    },
    spec: { podCIDR: `10.${number >> 8}.${number & 255}.0/24` },
    status: {
      addresses: [
        { type: 'InternalIP', address: `192.168.${number >> 8}.${number & 255}` },
        { type: 'Hostname', address: `node-${number}` },
      ],
      nodeInfo: { kubeletVersion: 'v1.36.3' },
      images: Array.from({ length: 50 }, (_, i) => ({
        names: [`registry.example/image-${i}@sha256:${'d'.repeat(64)}`],
        sizeBytes: 100_000_000 + i,
      })),
    },
  });
}

export function daemonSetText(): string {
  return JSON.stringify({
    apiVersion: 'apps/v1',
    kind: 'DaemonSet',
    metadata: { name: 'calico-node', namespace: 'kube-system', resourceVersion: '1' },
    spec: {
      selector: { matchLabels: { 'k8s-app': 'calico-node' } },
      template: {
        metadata: { labels: { 'k8s-app': 'calico-node' } },
        spec: { containers: [{ name: 'calico-node', image: 'docker.io/calico/node:v3.30.1' }] },
      },
    },
  });
}

export function plainTexts(cluster: BenchCluster): Record<'namespaces' | 'services' | 'policies', string[]> {
  const texts = (objects: readonly RawObject[]): string[] =>
    objects.map((object) =>
      JSON.stringify({ ...object, metadata: { ...object.metadata, resourceVersion: '1' } }),
    );
  return {
    namespaces: texts(cluster.namespaces),
    services: texts(cluster.services),
    policies: texts(cluster.policies),
  };
}
