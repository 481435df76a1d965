import type { NamedPort, Peer, PodPeer, PortMatch } from '../model/objects.ts';
import { selects } from '../model/selector.ts';
import {
  type Address,
  addressesEqual,
  type Block,
  hasAddress,
  intersectAddresses,
  noAddresses,
} from '../netset/addresses.ts';
import {
  ALL_CONNECTIONS,
  type Connections,
  connectionsOf,
  NO_CONNECTIONS,
  uniteConnections,
} from '../netset/connections.ts';
import { portRange } from '../netset/ports.ts';
import type { AddressPoint, PodPoint, Point } from './point.ts';

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
    : matchBlock(peer.block, end, subject, blocks);
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

/** A peer by addresses. Whether it matches pods is the plug-in's choice; pods without an address never. */
export function matchBlock(block: Block, end: Point, subject: PodPoint, blocks: BlocksMatchPods): Match {
  if (end.kind === 'addresses') return matchAddresses(block, end);
  if (blocks === 'no') return 'no';
  const families = familiesOf(subject);
  let common: Match | undefined;
  for (const pod of end.pods) {
    const match = coverage(block, pod.addresses, families);
    if (common !== undefined && common !== match) return 'mixed';
    common = match;
  }
  if (common === undefined || common === 'no') return 'no';
  return blocks === 'unknown' ? 'unknown' : common;
}

function matchAddresses(block: Block, end: AddressPoint): Match {
  // A node whose address is not known may or may not be in the block.
  if (noAddresses(end.addresses)) return end.nodes.length > 0 ? 'unknown' : 'no';
  const common = intersectAddresses(block.addresses, end.addresses);
  if (noAddresses(common)) return 'no';
  return addressesEqual(common, end.addresses) ? 'yes' : 'mixed';
}

/** A pod reached over either family: a block that covers only one of them decides only for that one. */
function coverage(block: Block, addresses: readonly Address[], families: Families): Match {
  let covered = 0;
  let counted = 0;
  for (const address of addresses) {
    if (typeof address === 'number' ? !families.v4 : !families.v6) continue;
    counted++;
    if (hasAddress(block.addresses, address)) covered++;
  }
  if (covered === 0) return 'no';
  return covered === counted ? 'yes' : 'unknown';
}

interface Families {
  readonly v4: boolean;
  readonly v6: boolean;
}

const BOTH: Families = { v4: true, v6: true };

/** The families the subject can speak; both while it has no address yet. */
function familiesOf(subject: PodPoint): Families {
  const addresses = subject.pods[0]?.addresses ?? [];
  if (addresses.length === 0) return BOTH;
  return {
    v4: addresses.some((address) => typeof address === 'number'),
    v6: addresses.some((address) => typeof address === 'bigint'),
  };
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

function resolve(ports: readonly PortMatch[], names: readonly NamedPort[]): Connections {
  let sets: Connections[] = [];
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
  // In pairs: one after the other, the 20,000 ports of a hostile policy would cost seconds.
  while (sets.length > 1) {
    const pairs: Connections[] = [];
    for (let i = 0; i < sets.length; i += 2) {
      pairs.push(uniteConnections(sets[i] as Connections, sets[i + 1] ?? NO_CONNECTIONS));
    }
    sets = pairs;
  }
  return sets[0] ?? NO_CONNECTIONS;
}
