/** Which rule tells of which loss: one cause, one finding. */
import type { NetworkPolicy, Service } from '../model/objects.ts';
import { workloadText } from '../model/objects.ts';
import type { View } from '../model/overlay.ts';
import { selectsEverything } from '../model/selector.ts';
import type { PodClass } from '../model/snapshot.ts';
import { targetsOf } from '../simulate/backends.ts';
import type { Simulation, Subject } from '../simulate/contract.ts';
import { canLose } from '../simulate/loss.ts';
import type { Loss, Losses } from './losses.ts';
import type { Caller, Grade } from './need.ts';
import { opensPort } from './openings.ts';
import type { ScrapeCut } from './scrapes.ts';
import type { ServiceLoss, ServiceLosses } from './service-losses.ts';

/** A Service that nobody reaches any more, as far as is known. */
export interface Outage {
  readonly service: Service;
  /** Its clients, the declared ones first; empty when none is known. */
  readonly clients: readonly Client[];
  /** Whether policies let nobody in at all, known or not. */
  readonly closed: boolean;
  /** The policies that isolate its pods now. */
  readonly policies: readonly NetworkPolicy[];
  /** Empty when the Service changed. */
  readonly losses: readonly Loss[];
}

export interface Client {
  readonly caller: Caller;
  readonly grade: Grade;
  readonly source: string;
}

export interface Shares {
  /** For service-unreachable. */
  readonly outages: readonly Outage[];
  /** For ingress-controller-cut. */
  readonly routes: readonly Loss[];
  readonly serviceRoutes: readonly ServiceLoss[];
  /** For connectivity-lost: single clients of what others still reach. */
  readonly clients: readonly Loss[];
  readonly serviceClients: readonly ServiceLoss[];
}

/** Looks through the policies of a Service's pods, in looks through small ones. */
const MOST_LOOKS = 1000;

/**
 * What a policy change cuts. A Service without a client left is one matter, whoever the clients are. `closed` is what
 * `ClosedServices` found; those that are told of are taken from it.
 */
export function policyShares(
  simulation: Simulation,
  { losses: all, reached, complete }: Losses,
  scrapes: readonly ScrapeCut[],
  closed: Map<Service, readonly NetworkPolicy[]>,
): Shares {
  // What Prometheus alone loses is told by probe-or-metrics-cut.
  const losses = scrapes.length === 0 ? all : all.filter((loss) => !scrapes.some((one) => isSame(one, loss)));
  if (losses.length === 0 && closed.size === 0) return NOTHING_LOST;
  const byService = Map.groupBy(losses, ({ need, direction }) =>
    direction === 'ingress' ? need.service : undefined,
  );
  const outages: Outage[] = [];
  const told = new Set<Loss>();
  for (const [service, group] of byService) {
    if (service === undefined) continue;
    const isClosed = closed.has(service);
    // What an Ingress or a route alone leads to is the controller's matter.
    if (group.every(({ need }) => need.route !== undefined)) {
      closed.delete(service);
      continue;
    }
    const callers = new Set(group.map(({ need }) => callerKey(need.from)));
    const left = !complete || reached.has(service) || !hitsAll(simulation.after, service, group);
    if (!isClosed && (left || callers.size < 2)) continue;
    for (const loss of group) told.add(loss);
    closed.delete(service);
    const policies = [...new Set(group.flatMap((loss) => loss.policies))];
    outages.push({ service, clients: clientsOf(group), closed: isClosed, policies, losses: group });
  }
  for (const [service, policies] of isolatesAll(simulation) ? [] : closed) {
    outages.push({ service, clients: [], closed: true, policies, losses: [] });
  }
  const rest = losses.filter((loss) => !told.has(loss));
  const [routes, clients] = parted(rest, ({ need }) => need.route !== undefined);
  return { outages, routes, clients, serviceRoutes: [], serviceClients: [] };
}

const NOTHING_LOST: Shares = Object.freeze({
  outages: [],
  routes: [],
  clients: [],
  serviceRoutes: [],
  serviceClients: [],
});

/** What an update of a Service cuts, its names left aside. */
export function serviceShares(simulation: Simulation, { losses, reached }: ServiceLosses): Shares {
  const service = simulation.change.after;
  const cut = losses.filter(({ cause }) => cause === 'policy');
  const [serviceRoutes, others] = parted(cut, ({ route }) => route !== undefined);
  const callers = new Set(cut.map(({ client }) => callerKey(client)));
  if (service?.kind !== 'Service' || reached || callers.size < 2 || others.length === 0) {
    return { outages: [], routes: [], clients: [], serviceRoutes, serviceClients: others };
  }
  const policies = simulation.after
    .behind(service)
    .flatMap((podClass) => simulation.after.isolating(podClass, 'ingress'));
  const clients = sortedClients(cut.map(({ client, grade, source }) => ({ caller: client, grade, source })));
  const outage = { service, clients, closed: false, policies: [...new Set(policies)], losses: [] };
  return { outages: [outage], routes: [], clients: [], serviceRoutes: [], serviceClients: [] };
}

