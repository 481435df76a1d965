import { type Address, parseAddress } from '../../netset/addresses.ts';
import type { Service, ServicePort } from '../objects.ts';
import { parseMeta } from './meta.ts';
import { parseProtocol } from './policy.ts';
import { parseMapSelector } from './selector.ts';
import { fields, items, portNumber, text, texts } from './wire.ts';

/** A Service of v1 as stored, reviewed or written, with the defaults the API server fills in. */
export function parseService(raw: unknown): Service {
  const meta = parseMeta(raw);
  const spec = fields(fields(raw).spec);
  const type = serviceType(spec.type);
  const clusterIPs = texts(spec.clusterIPs);
  if (clusterIPs.length === 0 && text(spec.clusterIP) !== '') clusterIPs.push(text(spec.clusterIP));
  return {
    kind: 'Service',
    namespace: meta.namespace,
    name: meta.name,
    labels: meta.labels,
    annotations: meta.annotations,
    type,
    headless: type !== 'ExternalName' && clusterIPs[0] === 'None',
    clusterIPs: parseAddresses(clusterIPs),
    externalIPs: texts(spec.externalIPs),
    externalName: type === 'ExternalName' ? text(spec.externalName) : '',
    // The API server wipes it from other types.
    loadBalancerClass: type === 'LoadBalancer' ? text(spec.loadBalancerClass) : '',
    loadBalancerSourceRanges: texts(spec.loadBalancerSourceRanges).map((range) => range.trim()),
    externalTrafficPolicy: spec.externalTrafficPolicy === 'Local' ? 'Local' : 'Cluster',
    internalTrafficPolicy: spec.internalTrafficPolicy === 'Local' ? 'Local' : 'Cluster',
    publishNotReady: spec.publishNotReadyAddresses === true,
    selector: type === 'ExternalName' ? undefined : parseMapSelector(spec.selector),
    ports: items(spec.ports).flatMap((port) => parseServicePort(port) ?? []),
  };
}

/** The texts that are addresses, as addresses. */
export function parseAddresses(values: readonly string[]): Address[] {
  // Sliced: an array that grew keeps room for more, and there is one for each pod.
  return values.flatMap((value) => parseAddress(value) ?? []).slice();
}

function serviceType(raw: unknown): Service['type'] {
  return raw === 'NodePort' || raw === 'LoadBalancer' || raw === 'ExternalName' ? raw : 'ClusterIP';
}

function parseServicePort(raw: unknown): ServicePort | undefined {
  const { name, protocol: written, port: number, targetPort, nodePort } = fields(raw);
  const port = portNumber(number);
  const protocol = parseProtocol(written);
  if (port === 0 || protocol === undefined) return undefined;
  return {
    name: text(name),
    protocol,
    port,
    targetPort:
      typeof targetPort === 'string' && targetPort !== '' ? targetPort : portNumber(targetPort) || port,
    nodePort: portNumber(nodePort),
  };
}
