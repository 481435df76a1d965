import type { Direction, NetworkPolicy, Peer, Pod, PolicyRule } from '../model/objects.ts';
import type { View } from '../model/overlay.ts';
import type { PodClass } from '../model/snapshot.ts';
import { TRAITS } from '../model/traits.ts';
import { type Address, type Addresses, parseCidr } from '../netset/addresses.ts';
import { intersectConnections, noConnections } from '../netset/connections.ts';
import { matchPods, portsAt } from '../simulate/match.ts';
import { classPoint, type Point } from '../simulate/point.ts';

/** A policy rule's peer, by where it stands. */
export interface PeerPlace {
  readonly policy: NetworkPolicy;
  readonly rule: number;
  /** Undefined when the rule names no peers and so means everybody. */
  readonly peer: number | undefined;
}

/** An exception of an ipBlock that another peer fills again. */
export interface FilledHole {
  readonly hole: PeerPlace;
  /** The exception as written. */
  readonly except: string;
  readonly filler: PeerPlace;
  /** The pod at the excepted address that a selector lets in. */
  readonly pod: Pod | undefined;
}

/** Exceptions wider than this are not searched for pods. */
const MOST_ADDRESSES = 16;
/** Exceptions, and pairs of exception and peer, that are looked at for one change: a policy may hold thousands. */
export const MOST_LOOKS = 4000;
/** Ports of a rule that cost as much as one look. */
const PORTS_PER_LOOK = 50;

/** What may still be looked at for one change. */
export interface Looks {
  left: number;
}

/**
 * The exceptions among these policies, all isolating `podClass`, that policies of the same list make void. When
 * `looks` are used up it ends early, with `looks.left` below zero.
 */
export function filledHoles(
  view: View,
  podClass: PodClass,
  policies: readonly NetworkPolicy[],
  direction: Direction,
  looks: Looks,
): FilledHole[] {
  const found: FilledHole[] = [];
  for (const hole of places(policies, direction)) {
    const block = peerAt(hole, direction);
    if (block === undefined || block.kind !== 'block') continue;
    for (const except of block.block.except) {
      if (--looks.left < 0) return found;
      const addresses = parseCidr(except);
      if (addresses === undefined) continue;
      for (const filler of places(policies, direction)) {
        if (--looks.left < 0) return found;
        if (filler.policy === hole.policy && filler.rule === hole.rule && filler.peer === hole.peer) continue;
        const filled = fills(view, filler, direction, addresses);
        if (filled === undefined) continue;
        looks.left -= (portCount(hole, direction) + portCount(filler, direction)) / PORTS_PER_LOOK;
        if (portsMeet(podClass, hole, filler, direction, addresses))
          found.push({ hole, except, filler, pod: filled.pod });
      }
    }
  }
  return found;
}

function* places(policies: readonly NetworkPolicy[], direction: Direction): Iterable<PeerPlace> {
  for (const policy of policies) {
    const rules = policy[direction] ?? [];
    for (let rule = 0; rule < rules.length; rule++) {
      const peers = rules[rule]?.peers ?? 'any';
      if (peers === 'any') yield { policy, rule, peer: undefined };
      else for (let peer = 0; peer < peers.length; peer++) yield { policy, rule, peer };
    }
  }
}

/** The rule a place is in. */
function ruleAt({ policy, rule }: PeerPlace, direction: Direction): PolicyRule {
  return policy[direction]?.[rule] as PolicyRule;
}

/** The peer at a place; undefined for a rule without peers. */
export function peerAt(place: PeerPlace, direction: Direction): Peer | undefined {
  const { peers } = ruleAt(place, direction);
  return peers === 'any' || place.peer === undefined ? undefined : peers[place.peer];
}

/** Whether any policy in the list has an exception at all: most have none. */
export function hasExceptions(policies: readonly NetworkPolicy[], direction: Direction): boolean {
  const holes = direction === 'ingress' ? TRAITS.ingressHoles : TRAITS.egressHoles;
  return policies.some(({ makeup }) => (makeup.traits & holes) !== 0);
}

function portCount(place: PeerPlace, direction: Direction): number {
  const { ports } = ruleAt(place, direction);
  return ports === 'any' ? 0 : ports.length;
}

/** Whether two sorted lists of `from, to` have an address in common; by halving: a block may have 5,000 holes. */
function rangesMeet<T extends number | bigint>(many: readonly T[], few: readonly T[]): boolean {
  for (let i = 0; i < few.length; i += 2) {
    const from = few[i] as T;
    let low = 0;
    let high = many.length / 2;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((many[2 * middle + 1] as T) < from) low = middle + 1;
      else high = middle;
    }
    const begin = many[2 * low];
    if (begin !== undefined && begin <= (few[i + 1] as T)) return true;
  }
  return false;
}

function portsMeet(
  podClass: PodClass,
  one: PeerPlace,
  other: PeerPlace,
  direction: Direction,
  addresses: Addresses,
): boolean {
  const destination: Point =
    direction === 'ingress'
      ? classPoint(podClass, podClass.pods)
      : { kind: 'addresses', addresses, nodes: [] };
  const ports = (place: PeerPlace) => portsAt(ruleAt(place, direction).ports, destination);
  return !noConnections(intersectConnections(ports(one), ports(other)));
}

function fills(
  view: View,
  filler: PeerPlace,
  direction: Direction,
  addresses: Addresses,
): { pod: Pod | undefined } | undefined {
  const peer = peerAt(filler, direction);
  if (peer === undefined) return { pod: undefined };
  if (peer.kind === 'block') {
    const { v4, v6 } = peer.block.addresses;
    return rangesMeet(v4, addresses.v4) || rangesMeet(v6, addresses.v6) ? { pod: undefined } : undefined;
  }
  for (const address of fewAddresses(addresses, MOST_ADDRESSES)) {
    const pod = view.snapshot.podAt(address);
    const podClass = pod === undefined ? undefined : view.classOf(pod);
    if (pod === undefined || podClass === undefined) continue;
    if (matchPods(peer, filler.policy.namespace, classPoint(podClass, [pod])) === 'yes') return { pod };
  }
  return undefined;
}

/** The addresses of a set, one by one; none when there are more than `most`. */
export function fewAddresses({ v4, v6 }: Addresses, most: number): Address[] {
  const found: Address[] = [];
  for (let i = 0; i < v4.length; i += 2) {
    const from = v4[i] as number;
    const to = v4[i + 1] as number;
    if (to - from >= most) return [];
    for (let address = from; address <= to; address++) found.push(address);
  }
  for (let i = 0; i < v6.length; i += 2) {
    const from = v6[i] as bigint;
    const to = v6[i + 1] as bigint;
    if (to - from >= BigInt(most)) return [];
    for (let address = from; address <= to; address++) found.push(address);
  }
  return found.length > most ? [] : found;
}
