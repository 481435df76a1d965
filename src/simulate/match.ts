import { BOTH_FAMILIES, type Families, V4, V6 } from '../model/families.ts';
import type { Direction, NamedPort, Peer, PodPeer, PortMatch } from '../model/objects.ts';
import { selects } from '../model/selector.ts';
import {
  type Address,
  type Addresses,
  type Block,
  coverage,
  hasAddress,
  NO_ADDRESSES,
  noAddresses,
} from '../netset/addresses.ts';
import {
  ALL_CONNECTIONS,
  type Connections,
  connectionsOf,
  hasConnection,
  type Protocol,
  uniteAll,
} from '../netset/connections.ts';
import { portRange } from '../netset/ports.ts';
import { type AddressPoint, familiesOf, type PodPoint, type Point } from './point.ts';

/** Whether a peer matches an end. `mixed`: some of the pods or addresses of the end, not all. */
export type Match = 'yes' | 'no' | 'unknown' | 'mixed';

/** How an ipBlock treats the addresses of pods: the CNI's way, or not known. */
export type BlocksMatchPods = 'yes' | 'no' | 'unknown';

/** Whether a policy's peer matches `end`, seen from a policy in `namespace` whose subject is `subject`. */
export function matchPeer(
  peer: Peer,
  namespace: string,
  end: Point,
  subject: PodPoint,
  blocks: BlocksMatchPods,
): Match {
  return peer.kind === 'pods'
    ? matchPods(peer, namespace, end)
    : matchBlock(peer.block, end, familiesOf(subject), blocks);
}

/** A peer by labels. Addresses, nodes and host-network pods are never selected by labels. */
export function matchPods(peer: PodPeer, namespace: string, end: Point): Match {
  if (end.kind !== 'pods') return 'no';
  if (peer.pods.problem !== undefined) return 'unknown';
  const { space, labels } = end.podClass;
  if (peer.namespaces === 'own') {
    if (space.name !== namespace) return 'no';
  } else if (peer.namespaces.problem !== undefined) return 'unknown';
  else if (!selects(peer.namespaces, space.labels)) return 'no';
  return selects(peer.pods, labels) ? 'yes' : 'no';
}

/**
 * A peer by addresses, for a subject of these families. Whether it matches pods is the plug-in's choice; pods without an
 * address never.
 */
export function matchBlock(block: Block, end: Point, own: Families, blocks: BlocksMatchPods): Match {
  const families = spokenWith(own, end);
  if (end.kind === 'addresses') return matchAddresses(block, end, families);
  if (blocks === 'no') return 'no';
  let common: Match | undefined;
  for (const pod of end.pods) {
    const match = podCoverage(block, pod.addresses, families);
    if (common !== undefined && common !== match) return 'mixed';
    common = match;
  }
  if (common === undefined || common === 'no') return 'no';
  // Cut apart first: each family may be clear by itself.
  return blocks === 'unknown' && common === 'yes' ? 'unknown' : common;
}

/** The families a connection between the two could run over; all while either has no known address. */
function spokenWith(own: Families, end: Point): Families {
  return (own === 0 ? BOTH_FAMILIES : own) & (end.family ?? BOTH_FAMILIES);
}

function matchAddresses(block: Block, end: AddressPoint, families: Families): Match {
  // A node whose address is not known may or may not be in the block.
  if (noAddresses(end.addresses)) return end.nodes.length > 0 ? 'unknown' : 'no';
  const addresses = ofFamilies(end.addresses, families);
  if (noAddresses(addresses)) return 'no';
  switch (coverage(block.addresses, addresses)) {
    case 'all':
      return 'yes';
    case 'some':
      return 'mixed';
    case 'none':
      return 'no';
  }
}

/** The addresses of these families alone. */
export function ofFamilies(addresses: Addresses, families: Families): Addresses {
  if (families === BOTH_FAMILIES) return addresses;
  return families === V4 ? { v4: addresses.v4, v6: [] } : { v4: [], v6: addresses.v6 };
}

/** `mixed` when the block covers one address of the pod and not another that could be used as well. */
function podCoverage(block: Block, addresses: readonly Address[], families: Families): Match {
  let covered = 0;
  let counted = 0;
  for (const address of addresses) {
    if ((families & (typeof address === 'number' ? V4 : V6)) === 0) continue;
    counted++;
    if (hasAddress(block.addresses, address)) covered++;
  }
  if (covered === 0) return 'no';
  return covered === counted ? 'yes' : 'mixed';
}

