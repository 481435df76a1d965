/** Looking through the peers of a policy, for several rules. */
import type { Change } from '../model/change.ts';
import type { Direction, NetworkPolicy, Peer, PodPeer } from '../model/objects.ts';
import type { View } from '../model/overlay.ts';
import { selects, selectsEverything } from '../model/selector.ts';
import type { Space } from '../model/snapshot.ts';
import { NAME_LABEL, type PatchOperation } from './patch.ts';
import type { Severity, Statement } from './rule.ts';
import { policyText } from './text.ts';

/** A peer and where it stands. */
export interface PlacedPeer {
  readonly direction: Direction;
  readonly rule: number;
  readonly place: number;
  readonly peer: Peer;
  /** All peers of its rule. */
  readonly among: readonly Peer[];
}

/**
 * Every peer of the policy in these directions that is wanted, in the order they are written. Most rules want few, and
 * a policy may have 12,000.
 */
export function* peersOf(
  policy: NetworkPolicy,
  directions: readonly Direction[],
  isWanted: (peer: Peer, among: readonly Peer[]) => boolean,
): Iterable<PlacedPeer> {
  for (const direction of directions) {
    const rules = policy[direction] ?? [];
    for (let rule = 0; rule < rules.length; rule++) {
      const among = rules[rule]?.peers ?? 'any';
      if (among === 'any') continue;
      for (let place = 0; place < among.length; place++) {
        const peer = among[place] as Peer;
        if (isWanted(peer, among)) yield { direction, rule, place, peer, among };
      }
    }
  }
}

/** For `peersOf`. */
export const BOTH: readonly Direction[] = Object.freeze(['ingress', 'egress'] as const);

/** For `peersOf`, where only those who come in count. */
export const INGRESS: readonly Direction[] = Object.freeze(['ingress'] as const);

/** The namespaces a peer can mean: the policy's own, those it names, or all. */
export function spacesOf(view: View, policy: NetworkPolicy, peer: PodPeer): Iterable<Space> {
  const { spaces } = view.snapshot;
  if (peer.namespaces === 'own') {
    const own = spaces.get(policy.namespace);
    return own === undefined ? [] : [own];
  }
  const names = namesOf(peer);
  if (names === undefined) return spaces.values();
  return names.map((name) => spaces.get(name)).filter((space) => space !== undefined);
}

/** The namespaces that the peer names one by one; undefined when it picks them otherwise. */
export function namesOf(peer: PodPeer): readonly string[] | undefined {
  if (peer.namespaces === 'own') return undefined;
  const byName = peer.namespaces.requirements.find(
    ({ key, operator }) => key === NAME_LABEL && operator === 'In',
  );
  return byName?.values;
}

/** Whether the peer certainly picks this namespace. */
export function surelyPicks(peer: PodPeer, space: Space): boolean {
  if (peer.namespaces === 'own') return false;
  if (selectsEverything(peer.namespaces)) return true;
  // Of a namespace that was never seen only the name is known.
  return (space.known || namesOf(peer) !== undefined) && selects(peer.namespaces, space.labels);
}

/** What a rule has to say about a peer of a policy. */
export interface PeerFault {
  /** What it is about, wherever in the policy it stands. */
  readonly key: string;
  readonly policy: NetworkPolicy;
  readonly path: string;
  readonly message: string;
  readonly severity?: Severity;
  readonly patch?: readonly PatchOperation[];
}

/**
 * The faults of the new policy that the old one did not have, told apart by their keys. The old policy is looked
 * at only when there is a fault.
 */
export function newFaults(
  { before, after }: Change,
  faultsOf: (policy: NetworkPolicy) => readonly PeerFault[],
): readonly PeerFault[] {
  if (after?.kind !== 'NetworkPolicy') return [];
  const faults = faultsOf(after);
  if (faults.length === 0 || before?.kind !== 'NetworkPolicy') return faults;
  const old = new Set(faultsOf(before).map(({ key }) => key));
  return faults.filter(({ key }) => !old.has(key));
}

/** The fault as a rule yields it. */
export function faultStatement({ policy, path, message, severity, patch }: PeerFault): Statement {
  return {
    subject: policyText(policy),
    message,
    because: [`${policyText(policy)} ${path}`],
    ...(severity === undefined ? {} : { severity }),
    ...(patch === undefined ? {} : { patch }),
  };
}
