import { type Families, V4, V6 } from '../model/families.ts';
import type { Pod } from '../model/objects.ts';
import type { View } from '../model/overlay.ts';
import {
  ALL_CONNECTIONS,
  hasConnection,
  intersectConnections,
  NO_CONNECTIONS,
  noConnections,
  type Protocol,
  subtractConnections,
  uniteConnections,
} from '../netset/connections.ts';
import type { End, Reach, Verdict } from './contract.ts';
import { uniformParts } from './parts.ts';
import { type AddressPoint, familiesOf, type PodPoint, type Point, pointOf } from './point.ts';
import { OPEN_SIDE, type Side, sideOf, type Wanted } from './side.ts';

export const OPEN: Reach = Object.freeze({ allowed: ALL_CONNECTIONS, unknown: NO_CONNECTIONS, reasons: [] });
export const CLOSED: Reach = Object.freeze({ allowed: NO_CONNECTIONS, unknown: NO_CONNECTIONS, reasons: [] });

/**
 * What `from` may open to `to`. Between classes: what some pod of the one may open to some pod of the other.
 * A connection needs egress at the source and ingress at the destination. Replies follow by themselves.
 */
export function reach(view: View, from: End, to: End): Reach {
  return reachPoints(view, pointOf(view, from), pointOf(view, to));
}

/** The same between points. */
export function reachPoints(view: View, from: Point, to: Point): Reach {
  if (areNotPoliced(from, to)) return OPEN;
  if (cannotDial(from, to)) return CLOSED;
  const egress = from.kind === 'pods' ? sideOf(view, from, 'egress', to) : OPEN_SIDE;
  const ingress = to.kind === 'pods' ? ingressSide(view, to, from) : OPEN_SIDE;
  if (!egress.mixed && !ingress.mixed) return meet(egress, ingress);
  return reachParts(view, from, to);
}

function areNotPoliced(from: Point, to: Point): boolean {
  return isSelf(from, to) || (from.kind === 'addresses' && to.kind === 'addresses');
}

function cannotDial(from: Point, to: Point): boolean {
  return areStrangers(familiesOf(from), familiesOf(to));
}

/** What a reach says of one port. */
function verdictAt({ allowed, unknown }: Reach, protocol: Protocol, port: number): Verdict {
  if (hasConnection(allowed, protocol, port)) return 'allowed';
  return hasConnection(unknown, protocol, port) ? 'unknown' : 'denied';
}

/** The verdict on one connection between two ends. */
export function verdictBetween(view: View, from: End, to: End, wanted: Wanted): Verdict {
  return verdictOf(view, pointOf(view, from), pointOf(view, to), wanted);
}

/** The verdict on one connection between points; what policies say of others is not worked out. */
export function verdictOf(view: View, from: Point, to: Point, wanted: Wanted): Verdict {
  const { protocol, port } = wanted;
  if (areNotPoliced(from, to)) return 'allowed';
  if (cannotDial(from, to)) return 'denied';
  const egress = from.kind === 'pods' ? sideOf(view, from, 'egress', to, wanted) : OPEN_SIDE;
  if (!egress.mixed && !hasConnection(egress.possible, protocol, port)) return 'denied';
  const ingress = to.kind === 'pods' ? ingressSide(view, to, from, wanted) : OPEN_SIDE;
  if (egress.mixed || ingress.mixed) return verdictAt(reachParts(view, from, to), protocol, port);
  if (!hasConnection(ingress.possible, protocol, port)) return 'denied';
  const isAllowed =
    hasConnection(egress.allowed, protocol, port) && hasConnection(ingress.allowed, protocol, port);
  return isAllowed ? 'allowed' : 'unknown';
}

/** The verdict on a choice of ways, one of which is enough. */
export function bestVerdict(verdicts: readonly Verdict[]): Verdict {
  if (verdicts.includes('allowed')) return 'allowed';
  return verdicts.includes('unknown') ? 'unknown' : 'denied';
}

/** Whether both pods have addresses, and no family in common: such a connection cannot even be dialled. */
export function areStrangers(one: Families, other: Families): boolean {
  return one !== 0 && other !== 0 && (one & other) === 0;
}

