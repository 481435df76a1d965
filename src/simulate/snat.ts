import type { Service, ServicePort } from '../model/objects.ts';
import type { View } from '../model/overlay.ts';
import { NO_ADDRESSES } from '../netset/addresses.ts';
import { hasConnection } from '../netset/connections.ts';
import type { Backend } from './backends.ts';
import type { AddressPoint } from './point.ts';
import { sideOf } from './side.ts';

/** A client of whom nothing is known: only rules that admit every source admit it. */
const ANYBODY: AddressPoint = { kind: 'addresses', addresses: NO_ADDRESSES, nodes: [] };

/**
 * Why a client outside the cluster may arrive with a node's address instead of its own, when that matters:
 * NodePort and LoadBalancer traffic is SNATed unless externalTrafficPolicy is Local. Undefined when it does not
 * matter: nothing isolates the pods, or a rule admits every source.
 */
export function clientAddressReason(
  view: View,
  service: Service,
  port: ServicePort,
  backends: readonly Backend[],
): string | undefined {
  const exposed = service.type === 'NodePort' || service.type === 'LoadBalancer';
  if (!exposed || service.externalTrafficPolicy === 'Local') return undefined;
  const matters = backends.some(({ podClass, ports }) => {
    if (podClass === undefined || podClass.hostNetwork) return false;
    const targets = ports.find((one) => one.port === port)?.targets ?? [];
    const open = sideOf(view, { kind: 'pods', podClass, pods: podClass.pods }, 'ingress', ANYBODY).allowed;
    return targets.some((target) => !hasConnection(open, port.protocol, target));
  });
  if (!matters) return undefined;
  return `Service ${service.namespace}/${service.name} has externalTrafficPolicy Cluster: clients may arrive with a node's address, which the policies then see instead of theirs`;
}
