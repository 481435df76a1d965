import type { Route } from '../objects.ts';
import { metadata, parseMeta } from './meta.ts';
import { type Fields, fields, isAbsent, items, portNumber, text } from './wire.ts';

type Backend = Route['backends'][number];

/** Kinds of the Gateway API that send traffic to Services. */
export const GATEWAY_ROUTES: ReadonlySet<string> = new Set([
  'HTTPRoute',
  'GRPCRoute',
  'TCPRoute',
  'TLSRoute',
  'UDPRoute',
]);

/** An Ingress of networking.k8s.io/v1 as the Services it sends traffic to. */
export function parseIngress(raw: unknown): Route {
  const { namespace, name } = parseMeta(raw);
  const spec = fields(fields(raw).spec);
  const annotation = fields(metadata(raw).annotations)['kubernetes.io/ingress.class'];
  const backends = [spec.defaultBackend];
  for (const rule of items(spec.rules)) {
    for (const path of items(fields(fields(rule).http).paths)) backends.push(fields(path).backend);
  }
  return {
    kind: 'Ingress',
    namespace,
    name,
    ingressClass: text(spec.ingressClassName) || text(annotation),
    backends: distinct(
      backends.map((backend) => {
        const { name: service, port } = fields(fields(backend).service);
        const { number, name: portName } = fields(port);
        return { namespace, service: text(service), port: text(portName) || portNumber(number) };
      }),
    ),
  };
}

/** A route of the Gateway API (gateway.networking.k8s.io), mirrors included. Its class is its first gateway. */
export function parseGatewayRoute(raw: unknown): Route {
  const { namespace, name } = parseMeta(raw);
  const spec = fields(fields(raw).spec);
  const backends: Backend[] = [];
  const take = (reference: Fields): void => {
    const { group, kind, name: service, namespace: other, port } = reference;
    if ((!isAbsent(group) && group !== '') || (!isAbsent(kind) && kind !== 'Service')) return;
    backends.push({ namespace: text(other) || namespace, service: text(service), port: portNumber(port) });
  };
  const takeMirrors = (filters: unknown): void => {
    for (const filter of items(filters)) take(fields(fields(fields(filter).requestMirror).backendRef));
  };
  for (const rule of items(spec.rules)) {
    const { backendRefs, filters } = fields(rule);
    takeMirrors(filters);
    for (const item of items(backendRefs)) {
      take(fields(item));
      takeMirrors(fields(item).filters);
    }
  }
  return {
    kind: text(fields(raw).kind) || 'HTTPRoute',
    namespace,
    name,
    ingressClass: text(fields(items(spec.parentRefs)[0]).name),
    backends: distinct(backends),
  };
}

function distinct(backends: readonly Backend[]): Backend[] {
  const byText = new Map<string, Backend>();
  for (const backend of backends) {
    if (backend.service !== '')
      byText.set(`${backend.namespace}/${backend.service}:${backend.port}`, backend);
  }
  return [...byText.values()];
}
