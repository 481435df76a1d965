import type { Route, Service, ServicePort } from '../model/objects.ts';
import type { View } from '../model/overlay.ts';
import type { PodClass } from '../model/snapshot.ts';
import { hasConnection } from '../netset/connections.ts';
import { targetsOf } from '../simulate/backends.ts';
import type { Simulation } from '../simulate/contract.ts';
import { reach } from '../simulate/reach.ts';
import { endOf } from './losses.ts';
import type { Caller, Grade } from './need.ts';
import { namesServiceOf, type Sources, servicePortOf } from './needs.ts';

/** Why a Service no longer answers on a port that it still has. */
export type Cause = 'no-pods' | 'no-target' | 'policy';

/** A client that a change of a Service cuts from one of its ports. */
export interface ServiceLoss {
  readonly client: Caller;
  readonly port: ServicePort;
  readonly grade: Grade;
  readonly source: string;
  /** The Ingress or route that leads the client there. */
  readonly route: Route | undefined;
  readonly cause: Cause;
}

interface Client {
  readonly from: Caller;
  /** 0 = every port. */
  readonly port: number;
  readonly grade: Grade;
  readonly source: string;
  readonly route: Route | undefined;
}

/** What an update of a Service does to its clients. */
export interface ServiceLosses {
  readonly losses: readonly ServiceLoss[];
  /** Whether some client still reaches some port, or may. */
  readonly reached: boolean;
}

/** Clients of the Service that could use a port before an update and cannot after it, although it still has the port. */
export function serviceLosses(simulation: Simulation, sources: Sources): ServiceLosses {
  const { before: old, after: now } = simulation.change;
  const losses: ServiceLoss[] = [];
  if (old?.kind !== 'Service' || now?.kind !== 'Service') return { losses, reached: false };
  // What a DNS alias or a hand-made EndpointSlice leads to is not known here.
  if (now.type === 'ExternalName' || now.selector === undefined) return { losses, reached: true };
  const backs = simulation.before.behind(old);
  let reached = false;
  for (const { from: client, port: wanted, grade, source, route } of clientsOf(sources, old, backs)) {
    for (const port of old.ports) {
      if (wanted !== 0 && wanted !== port.port) continue;
      if (!simulation.budget.spend(2 * backs.length)) {
        simulation.budget.skip('some of the clients of the Service');
        return { losses, reached: true };
      }
      if (!works(simulation.before, client, old, port, backs)) continue;
      const cause = causeOf(simulation.after, client, now, port);
      if (cause === undefined) reached ||= now.ports.some((one) => one.port === port.port);
      else losses.push({ client, port, grade, source, route, cause });
    }
  }
  return { losses, reached };
}

function* clientsOf(sources: Sources, service: Service, backs: readonly PodClass[]): Iterable<Client> {
  const index = sources.indexOf(service.namespace);
  const seen = new Set<PodClass>();
  for (const { podClass, reference } of sources.referrersOf(service.namespace, service.name)) {
    seen.add(podClass);
    yield {
      from: podClass,
      port: reference.port,
      grade: 'declared',
      source: reference.source,
      route: undefined,
    };
  }
  for (const { route, port: written } of sources.routesTo(service.namespace, service.name)) {
    const port = servicePortOf(service, written);
    for (const from of sources.callersFor(route)) {
      const source = `${route.kind} ${route.namespace}/${route.name}`;
      yield { from, port, grade: 'declared', source, route };
    }
  }
  for (const back of backs) {
    for (const { podClass: from, needsUs, source } of index?.companions(back) ?? []) {
      if (!needsUs || namesServiceOf(sources.view, back, from)) continue;
      if (seen.has(from) || backs.includes(from)) continue;
      seen.add(from);
      yield { from, port: 0, grade: 'likely', source, route: undefined };
    }
  }
}

function causeOf(view: View, client: Caller, service: Service, port: ServicePort): Cause | undefined {
  const same = service.ports.find((one) => one.port === port.port && one.protocol === port.protocol);
  // A port that somebody names and that is gone is a broken name, not a lost back end.
  if (same === undefined) return undefined;
  const backs = view.behind(service);
  if (backs.length === 0) return 'no-pods';
  if (backs.every(({ namedPorts }) => targetsOf(service, same, namedPorts).length === 0)) return 'no-target';
  return works(view, client, service, same, backs, true) ? undefined : 'policy';
}

/** Whether the client may open the port to at least one back end. An unknown verdict counts as `lenient`. */
function works(
  view: View,
  client: Caller,
  service: Service,
  port: ServicePort,
  backs: readonly PodClass[],
  lenient = false,
): boolean {
  return backs.some((podClass) => {
    const { allowed, unknown } = reach(view, endOf(client), { kind: 'class', podClass });
    return targetsOf(service, port, podClass.namedPorts).some(
      (target) =>
        hasConnection(allowed, port.protocol, target) ||
        (lenient && hasConnection(unknown, port.protocol, target)),
    );
  });
}
