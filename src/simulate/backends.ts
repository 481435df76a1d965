import type { NamedPort, Service, ServicePort } from '../model/objects.ts';
import type { View } from '../model/overlay.ts';
import type { PodClass } from '../model/snapshot.ts';
import type { Address } from '../netset/addresses.ts';

/** What stands behind a Service: a class of pods, or an address written down by hand. */
export interface Backend {
  readonly podClass?: PodClass;
  readonly address?: Address;
  /** Whether at least one of the pods, or the endpoint, is ready. */
  readonly ready: boolean;
  /** Where each Service port leads. `targets` is empty when the name is not a port of these pods. */
  readonly ports: readonly { readonly port: ServicePort; readonly targets: readonly number[] }[];
}

/**
 * The back ends of a Service: by its selector, or by its EndpointSlices when it has none.
 * ExternalName has none: it is a DNS alias. Policy is judged on the pod and target port (after DNAT).
 */
export function backendsOf(view: View, service: Service): Backend[] {
  if (service.type === 'ExternalName') return [];
  const space = view.snapshot.spaces.get(service.namespace);
  if (space === undefined) return [];
  if (service.selector === undefined) return manualBackends(view, service);
  const backends: Backend[] = [];
  for (const podClass of view.selected(space, service.selector)) {
    backends.push({
      podClass,
      ready: podClass.pods.some((pod) => pod.ready),
      ports: service.ports.map((port) => ({ port, targets: targetsOf(service, port, podClass.namedPorts) })),
    });
  }
  return backends;
}

/**
 * The pod ports a Service port leads to: numeric as written, named ones looked up in the pod with their protocol.
 * A headless Service translates nothing: who dials its port arrives at that same port of the pod.
 */
export function targetsOf(service: Service, port: ServicePort, names: readonly NamedPort[]): number[] {
  if (service.headless) return [port.port];
  if (typeof port.targetPort === 'number') return [port.targetPort];
  for (const { name, protocol, port: number } of names) {
    // The endpoint controller takes the first container port of that name.
    if (name === port.targetPort && protocol === port.protocol) return [number];
  }
  return [];
}

function manualBackends(view: View, service: Service): Backend[] {
  const slices = view.snapshot.spaces.get(service.namespace)?.slices.get(service.name);
  const backends: Backend[] = [];
  for (const slice of slices?.values() ?? []) {
    const ports = service.ports.map((port) => ({
      port,
      targets: slice.ports
        .filter((named) => named.protocol === port.protocol && named.name === port.name)
        .map((named) => named.port),
    }));
    for (const ready of [true, false]) {
      for (const address of ready ? slice.ready : slice.notReady) {
        const pod = view.snapshot.podAt(address);
        const podClass = pod === undefined ? undefined : view.classOf(pod);
        backends.push({
          ...(podClass === undefined ? { address } : { podClass }),
          ready,
          ports,
        });
      }
    }
  }
  return backends;
}
