/** Good manifests in a small cluster, applied in order: what is said about them is noise. */
import { deployment } from '../../src/rules/worlds/manifests.ts';

export interface NoiseWorld {
  readonly name: string;
  readonly cluster: string;
  /** Several YAML documents. */
  readonly manifests: string;
  /** What comes after them, and is there when they are applied again. */
  readonly later?: string;
}

/** A workload of another kind than Deployment, of three replicas. */
export function workload(kind: string, path: string, labels: string, ports = '', env = ''): string {
  return deployment(path, labels, ports, env)
    .replace('kind: Deployment', `kind: ${kind}`)
    .replace('spec:\n', kind === 'DaemonSet' ? 'spec:\n' : 'spec:\n  replicas: 3\n');
}

export const statefulSet = (path: string, labels: string, ports = '', env = ''): string =>
  workload('StatefulSet', path, labels, ports, env);

export function namespace(name: string, labels = ''): string {
  return `---
apiVersion: v1
kind: Namespace
metadata: {name: ${name}, labels: {kubernetes.io/metadata.name: ${name}${labels === '' ? '' : `, ${labels}`}}}
`;
}

/** What every cluster has: DNS, an ingress controller, a Prometheus. */
export const BASE = [
  namespace('kube-system'),
  namespace('ingress-nginx'),
  namespace('monitoring', 'purpose: monitoring'),
  deployment(
    'kube-system/coredns',
    'k8s-app: kube-dns',
    '{name: dns, containerPort: 53, protocol: UDP}, {name: dns-tcp, containerPort: 53}, {name: metrics, containerPort: 9153}',
  ),
  `---
apiVersion: v1
kind: Service
metadata: {name: kube-dns, namespace: kube-system}
spec:
  selector: {k8s-app: kube-dns}
  ports:
  - {name: dns, port: 53, protocol: UDP}
  - {name: dns-tcp, port: 53}
  - {name: metrics, port: 9153}
`,
  deployment(
    'ingress-nginx/ingress-nginx-controller',
    'app.kubernetes.io/name: ingress-nginx, app.kubernetes.io/component: controller',
    '{name: http, containerPort: 80}, {name: https, containerPort: 443}, {name: webhook, containerPort: 8443}',
  ),
  deployment(
    'monitoring/prometheus',
    'app.kubernetes.io/name: prometheus',
    '{name: web, containerPort: 9090}',
  ),
].join('');

/** Rules and peers that many of the worlds share, to put behind `egress:` and `from:`. */
export const DNS_EGRESS = `  - to:
    - namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: kube-system}}
      podSelector: {matchLabels: {k8s-app: kube-dns}}
    ports:
    - {port: 53, protocol: UDP}
    - {port: 53, protocol: TCP}
`;
export const FROM_INGRESS = 'namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: ingress-nginx}}';
export const FROM_PROMETHEUS =
  '{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: monitoring}}, podSelector: {matchLabels: {app.kubernetes.io/name: prometheus}}}';

export function ingress(path: string, service: string, port: number | string): string {
  const [space, name] = path.split('/');
  return `---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: ${name}, namespace: ${space}}
spec:
  ingressClassName: nginx
  defaultBackend: {service: {name: ${service}, port: {${typeof port === 'number' ? 'number' : 'name'}: ${port}}}}
`;
}
