import type { Direction, NetworkPolicy, PolicyRule, Service } from '../model/objects.ts';
import type { View } from '../model/overlay.ts';
import type { PodClass } from '../model/snapshot.ts';
import { hasAddress, parseAddress } from '../netset/addresses.ts';
import type { Protocol } from '../netset/connections.ts';
import { targetsOf } from '../simulate/backends.ts';

/** A place that answers DNS: pods and the port they listen on. */
export interface DnsTarget {
  readonly podClass: PodClass;
  readonly service: Service;
  readonly protocol: Protocol;
  readonly port: number;
}

/** The pods behind the cluster's DNS Services, a row for each protocol; empty when the model holds none. */
export function dnsTargets(view: View, services: readonly string[]): DnsTarget[] {
  const targets: DnsTarget[] = [];
  for (const path of services) {
    const slash = path.indexOf('/');
    const space = view.snapshot.spaces.get(path.slice(0, slash));
    const service = view.service(path.slice(0, slash), path.slice(slash + 1));
    if (space === undefined || service?.selector === undefined) continue;
    for (const podClass of view.selected(space, service.selector)) {
      for (const port of service.ports) {
        // CoreDNS also serves metrics (9153) through the same Service.
        if (port.port !== 53) continue;
        for (const target of targetsOf(service, port, podClass.namedPorts)) {
          targets.push({ podClass, service, protocol: port.protocol, port: target });
        }
      }
    }
  }
  return targets;
}

const DNS_PORT_NAMES: readonly string[] = Object.freeze(['dns', 'dns-tcp', 'domain']);

/** Whether egress rules open the port of DNS, or one named for it, to anybody at all. */
export function admitsDns(policies: readonly NetworkPolicy[]): boolean {
  return policies.some(({ egress }) => egress?.some((rule) => admitsDnsPort(rule, ['UDP', 'TCP'])));
}

function admitsDnsPort(rule: PolicyRule, protocols: readonly Protocol[] = ['UDP']): boolean {
  if (rule.ports === 'any') return true;
  return rule.ports.some((port) => {
    if (!protocols.includes(port.protocol)) return false;
    return 'name' in port ? DNS_PORT_NAMES.includes(port.name) : port.from <= 53 && 53 <= port.to;
  });
}

/** Whether a rule opens port 53 to the DNS cache that runs on each node, by its link-local address. */
export function admitsNodeLocal(policies: readonly NetworkPolicy[], addresses: readonly string[]): boolean {
  const caches = addresses.map(parseAddress).filter((address) => address !== undefined);
  const direction: Direction = 'egress';
  return policies.some((policy) =>
    (policy[direction] ?? []).some((rule) => {
      if (!admitsDnsPort(rule)) return false;
      if (rule.peers === 'any') return true;
      return rule.peers.some(
        (peer) =>
          peer.kind === 'block' && caches.some((address) => hasAddress(peer.block.addresses, address)),
      );
    }),
  );
}
