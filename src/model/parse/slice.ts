import type { Address } from '../../netset/addresses.ts';
import type { EndpointSlice, NamedPort } from '../objects.ts';
import { metadata, parseMeta, SHARED } from './meta.ts';
import { parseProtocol } from './policy.ts';
import { parseAddresses } from './service.ts';
import { fields, isAbsent, items, portNumber, text, texts } from './wire.ts';

const SERVICE_LABEL = 'kubernetes.io/service-name';

/** An EndpointSlice of discovery.k8s.io. The names of slices of type FQDN are no addresses, and left out. */
export function parseEndpointSlice(raw: unknown): EndpointSlice {
  const meta = parseMeta(raw);
  const { endpoints, ports } = fields(raw);
  const addresses = (wanted: boolean): readonly Address[] =>
    parseAddresses(
      items(endpoints).flatMap((item) => {
        const { addresses: given, conditions } = fields(item);
        return (fields(conditions).ready !== false) === wanted ? texts(given) : [];
      }),
    );
  return {
    namespace: meta.namespace,
    name: meta.name,
    service: text(fields(metadata(raw).labels)[SERVICE_LABEL]),
    ports: SHARED.ports(slicePorts(ports)),
    ready: addresses(true),
    notReady: addresses(false),
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
    const listed = (list: unknown): readonly Address[] =>
      parseAddresses(items(list).map((item) => text(fields(item).ip)));
    return {
      namespace: meta.namespace,
      name: `endpoints/${meta.name}/${i}`,
      service: meta.name,
      ports: SHARED.ports(slicePorts(ports)),
      ready: listed(addresses),
      notReady: listed(notReadyAddresses),
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
