/** Objects of the samples, as small as kubectl takes them. */

type Labels = Readonly<Record<string, string>>;

export interface ContainerPort {
  readonly name?: string;
  readonly containerPort: number;
  readonly protocol?: 'TCP' | 'UDP' | 'SCTP';
}

const meta = (name: string, namespace: string, labels?: Labels) => ({
  name,
  namespace,
  ...(labels === undefined ? {} : { labels }),
});

export const namespaceOf = (name: string, labels?: Labels) => ({
  apiVersion: 'v1',
  kind: 'Namespace',
  metadata: { name, ...(labels === undefined ? {} : { labels }) },
});

export function deployment(
  namespace: string,
  name: string,
  replicas: number,
  labels: Labels,
  ports: readonly ContainerPort[] = [],
  env: Labels = {},
): object {
  const variables = Object.entries(env).map(([variable, value]) => ({ name: variable, value }));
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: meta(name, namespace),
    spec: {
      replicas,
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: { containers: [{ name, image: `example.com/${name}`, ports, env: variables }] },
      },
    },
  };
}

export function pod(
  namespace: string,
  name: string,
  labels: Labels,
  ports: readonly ContainerPort[] = [],
): object {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: meta(name, namespace, labels),
    spec: { containers: [{ name: 'main', image: 'example.com/main', ports }] },
  };
}

export const service = (namespace: string, name: string, spec: object) => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: meta(name, namespace),
  spec,
});

export const policy = (namespace: string, name: string, spec: object) => ({
  apiVersion: 'networking.k8s.io/v1',
  kind: 'NetworkPolicy',
  metadata: meta(name, namespace),
  spec,
});

export function daemonSet(namespace: string, name: string, container: string, image: string): object {
  const labels = { 'k8s-app': name };
  return {
    apiVersion: 'apps/v1',
    kind: 'DaemonSet',
    metadata: meta(name, namespace, labels),
    spec: {
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: { hostNetwork: true, containers: [{ name: container, image }] },
      },
    },
  };
}

/** Several documents for one `kubectl apply`. */
export const documents = (...objects: readonly object[]): string =>
  objects.map((each) => JSON.stringify(each)).join('\n---\n');