/** An end without named ports: addresses, whatever has them. */
const ANY_ADDRESS: AddressPoint = { kind: 'addresses', addresses: NO_ADDRESSES, nodes: [] };

/**
 * Whose names a rule's ports are looked up in where its blocks match: a named port never matches an ipBlock, even
 * when a pod has the address, for the name is looked up in what a label selected.
 */
export function blockDestination(subject: PodPoint, direction: Direction): Point {
  return direction === 'ingress' ? subject : ANY_ADDRESS;
}

/** The connections a rule's ports stand for where its blocks match. */
export function portsAtBlock(
  ports: 'any' | readonly PortMatch[],
  subject: PodPoint,
  direction: Direction,
): Connections {
  return portsAt(ports, blockDestination(subject, direction));
}

const numeric = new WeakMap<readonly PortMatch[], Connections>();
const perPorts = new WeakMap<readonly PortMatch[], WeakMap<readonly NamedPort[], Connections>>();
const NO_NAMES: readonly NamedPort[] = Object.freeze([]);

/**
 * The connections a rule's ports stand for at a destination. Named ports are looked up among the
 * destination's; an address has none, so they match nothing there.
 */
export function portsAt(ports: 'any' | readonly PortMatch[], destination: Point): Connections {
  if (ports === 'any') return ALL_CONNECTIONS;
  const [only] = ports;
  if (ports.length === 1 && only !== undefined && 'from' in only && only.from === only.to) {
    return onePort(only.protocol, only.from);
  }
  const known = numeric.get(ports);
  if (known !== undefined) return known;
  if (ports.every((entry) => 'from' in entry)) {
    const all = resolve(ports, NO_NAMES);
    numeric.set(ports, all);
    return all;
  }
  const names = destination.kind === 'pods' ? destination.podClass.namedPorts : NO_NAMES;
  let byNames = perPorts.get(ports);
  if (byNames === undefined) {
    byNames = new WeakMap();
    perPorts.set(ports, byNames);
  }
  let resolved = byNames.get(names);
  if (resolved === undefined) {
    resolved = resolve(ports, names);
    byNames.set(names, resolved);
  }
  return resolved;
}

/** A list so short is read as it stands: to keep its set for each of 12,000 rules takes longer. */
const SHORT = 4;

/** Whether the connections a rule's ports stand for at a destination hold this one. */
export function opensAt(
  ports: 'any' | readonly PortMatch[],
  destination: Point,
  protocol: Protocol,
  port: number,
): boolean {
  if (ports === 'any' || ports.length > SHORT) {
    return hasConnection(portsAt(ports, destination), protocol, port);
  }
  for (const entry of ports) {
    if (entry.protocol !== protocol) continue;
    if ('from' in entry) {
      if (port >= entry.from && port <= entry.to) return true;
    } else if (destination.kind === 'pods') {
      for (const named of destination.podClass.namedPorts) {
        if (named.port === port && named.name === entry.name && named.protocol === protocol) return true;
      }
    }
  }
  return false;
}

/** Kept for the ports that most rules name, and few enough that a policy with a port in each rule holds no memory. */
const MOST_KEPT = 1024;
const kept: Readonly<Record<Protocol, Map<number, Connections>>> = {
  TCP: new Map(),
  UDP: new Map(),
  SCTP: new Map(),
};

function onePort(protocol: Protocol, port: number): Connections {
  const known = kept[protocol];
  let set = known.get(port);
  if (set === undefined) {
    set = connectionsOf(protocol, portRange(port));
    if (known.size >= MOST_KEPT) known.clear();
    known.set(port, set);
  }
  return set;
}

function resolve(ports: readonly PortMatch[], names: readonly NamedPort[]): Connections {
  const sets: Connections[] = [];
  for (const entry of ports) {
    if ('from' in entry) {
      sets.push(connectionsOf(entry.protocol, portRange(entry.from, entry.to)));
      continue;
    }
    for (const { name, protocol, port } of names) {
      if (name === entry.name && protocol === entry.protocol) {
        sets.push(connectionsOf(protocol, portRange(port)));
      }
    }
  }
  return uniteAll(sets);
}
