import type { NetworkPolicy, Peer, PolicyRule, PortMatch, Route, Service } from '../model/objects.ts';
import type { View } from '../model/overlay.ts';
import { selects } from '../model/selector.ts';
import type { PodClass } from '../model/snapshot.ts';
import { targetsOf } from '../simulate/backends.ts';
import { isHome } from './controllers.ts';
import type { Companion, Referrer, SpaceIndex } from './index-of-space.ts';
import type { Caller, Grade, Need } from './need.ts';
import type { RouteTo } from './routes.ts';

/** What the needs of a class are read from; lazily filled by `Evidence`. */
export interface Sources {
  readonly view: View;
  indexOf(namespace: string): SpaceIndex | undefined;
  /** Routes of any namespace. */
  routesTo(namespace: string, service: string): readonly RouteTo[];
  /** Pods of any namespace whose own spec, or a ConfigMap of it, names the Service. */
  referrersOf(namespace: string, service: string): readonly Referrer[];
  controllers(): readonly PodClass[];
  /** Who connects to the back ends of a route. */
  callersFor(route: Route): readonly Caller[];
  /** Notes what was not looked at, in words. */
  skip(what: string): void;
}

/** Needs of one class that are listed: the list may be longer by what one client adds, and then there are more. */
export const MOST_NEEDS = 1000;

/**
 * Who needs `podClass`: clients of its Services, routes to them, its own application, its own kind. A list that ends
 * soon after `MOST_NEEDS`; to hand them out one by one took as long as to judge them, for most classes have a few.
 */
export function needsTo(sources: Sources, podClass: PodClass): readonly Need[] {
  const services = sources.view.servicesOf(podClass);
  if (services.length === 0) return NO_NEEDS;
  const needs: Need[] = [];
  const companions = sources.indexOf(podClass.space.name)?.companions(podClass) ?? NO_COMPANIONS;
  for (const service of services) {
    if (needs.length > MOST_NEEDS) return needs;
    addNeedsOf(needs, sources, podClass, service);
    for (let i = 0; i < companions.length; i++) {
      const { podClass: client, needsUs, source } = companions[i] as Companion;
      if (needsUs && !namesServiceOf(sources.view, podClass, client))
        addThrough(needs, client, podClass, service, 0, 'likely', source);
    }
    if (service.headless && podClass.workload.kind === 'StatefulSet') {
      addThrough(needs, podClass, podClass, service, 0, 'likely', 'replicas of one StatefulSet');
    }
  }
  return needs;
}

/** What is declared of one Service: who names it, what leads to it, and that it is open to the outside. */
function addNeedsOf(needs: Need[], sources: Sources, podClass: PodClass, service: Service): void {
  const { namespace, name } = service;
  if (service.ports.length > MOST_PORTS) {
    sources.skip(`some of the ports of Service ${namespace}/${name}`);
  }
  for (const { podClass: client, reference } of sources.referrersOf(namespace, name)) {
    if (needs.length > MOST_NEEDS) return;
    addThrough(needs, client, podClass, service, reference.port, 'declared', reference.source);
  }
  for (const { route, port } of sources.routesTo(namespace, name)) {
    for (const caller of sources.callersFor(route)) {
      if (needs.length > MOST_NEEDS) return;
      addRouteNeeds(needs, caller, podClass, service, route, port);
    }
  }
  if (service.type === 'LoadBalancer' || service.type === 'NodePort') {
    const source = `Service ${namespace}/${name} of type ${service.type}`;
    addThrough(needs, 'outside', podClass, service, 0, 'declared', source);
  }
}

/** What `podClass` needs: the Services its own spec names, and those of its application. Listed as `needsTo` does. */
export function needsFrom(sources: Sources, podClass: PodClass): readonly Need[] {
  const { view } = sources;
  const needs: Need[] = [];
  for (const reference of podClass.references) {
    const service = view.service(reference.namespace, reference.service);
    if (service === undefined) continue;
    if (service.ports.length > MOST_PORTS) {
      sources.skip(`some of the ports of Service ${service.namespace}/${service.name}`);
    }
    for (const target of view.behind(service)) {
      if (needs.length > MOST_NEEDS) return needs;
      addThrough(needs, podClass, target, service, reference.port, 'declared', reference.source);
    }
  }
  const companions = sources.indexOf(podClass.space.name)?.companions(podClass) ?? NO_COMPANIONS;
  for (const { podClass: target, neededByUs, source } of companions) {
    if (!neededByUs || namesServiceOf(view, target, podClass)) continue;
    for (const service of view.servicesOf(target)) {
      if (needs.length > MOST_NEEDS) return needs;
      addThrough(needs, podClass, target, service, 0, 'likely', source);
    }
  }
  return needs;
}

const NO_COMPANIONS: readonly Companion[] = Object.freeze([]);

/**
 * Whether `from` names a Service of `to` in its own spec. Then it is known who of the two connects to whom, and a
 * label that both carry is no evidence of the opposite.
 */
export function namesServiceOf(view: View, from: PodClass, to: PodClass): boolean {
  return from.references.some(({ namespace, service: name }) => {
    if (namespace !== to.space.name) return false;
    const selector = view.service(namespace, name)?.selector;
    return selector !== undefined && selects(selector, to.labels);
  });
}

/** Peers of one policy that are looked through for clients it names. */
const MOST_PEERS = 64;