function isSame({ podClass, scrapers, port }: ScrapeCut, { need, direction }: Loss): boolean {
  return (
    direction === 'ingress' &&
    need.to === podClass &&
    need.port === port &&
    typeof need.from !== 'string' &&
    scrapers.includes(need.from)
  );
}

/** Whether every back end that is ready lost a client. */
function hitsAll(view: View, service: Service, group: readonly Loss[]): boolean {
  const hit = new Set(group.map(({ need }) => need.to));
  return view
    .behind(service)
    .every((podClass) => hit.has(podClass) || !podClass.pods.some(({ ready }) => ready));
}

/** Looks for Services with ready pods that policies now close to everybody, and did not before. */
export class ClosedServices {
  readonly #simulation: Simulation;
  readonly #seen = new Set<Service>();
  #left = MOST_LOOKS;
  /** What was found, with the policies that close it. */
  readonly found = new Map<Service, readonly NetworkPolicy[]>();
  /** Looks that were taken so far, in looks through small policies. */
  looks = 0;

  constructor(simulation: Simulation) {
    this.#simulation = simulation;
  }

  /** Looks at the Services of one subject; nothing more once there is no work left. */
  look(subject: Subject): void {
    const { after, before, budget, weight } = this.#simulation;
    // A tier may let in what policies do not.
    if (this.#left < 0 || after.snapshot.tiers.size > 0 || !mayClose(this.#simulation, subject)) return;
    for (const service of after.servicesOf(subject.podClass)) {
      if (this.#seen.has(service)) continue;
      this.#seen.add(service);
      if (service.type === 'ExternalName') continue;
      const classes = after.behind(service);
      const cost = 2 * weight * classes.length * service.ports.length;
      this.#left -= cost;
      this.looks += cost;
      if (this.#left < 0 || !budget.spend(cost)) {
        this.#left = -1;
        budget.skip('whether anybody is still let in to some of the Services');
        return;
      }
      if (!classes.some(({ pods }) => pods.some(({ ready }) => ready))) continue;
      if (classes.some((one) => opens(after, one, service))) continue;
      if (classes.some((one) => opens(before, one, service))) {
        this.found.set(service, after.isolating(subject.podClass, 'ingress'));
      }
    }
  }
}

/** Whether the change may take the last opening: rules that only allow more close nothing. */
function mayClose(simulation: Simulation, subject: Subject): boolean {
  const { podClass, directions } = subject;
  return (
    directions.includes('ingress') &&
    canLose(simulation, subject, 'ingress') &&
    simulation.after.unclear(podClass, 'ingress').length === 0
  );
}

/** Whether somebody may come in to a port that the Service leads to. */
function opens(view: View, podClass: PodClass, service: Service): boolean {
  if (podClass.hostNetwork) return true;
  const policies = view.isolating(podClass, 'ingress');
  if (policies.length === 0) return true;
  return service.ports.some((port) =>
    targetsOf(service, port, podClass.namedPorts).some((target) =>
      opensPort(policies, 'ingress', podClass, port.protocol, target),
    ),
  );
}

/** Of a policy for a whole namespace, namespace-isolated says that nobody is let in. */
function isolatesAll({ change }: Simulation): boolean {
  return change.after?.kind === 'NetworkPolicy' && selectsEverything(change.after.subject);
}

function clientsOf(losses: readonly Loss[]): Client[] {
  return sortedClients(losses.map(({ need: { from, grade, source } }) => ({ caller: from, grade, source })));
}

/** Each caller once, with the strongest of what shows its need. */
function sortedClients(clients: readonly Client[]): Client[] {
  const key = ({ caller, grade, source }: Client): string =>
    `${grade === 'declared' ? 0 : 1} ${callerKey(caller)} ${source}`;
  const sorted = clients.toSorted((a, b) => (key(a) < key(b) ? -1 : key(a) > key(b) ? 1 : 0));
  return [...Map.groupBy(sorted, ({ caller }) => callerKey(caller)).values()].map(([one]) => one as Client);
}

function callerKey(caller: Caller): string {
  return typeof caller === 'string' ? caller : workloadText(caller.workload);
}

function parted<T>(items: readonly T[], first: (item: T) => boolean): [T[], T[]] {
  return [items.filter(first), items.filter((item) => !first(item))];
}
