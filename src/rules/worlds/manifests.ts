/** Short ways to write the manifests of the rules' examples. */

/** A Deployment of one replica. `labels` and `ports` in YAML flow style: `app: web`, `{containerPort: 80}`. */
export function deployment(path: string, labels: string, ports = '', env = ''): string {
  const [namespace, name] = path.split('/');
  const more = env === '' ? '' : `, env: [${env}]`;
  return `---
apiVersion: apps/v1
kind: Deployment
metadata: {name: ${name}, namespace: ${namespace}}
spec:
  selector: {matchLabels: {${labels}}}
  template:
    metadata: {labels: {${labels}}}
    spec: {containers: [{name: main, image: example/main, ports: [${ports}]${more}}]}
`;
}

/** A Service with a selector. */
export function service(path: string, selector: string, ports: string, more = ''): string {
  const [namespace, name] = path.split('/');
  return `---
apiVersion: v1
kind: Service
metadata: {name: ${name}, namespace: ${namespace}}
spec:
  selector: {${selector}}
  ports: [${ports}]
${more}`;
}

/** A NetworkPolicy with the lines of its spec, indented by two. */
export function policy(path: string, spec: string): string {
  const [namespace, name] = path.split('/');
  return `---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: ${name}, namespace: ${namespace}}
spec:
${spec}`;
}

/**
 * A NetworkPolicy that lets a peer in to the pods with these labels. `peer` is a list entry in YAML; more entries,
 * or ports, can be added behind it.
 */
export function policyFrom(path: string, labels: string, peer: string): string {
  return policy(path, `  podSelector: {matchLabels: {${labels}}}\n  ingress:\n  - from:\n    - ${peer}\n`);
}

/** A running pod with an address. */
export function pod(path: string, labels: string, address: string): string {
  const [namespace, name] = path.split('/');
  return `---
apiVersion: v1
kind: Pod
metadata: {name: ${name}, namespace: ${namespace}, labels: {${labels}}}
spec: {nodeName: node-1, containers: [{name: main, image: example/main}]}
status: {phase: Running, podIP: ${address}, podIPs: [{ip: ${address}}]}
`;
}

/** A Namespace with labels. */
export function namespace(name: string, labels: string): string {
  return `---
apiVersion: v1
kind: Namespace
metadata: {name: ${name}, labels: {${labels}}}
`;
}

/** A node with an internal address. */
export function node(name: string, address: string, labels = ''): string {
  return `---
apiVersion: v1
kind: Node
metadata: {name: ${name}${labels === '' ? '' : `, labels: {${labels}}`}}
status: {addresses: [{type: InternalIP, address: ${address}}]}
`;
}

/** An EndpointSlice of the Service in the namespace of the slice. */
export function endpointSlice(path: string, service: string, ports: string, ...addresses: string[]): string {
  const [namespace, name] = path.split('/');
  return `---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: ${name}, namespace: ${namespace}, labels: {kubernetes.io/service-name: ${service}}}
addressType: IPv4
ports: [${ports}]
endpoints: [{addresses: [${addresses.join(', ')}]}]
`;
}

/** The Service of the API server, and where it leads. */
export function apiServer(...addresses: string[]): string {
  const slice = endpointSlice(
    'default/kubernetes',
    'kubernetes',
    '{name: https, port: 6443, protocol: TCP}',
    ...addresses,
  );
  return `---
apiVersion: v1
kind: Service
metadata: {name: kubernetes, namespace: default}
spec: {clusterIP: 10.96.0.1, clusterIPs: [10.96.0.1], ports: [{name: https, port: 443, targetPort: 6443}]}
${slice}`;
}