/** The ingress side of `to`: a node always reaches the pods on it. */
function ingressSide(view: View, to: PodPoint, from: Point, wanted?: Wanted): Side {
  if (from.kind === 'addresses' && sharesNode(from, to.pods)) return OPEN_SIDE;
  return sideOf(view, to, 'ingress', from, wanted);
}

/** Both sides together. */
export function meet(egress: Side, ingress: Side): Reach {
  if (egress === OPEN_SIDE && ingress === OPEN_SIDE) return OPEN;
  const allowed = intersectConnections(egress.allowed, ingress.allowed);
  const unknown = subtractConnections(intersectConnections(egress.possible, ingress.possible), allowed);
  if (noConnections(unknown)) return { allowed, unknown: NO_CONNECTIONS, reasons: [] };
  return { allowed, unknown, reasons: [...egress.reasons, ...ingress.reasons] };
}

/** Where blocks cut through an end: each part by itself, then what any of them may do. */
function reachParts(view: View, from: Point, to: Point): Reach {
  let allowed = NO_CONNECTIONS;
  let possible = NO_CONNECTIONS;
  const reasons = new Set<string>();
  for (const source of uniformParts(view, from, to, 'ingress')) {
    for (const target of uniformParts(view, to, source, 'egress')) {
      if (isSelf(source, target)) continue;
      const part = reachFamilies(view, source, target);
      allowed = uniteConnections(allowed, part.allowed);
      possible = uniteConnections(possible, uniteConnections(part.allowed, part.unknown));
      for (const reason of part.reasons) reasons.add(reason);
    }
  }
  return { allowed, unknown: subtractConnections(possible, allowed), reasons: [...reasons] };
}

/** A connection runs over one of the families both ends speak; where they fare differently, it is unknown. */
function reachFamilies(view: View, from: Point, to: Point): Reach {
  const families = [V4, V6].filter((family) => speaks(from, family) && speaks(to, family));
  if (families.length < 2 || isOutside(from) || isOutside(to)) return meetOf(view, from, to);
  let allowed = ALL_CONNECTIONS;
  let possible = NO_CONNECTIONS;
  const reasons = new Set<string>();
  for (const family of families) {
    const one = meetOf(view, { ...from, family }, { ...to, family });
    allowed = intersectConnections(allowed, one.allowed);
    possible = uniteConnections(possible, uniteConnections(one.allowed, one.unknown));
    for (const reason of one.reasons) reasons.add(reason);
  }
  const unknown = subtractConnections(possible, allowed);
  if (noConnections(unknown)) return { allowed, unknown: NO_CONNECTIONS, reasons: [] };
  reasons.add('the ends speak IPv4 and IPv6, and policies do not treat the two alike');
  return { allowed, unknown, reasons: [...reasons] };
}

function meetOf(view: View, from: Point, to: Point): Reach {
  const egress = from.kind === 'pods' ? sideOf(view, from, 'egress', to) : OPEN_SIDE;
  const ingress = to.kind === 'pods' ? ingressSide(view, to, from) : OPEN_SIDE;
  return meet(egress, ingress);
}

/** An end without a known address may turn out to speak either. */
function speaks(point: Point, family: Families): boolean {
  const families = familiesOf(point);
  return families === 0 || (families & family) !== 0;
}

function isOutside(point: Point): boolean {
  return point.kind === 'addresses' && point.nodes.length === 0;
}

/** A pod reaches itself whatever policies say. */
function isSelf(from: Point, to: Point): boolean {
  // A pod is in one class: of two classes nothing has to be looked up.
  if (from.kind !== 'pods' || to.kind !== 'pods' || from.podClass !== to.podClass) return false;
  if (from.pods.length !== 1 || to.pods.length !== 1) return false;
  return from.pods[0] === to.pods[0] && (from.pods[0] as Pod).replicas === 1;
}

/** Whether one of the pods runs on one of the nodes. */
export function sharesNode(host: AddressPoint, pods: readonly Pod[]): boolean {
  return host.nodes.length > 0 && pods.some((pod) => pod.node !== '' && host.nodes.includes(pod.node));
}
