import type { Endpoint, EndpointSlice, NamedPort } from '../objects.ts';
import { metadata, parseMeta } from './meta.ts';
import { parseProtocol } from './policy.ts';
import { parseAddresses } from './service.ts';
import { fields, isAbsent, items, portNumber, text, texts } from './wire.ts';

const SERVICE_LABEL = 'kubernetes.io/service-name';

/** An EndpointSlice of discovery.k8s.io. Slices of type FQDN keep their endpoints without addresses. */
export function parseEndpointSlice(raw: unknown): EndpointSlice {
  const meta = parseMeta(raw);
  const { endpoints, ports } = fields(raw);
  return {
    namespace: meta.namespace,
    name: meta.name,
    service: text(fields(metadata(raw).labels)[SERVICE_LABEL]),
    ports: slicePorts(ports),
    endpoints: items(endpoints).map((item) => {
      const { addresses, conditions, targetRef } = fields(item);
      return endpoint(texts(addresses), fields(conditions).ready !== false, targetRef, meta.namespace);
    }),
  };
}

/**
 * An Endpoints object of v1 (deprecated since 1.33, still written by hand): one slice for each subset,
 * named after it.
 */
export function parseEndpoints(raw: unknown): EndpointSlice[] {
  const meta = parseMeta(raw);
  return items(fields(raw).subsets).map((subset, i) => {
    const { addresses, notReadyAddresses, ports } = fields(subset);
    const endpoints = (list: unknown, ready: boolean): Endpoint[] =>
      items(list).map((item) => {
        const { ip, targetRef } = fields(item);
        return endpoint([text(ip)], ready, targetRef, meta.namespace);
      });
    return {
      namespace: meta.namespace,
      name: `endpoints/${meta.name}/${i}`,
      service: meta.name,
      ports: slicePorts(ports),
      endpoints: [...endpoints(addresses, true), ...endpoints(notReadyAddresses, false)],
    };
  });
}

function slicePorts(raw: unknown): NamedPort[] {
  return items(raw).flatMap((item) => {
    const { name, protocol: written, port } = fields(item);
    const protocol = parseProtocol(written);
    if (protocol === undefined || (!isAbsent(port) && portNumber(port) === 0)) return [];
    return { name: text(name), protocol, port: portNumber(port) };
  });
}

function endpoint(
  addresses: readonly string[],
  ready: boolean,
  target: unknown,
  namespace: string,
): Endpoint {
  const { kind, name, namespace: other } = fields(target);
  const pod = kind === 'Pod' && text(name) !== '' ? `${text(other) || namespace}/${text(name)}` : '';
  return { addresses: parseAddresses(addresses), ready, pod };
}
