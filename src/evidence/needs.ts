import type { NetworkPolicy, Peer, PolicyRule, Service } from '../model/objects.ts';
import type { View } from '../model/overlay.ts';
import { selects } from '../model/selector.ts';
import type { PodClass } from '../model/snapshot.ts';
import { targetsOf } from '../simulate/backends.ts';
import { followsCaller, LARGEST_APPLICATION, sharedApplication } from './application.ts';
import type { SpaceIndex } from './index-of-space.ts';
import type { Caller, Grade, Need } from './need.ts';

/** What the needs of a class are read from; lazily filled by `Evidence`. */
export interface Sources {
  readonly view: View;
  indexOf(namespace: string): SpaceIndex | undefined;
  controllers(): readonly PodClass[];
}

/** Who needs `podClass`: clients of its Services, routes to them, its own application, its own kind. */
export function* needsTo(sources: Sources, podClass: PodClass): Iterable<Need> {
  const { view } = sources;
  const index = sources.indexOf(podClass.space.name);
  for (const service of view.servicesOf(podClass)) {
    const path = `${service.namespace}/${service.name}`;
    for (const { podClass: client, reference } of index?.referrers.get(path) ?? []) {
      yield* through(client, podClass, service, reference.port, 'declared', `${reference.source}`);
    }
    yield* routeNeeds(sources, podClass, service);
    if (service.type === 'LoadBalancer' || service.type === 'NodePort') {
      yield* through('outside', podClass, service, 0, 'declared', `Service ${path} of type ${service.type}`);
    }
    for (const client of index?.companions(podClass, LARGEST_APPLICATION) ?? []) {
      yield* companionNeeds(client, podClass, service);
    }
    if (service.headless && podClass.workload.kind === 'StatefulSet') {
      yield* through(podClass, podClass, service, 0, 'likely', 'replicas of one StatefulSet');
    }
  }
}

/** What `podClass` needs: the Services its own spec names, and those of its application. */
export function* needsFrom(sources: Sources, podClass: PodClass): Iterable<Need> {
  const { view } = sources;
  for (const reference of podClass.pods[0]?.references ?? []) {
    const service = view.service(reference.namespace, reference.service);
    if (service === undefined) continue;
    for (const target of backClasses(view, service)) {
      yield* through(podClass, target, service, reference.port, 'declared', reference.source);
    }
  }
  const index = sources.indexOf(podClass.space.name);
  for (const target of index?.companions(podClass, LARGEST_APPLICATION) ?? []) {
    for (const service of view.servicesOf(target)) yield* companionNeeds(podClass, target, service);
  }
}

/** Every client a policy names by its pods' labels needs what the policy's subject offers on the named ports. */
export function* needsNamedBy(sources: Sources, policy: NetworkPolicy, subject: PodClass): Iterable<Need> {
  const rules = policy.ingress ?? [];
  for (let i = 0; i < rules.length; i++) {
    const rule = rules[i] as PolicyRule;
    if (rule.peers === 'any' || rule.ports === 'any') continue;
    for (let j = 0; j < rule.peers.length; j++) {
      const source = `NetworkPolicy ${policy.namespace}/${policy.name} spec.ingress[${i}].from[${j}]`;
      for (const client of namedClasses(sources, policy.namespace, rule.peers[j] as Peer)) {
        for (const port of rule.ports) {
          const targets =
            'name' in port
              ? subject.namedPorts.filter((n) => n.name === port.name && n.protocol === port.protocol)
              : port.from === port.to
                ? [{ port: port.from }]
                : [];
          for (const target of targets) {
            yield {
              from: client,
              to: subject,
              service: undefined,
              servicePort: target.port,
              protocol: port.protocol,
              port: target.port,
              grade: 'declared',
              source,
            };
          }
        }
      }
    }
  }
}

/** The classes behind a Service with a selector. */
export function backClasses(view: View, service: Service): PodClass[] {
  const { selector } = service;
  const space = view.snapshot.spaces.get(service.namespace);
  if (selector === undefined || space === undefined || service.type === 'ExternalName') return [];
  return view.classes(space).filter((podClass) => selects(selector, podClass.labels));
}

function* routeNeeds(sources: Sources, podClass: PodClass, service: Service): Iterable<Need> {
  for (const route of podClass.space.routes.values()) {
    for (const backend of route.backends) {
      if (backend.service !== service.name || backend.namespace !== service.namespace) continue;
      const port =
        typeof backend.port === 'number'
          ? backend.port
          : (service.ports.find(({ name }) => name === backend.port)?.port ?? 0);
      const source = `${route.kind} ${route.namespace}/${route.name}`;
      const controllers = sources.controllers();
      for (const caller of controllers.length === 0 ? UNSEEN : controllers) {
        yield* through(caller, podClass, service, port, 'declared', source);
      }
    }
  }
}

const UNSEEN: readonly Caller[] = Object.freeze(['ingress-controller'] as const);

function* companionNeeds(client: PodClass, target: PodClass, service: Service): Iterable<Need> {
  if (followsCaller(client, target)) return;
  const shared = sharedApplication(client, target);
  if (shared !== undefined) yield* through(client, target, service, 0, 'likely', `both are ${shared}`);
}

/** One need for each port of the Service, or for the one port asked for. */
function* through(
  from: Caller,
  to: PodClass,
  service: Service,
  wanted: number,
  grade: Grade,
  source: string,
): Iterable<Need> {
  if (from === to && to.pods.length < 2 && (to.pods[0]?.replicas ?? 1) < 2) return;
  for (const port of service.ports) {
    if (wanted !== 0 && port.port !== wanted) continue;
    for (const target of targetsOf(service, port, to.namedPorts)) {
      yield {
        from,
        to,
        service,
        servicePort: port.port,
        protocol: port.protocol,
        port: target,
        grade,
        source,
      };
    }
  }
}

/** Classes that a peer picks out by at least one label value; in namespaces it names. */
function namedClasses(sources: Sources, namespace: string, peer: Peer): PodClass[] {
  if (peer.kind === 'block' || !peer.pods.requirements.some(({ operator }) => operator === 'In')) return [];
  const names =
    peer.namespaces === 'own'
      ? [namespace]
      : peer.namespaces.requirements.flatMap(({ key, operator, values }) =>
          key === 'kubernetes.io/metadata.name' && operator === 'In' ? values : [],
        );
  const { view } = sources;
  return names.flatMap((name) => {
    const space = view.snapshot.spaces.get(name);
    if (space === undefined) return [];
    return view.classes(space).filter((podClass) => selects(peer.pods, podClass.labels));
  });
}
