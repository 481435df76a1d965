/** What the API server itself calls, and can no longer reach. */
import type { Callback, NetworkPolicy, Service, ServicePort } from '../model/objects.ts';
import type { View } from '../model/overlay.ts';
import type { PodClass } from '../model/snapshot.ts';
import {
  type Address,
  ALL_V4,
  ALL_V6,
  addressSet,
  type Block,
  containsAddresses,
  mergeAddresses,
} from '../netset/addresses.ts';
import { targetsOf } from '../simulate/backends.ts';
import type { End, Simulation, Verdict } from '../simulate/contract.ts';
import { canLose } from '../simulate/loss.ts';
import { bestVerdict, verdictBetween } from '../simulate/reach.ts';
import { apiSources, apiTunnels } from './api-server.ts';
import { ingressOpenings } from './openings.ts';
import { callbacksTo } from './service-names.ts';

/**
 * Whether the API server reaches a port. `partly`: some API servers do. `unlikely`: only addresses that are not
 * known to be its own are let in. `unknown`: addresses are let in, and its own are not known. `no`: for certain.
 */
export type Reached = 'yes' | 'unknown' | 'partly' | 'unlikely' | 'no';
const FROM_BEST: readonly Reached[] = ['yes', 'unknown', 'partly', 'unlikely', 'no'];

/** Callbacks of one Service port that the change cuts from the API server. */
export interface CallbackCut {
  readonly service: Service;
  readonly port: ServicePort;
  /** The pods' ports behind it. */
  readonly targets: readonly number[];
  readonly callbacks: readonly Callback[];
  /** Better before than after. */
  readonly before: Reached;
  readonly after: Reached;
  readonly policies: readonly NetworkPolicy[];
}

/** The callbacks that the API server reaches less well after the change, by Service and port. */
export function callbackCuts(simulation: Simulation): CallbackCut[] {
  const { before, after, change } = simulation;
  const { callbacks } = after.snapshot;
  if (callbacks.size === 0) return [];
  const old = change.before;
  const now = change.after;
  if (old?.kind === 'Service' || now?.kind === 'Service') {
    if (old?.kind !== 'Service' || now?.kind !== 'Service') return [];
    return cutsAt(simulation, old, now, callbacksTo(after.snapshot, now), new Servers(after));
  }
  const touched = new Set<PodClass>();
  for (const subject of simulation.subjects) {
    if (subject.directions.includes('ingress') && canLose(simulation, subject, 'ingress')) {
      touched.add(subject.podClass);
    }
  }
  const namespace = (now ?? old)?.namespace;
  if (touched.size === 0 || namespace === undefined) return [];
  const ours = [...callbacks.values()].filter((callback) => callback.namespace === namespace);
  const servers = new Servers(after);
  return [...Map.groupBy(ours, ({ service }) => service)].flatMap(([name, group]) => {
    const service = after.service(namespace, name);
    if (service === undefined || !after.behind(service).some((one) => touched.has(one))) return [];
    return cutsAt(simulation, before.service(namespace, name) ?? service, service, group, servers);
  });
}

function cutsAt(
  simulation: Simulation,
  old: Service,
  now: Service,
  callbacks: readonly Callback[],
  servers: Servers,
): CallbackCut[] {
  const { before, after, budget } = simulation;
  const cuts: CallbackCut[] = [];
  for (const [number, group] of Map.groupBy(callbacks, ({ port }) => port)) {
    const port = now.ports.find((one) => one.port === number);
    const oldPort = old.ports.find((one) => one.port === number);
    // A name or a port that is gone, or has nobody behind it, is a broken reference.
    if (port === undefined || oldPort === undefined) continue;
    const classes = after.behind(now);
    const cost = 2 * classes.length * (servers.sources.length + 1) * simulation.weight;
    if (!budget.spend(cost)) {
      budget.skip('whether the API server still reaches its webhooks');
      return cuts;
    }
    const is = servers.reach(after, now, port);
    const was = servers.reach(before, old, oldPort);
    if (is === undefined || was === undefined || FROM_BEST.indexOf(is) <= FROM_BEST.indexOf(was)) continue;
    const policies = new Set(classes.flatMap((one) => after.isolating(one, 'ingress')));
    const targets = new Set(classes.flatMap(({ namedPorts }) => targetsOf(now, port, namedPorts)));
    cuts.push({
      service: now,
      port,
      targets: [...targets].sort((a, b) => a - b),
      callbacks: group,
      before: was,
      after: is,
      policies: [...policies],
    });
  }
  return cuts;
}

/** The API servers as they connect to pods. */
class Servers {
  readonly sources: readonly (readonly Address[])[];
  readonly #tunnels: readonly PodClass[];
  /** Whether a pod's node tells that no API server runs beside it. */
  readonly #placed: boolean;

  constructor(view: View) {
    this.sources = apiSources(view.snapshot);
    this.#tunnels = apiTunnels(view);
    this.#placed = view.snapshot.nodes.size > 0;
  }

  /** How well the Service port is reached, by its best back end; undefined when nobody is behind it. */
  reach(view: View, service: Service, port: ServicePort): Reached | undefined {
    let best: Reached | undefined;
    for (const podClass of view.behind(service)) {
      for (const target of targetsOf(service, port, podClass.namedPorts)) {
        const one = this.#reachPods(view, podClass, port, target);
        if (best === undefined || FROM_BEST.indexOf(one) < FROM_BEST.indexOf(best)) best = one;
      }
    }
    return best;
  }

  #reachPods(view: View, podClass: PodClass, { protocol }: ServicePort, target: number): Reached {
    const policies = view.isolating(podClass, 'ingress');
    const unclear = view.snapshot.tiers.size > 0 || view.unclear(podClass, 'ingress').length > 0;
    if (podClass.hostNetwork || (policies.length === 0 && !unclear)) return 'yes';
    const openings = ingressOpenings(policies, podClass, protocol, target);
    if ((openings.any || admitsAll(podClass, openings.blocks)) && !unclear) return 'yes';
    const wanted = { protocol, port: target };
    const verdictOn = (from: End): Verdict => verdictBetween(view, from, { kind: 'class', podClass }, wanted);
    // A tunnel's traffic comes from its pods, and they are all there is to let in.
    if (this.#tunnels.some((one) => verdictOn({ kind: 'class', podClass: one }) !== 'denied')) return 'yes';
    const verdicts = this.sources.map((addresses) =>
      bestVerdict(addresses.map((address) => verdictOn({ kind: 'outside', addresses: addressSet(address) }))),
    );
    if (verdicts.length > 0 && verdicts.every((one) => one === 'allowed')) return 'yes';
    if (unclear || verdicts.includes('unknown')) return 'unknown';
    if (verdicts.includes('allowed')) return 'partly';
    // The addresses that an overlay network gives the nodes are not in the model.
    if (openings.blocks.length > 0) return verdicts.length > 0 ? 'unlikely' : 'unknown';
    const placed = this.#placed && podClass.pods.every(({ node, ready }) => node !== '' || !ready);
    return placed ? 'no' : 'unlikely';
  }
}

/** Whether the blocks admit every address of the family that the pods are called in: 0.0.0.0/0, as charts write it. */
function admitsAll({ pods }: PodClass, blocks: readonly Block[]): boolean {
  if (blocks.length === 0) return false;
  const admitted = mergeAddresses(blocks.map(({ addresses }) => addresses));
  const addresses = pods.flatMap((pod) => pod.addresses);
  const onlyV6 = addresses.length > 0 && addresses.every((address) => typeof address === 'bigint');
  return containsAddresses(admitted, onlyV6 ? ALL_V6 : ALL_V4);
}