/** The clients that one ingress peer of a policy names by their pods' labels. */
export interface NamedClients {
  readonly ports: readonly PortMatch[];
  readonly clients: readonly PodClass[];
  readonly source: string;
}

/** Every client the policy's ingress rules name by its pods' labels, with the ports it may use. */
export function namedClients(view: View, policy: NetworkPolicy): NamedClients[] {
  const found: NamedClients[] = [];
  let left = MOST_PEERS;
  const rules = policy.ingress ?? [];
  for (let i = 0; i < rules.length; i++) {
    const { peers, ports } = rules[i] as PolicyRule;
    if (peers === 'any' || ports === 'any') continue;
    for (let j = 0; j < peers.length; j++) {
      if (left-- <= 0) return found;
      const clients = namedClasses(view, policy.namespace, peers[j] as Peer);
      const source = `NetworkPolicy ${policy.namespace}/${policy.name} spec.ingress[${i}].from[${j}]`;
      if (clients.length > 0) found.push({ ports: ports.slice(0, MOST_PEERS), clients, source });
    }
  }
  return found;
}

/** Clients that a policy names need what its subject offers on the ports it names. Listed as `needsTo` does. */
export function needsNamed(named: readonly NamedClients[], subject: PodClass): readonly Need[] {
  const needs: Need[] = [];
  for (const { ports, clients, source } of named) {
    for (const from of clients) {
      for (const entry of ports) {
        for (const port of portsOf(entry, subject)) {
          if (needs.length > MOST_NEEDS) return needs;
          const { protocol } = entry;
          needs.push({
            from,
            to: subject,
            service: undefined,
            servicePort: port,
            protocol,
            port,
            grade: 'declared',
            source,
            route: undefined,
          });
        }
      }
    }
  }
  return needs;
}

function portsOf(entry: PortMatch, subject: PodClass): number[] {
  if (!('name' in entry)) return entry.from === entry.to ? [entry.from] : [];
  return subject.namedPorts
    .filter(({ name, protocol }) => name === entry.name && protocol === entry.protocol)
    .map(({ port }) => port);
}

/** Routes that are looked at for one controller. */
const MOST_ROUTES = 5000;

/** What an ingress controller needs: the back ends of all routes that it serves. */
export function routeNeedsFrom(sources: Sources, controller: PodClass): readonly Need[] {
  if (!isHome(controller.space.name) || !sources.controllers().includes(controller)) return NO_NEEDS;
  const { view } = sources;
  const needs: Need[] = [];
  let left = MOST_ROUTES;
  for (const space of view.snapshot.spaces.values()) {
    for (const route of space.routes.values()) {
      if (--left < 0) {
        sources.skip('some of the Ingresses and routes of the cluster');
        return needs;
      }
      if (!sources.callersFor(route).includes(controller)) continue;
      for (const back of route.backends) {
        const service = view.service(back.namespace, back.service);
        if (service === undefined) continue;
        for (const target of view.behind(service)) {
          if (needs.length > MOST_NEEDS) return needs;
          addRouteNeeds(needs, controller, target, service, route, back.port);
        }
      }
    }
  }
  return needs;
}

function addRouteNeeds(
  needs: Need[],
  caller: Caller,
  to: PodClass,
  service: Service,
  route: Route,
  port: number | string,
): void {
  const source = `${route.kind} ${route.namespace}/${route.name}`;
  addThrough(needs, caller, to, service, servicePortOf(service, port), 'declared', source, route);
}

/** The Service port a route means; 0 = it does not say. */
export function servicePortOf(service: Service, port: number | string): number {
  if (typeof port === 'number') return port;
  return service.ports.find(({ name }) => name === port)?.port ?? 0;
}

/** Ports of one Service: the needs through others are not to be crowded out by one with 10,000. */
const MOST_PORTS = 64;

/** Adds one need for each port of the Service, or for the one port asked for. */
function addThrough(
  needs: Need[],
  from: Caller,
  to: PodClass,
  service: Service,
  wanted: number,
  grade: Grade,
  source: string,
  route?: Route,
): void {
  if (from === to && to.pods.length < 2 && (to.pods[0]?.replicas ?? 1) < 2) return;
  const most = needs.length + MOST_PORTS;
  for (const port of service.ports) {
    if (wanted !== 0 && port.port !== wanted) continue;
    if (needs.length >= most) return;
    const { port: servicePort, protocol } = port;
    for (const target of targetsOf(service, port, to.namedPorts)) {
      needs.push({ from, to, service, servicePort, protocol, port: target, grade, source, route });
    }
  }
}

const NO_NEEDS: readonly Need[] = Object.freeze([]);

/** Classes that a peer picks out by at least one label value; in namespaces it names. */
function namedClasses(view: View, namespace: string, peer: Peer): PodClass[] {
  if (peer.kind === 'block' || !peer.pods.requirements.some(({ operator }) => operator === 'In')) return [];
  const names =
    peer.namespaces === 'own'
      ? [namespace]
      : peer.namespaces.requirements.flatMap(({ key, operator, values }) =>
          key === 'kubernetes.io/metadata.name' && operator === 'In' ? values : [],
        );
  return names.slice(0, MOST_PEERS).flatMap((name) => {
    const space = view.snapshot.spaces.get(name);
    if (space === undefined) return [];
    return view.selected(space, peer.pods);
  });
}
