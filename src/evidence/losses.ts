import type { Direction, NetworkPolicy, Service } from '../model/objects.ts';
import { workloadText } from '../model/objects.ts';
import type { View } from '../model/overlay.ts';
import { ALL_ADDRESSES } from '../netset/addresses.ts';
import { hasConnection } from '../netset/connections.ts';
import type { End, Simulation, Subject } from '../simulate/contract.ts';
import { canLose } from '../simulate/loss.ts';
import { classPoint, type Point, pointOf } from '../simulate/point.ts';
import { verdictOf } from '../simulate/reach.ts';
import { sideOf } from '../simulate/side.ts';
import type { Caller, Need } from './need.ts';
import {
  MOST_NEEDS,
  type NamedClients,
  namedClients,
  needsFrom,
  needsNamed,
  needsTo,
  routeNeedsFrom,
  type Sources,
} from './needs.ts';

/** A needed connection that the change cuts. */
export interface Loss {
  readonly need: Need;
  /** The side whose policies decide now. */
  readonly direction: Direction;
  /** The policies that isolate that side after the change. */
  readonly policies: readonly NetworkPolicy[];
}

export interface Losses {
  readonly losses: readonly Loss[];
  /** Services that some client still reaches at a pod whose ingress the change touches, or may reach. */
  readonly reached: ReadonlySet<Service>;
  /** False when the work was cut short: there may be more. */
  readonly complete: boolean;
}

/** Losses after which nobody reads on. */
const MOST_LOSSES = 300;

/** Looks for the needs that held before a policy change and do not after it. Unknown verdicts are never a loss. */
export class LossSearch {
  readonly #simulation: Simulation;
  readonly #sources: Sources;
  readonly #losses = new Map<string, Loss>();
  readonly #reached = new Set<Service>();
  readonly #kept: Need[] = [];
  readonly #named: readonly NamedClients[];
  #complete = true;
  #left = MOST_NEEDS;
  /** Looks that were taken so far, in looks through small policies. */
  looks = 0;

  constructor(simulation: Simulation, sources: Sources) {
    const old = simulation.change.before;
    this.#simulation = simulation;
    this.#sources = sources;
    this.#named = old?.kind === 'NetworkPolicy' ? namedClients(simulation.after, old) : [];
  }

  /** Looks through what one subject and its clients need; nothing more once there is no work left. */
  look(subject: Subject): void {
    for (const direction of subject.directions) {
      if (this.#complete && canLose(this.#simulation, subject, direction)) this.#lookAt(subject, direction);
    }
  }

  #lookAt(subject: Subject, direction: Direction): void {
    const { budget, before, after, weight } = this.#simulation;
    const policies = subject[direction].after;
    const needs = needsOf(this.#simulation, this.#sources, subject, direction, this.#named);
    for (let i = 0; i < needs.length; i++) {
      const need = needs[i] as Need;
      this.#left -= weight;
      this.looks += weight;
      if (this.#left < 0 || this.#losses.size >= MOST_LOSSES || !budget.spend(2 * weight)) {
        budget.skip('some of the connections that workloads need');
        this.#complete = false;
        return;
      }
      const points = pointsOf(after, need);
      if (!mayBeCut(need, policies) || passes(after, need, points, direction)) {
        if (need.service !== undefined) this.#reached.add(need.service);
        if (need.grade === 'likely') this.#kept.push(need);
        continue;
      }
      if (verdictOf(before, points.from, points.to, need) !== 'allowed') continue;
      const key = keyOf(need);
      if (!this.#losses.has(key)) this.#losses.set(key, { need, direction, policies });
    }
  }

  /** What was found. */
  found(): Losses {
    return {
      losses: withoutKept(this.#losses, this.#kept),
      reached: this.#reached,
      complete: this.#complete,
    };
  }
}

/**
 * Without what is only likely and lost by somebody who keeps another port of the same pods: whoever wrote the
 * policy thought of him, and a metrics port beside the one he uses is no need.
 */
function withoutKept(losses: ReadonlyMap<string, Loss>, kept: readonly Need[]): Loss[] {
  const all = [...losses.values()];
  if (all.length === 0 || kept.length === 0) return all;
  const pairs = new Set(kept.map(pairOf));
  return all.filter(({ need }) => need.grade !== 'likely' || !pairs.has(pairOf(need)));
}

function pairOf({ from, to }: Need): string {
  return `${typeof from === 'string' ? from : workloadText(from.workload)} ${workloadText(to.workload)}`;
}

/** The needs of a subject in a direction that the change touches: all of its own, or of those who need it. */
function needsOf(
  simulation: Simulation,
  sources: Sources,
  subject: Subject,
  direction: Direction,
  named: readonly NamedClients[],
): readonly Need[] {
  const { podClass } = subject;
  if (direction === 'egress') {
    const needs = needsFrom(sources, podClass);
    const ofRoutes = routeNeedsFrom(sources, podClass);
    return ofRoutes.length === 0 ? needs : [...needs, ...ofRoutes];
  }
  const needs = needsTo(sources, podClass);
  const old = simulation.change.before;
  if (named.length === 0 || old?.kind !== 'NetworkPolicy' || !subject.ingress.before.includes(old)) {
    return needs;
  }
  return [...needs, ...needsNamed(named, podClass)];
}

/** A controller that nobody can see may be whoever else the policies let in. */
function mayBeCut({ from }: Need, policies: readonly NetworkPolicy[]): boolean {
  return from !== 'ingress-controller' || !policies.some(admitsOthers);
}

/** Both ends of a need as policies see them; the same before and after the change. */
interface Points {
  readonly from: Point;
  readonly to: Point;
}

function pointsOf(view: View, { from, to }: Need): Points {
  return { from: pointOf(view, endOf(from)), to: classPoint(to, to.pods) };
}

/**
 * Whether the need may pass for all that is known, as far as the side is concerned whose policies changed:
 * the other side is as it was, or is looked at by itself.
 */
function passes(view: View, need: Need, points: Points, direction: Direction): boolean {
  const [us, them] = direction === 'ingress' ? [points.to, points.from] : [points.from, points.to];
  const onNode = direction === 'ingress' && them.kind === 'addresses' && them.nodes.length > 0;
  if (us.kind === 'pods' && !onNode) {
    const side = sideOf(view, us, direction, them, need);
    if (!side.mixed) return hasConnection(side.possible, need.protocol, need.port);
  }
  return verdictOf(view, points.from, points.to, need) !== 'denied';
}

/** The caller as the simulator knows it. A controller nobody can see may be anywhere outside. */
export function endOf(caller: Caller): End {
  return typeof caller === 'string'
    ? { kind: 'outside', addresses: ALL_ADDRESSES }
    : { kind: 'class', podClass: caller };
}

/** Whether the policy lets in somebody of another namespace or of the outside: the controller may be meant. */
function admitsOthers(policy: NetworkPolicy): boolean {
  return (policy.ingress ?? []).some(
    (rule) =>
      rule.peers === 'any' || rule.peers.some((peer) => peer.kind === 'block' || peer.namespaces !== 'own'),
  );
}

function keyOf({ from, to, service, servicePort, protocol, port }: Need): string {
  const name = ({ workload }: Need['to']) => `${workload.namespace}/${workload.kind}/${workload.name}`;
  return `${typeof from === 'string' ? from : name(from)} ${name(to)} ${service?.name} ${servicePort}/${protocol}/${port}`;
}
