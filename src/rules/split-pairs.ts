import type { NetworkPolicy, Peer, PodPeer } from '../model/objects.ts';
import type { View } from '../model/overlay.ts';
import { selects, selectsEverything } from '../model/selector.ts';
import { spacesOf, surelyPicks } from './peers.ts';

/** Namespaces and classes looked at for all pairs of a policy. */
export interface PairLooks {
  left: number;
}

/** Two neighbours of one list that make sense only as one entry. */
export interface SplitPair {
  /** The entry that admits whole namespaces. */
  readonly wide: PodPeer;
  /** The entry that names pods of the policy's own namespace. */
  readonly narrow: PodPeer;
  /** What shows it: the narrow one matches no pod here, or only pods that the wide one admits already. */
  readonly sign: 'no-pod' | 'no-more';
}

/**
 * Whether the entries `place` and `place + 1` are a namespaceSelector and a podSelector that were meant as one.
 * Said only when the model shows it: the podSelector adds nothing by itself, and picks some of the pods of those
 * namespaces, not all.
 */
export function splitPairAt(
  view: View,
  policy: NetworkPolicy,
  peers: readonly Peer[],
  place: number,
  looks: PairLooks,
): SplitPair | undefined {
  const pair = asPair(peers[place], peers[place + 1]) ?? asPair(peers[place + 1], peers[place]);
  if (pair === undefined) return undefined;
  const sign = signOf(view, policy, pair.wide, pair.narrow);
  if (sign === undefined || !picksSome(view, policy, pair.wide, pair.narrow, looks)) return undefined;
  return { ...pair, sign };
}

function asPair(wide: Peer | undefined, narrow: Peer | undefined) {
  if (wide?.kind !== 'pods' || narrow?.kind !== 'pods') return undefined;
  if (wide.namespaces === 'own' || narrow.namespaces !== 'own') return undefined;
  if (!selectsEverything(wide.pods) || selectsEverything(narrow.pods)) return undefined;
  if (narrow.pods.problem !== undefined || wide.namespaces.problem !== undefined) return undefined;
  return { wide, narrow };
}

function signOf(
  view: View,
  policy: NetworkPolicy,
  wide: PodPeer,
  narrow: PodPeer,
): SplitPair['sign'] | undefined {
  const own = view.snapshot.spaces.get(policy.namespace);
  // Pods that are still to come may carry any label.
  if (own === undefined || own.pods.size === 0) return undefined;
  if (!view.selected(own, narrow.pods).some(({ hostNetwork }) => !hostNetwork)) return 'no-pod';
  return surelyPicks(wide, own) ? 'no-more' : undefined;
}

/** Whether the narrow peer picks pods of the wide one's namespaces, and leaves others out. */
function picksSome(
  view: View,
  policy: NetworkPolicy,
  wide: PodPeer,
  narrow: PodPeer,
  looks: PairLooks,
): boolean {
  let picked = false;
  let left = false;
  for (const space of spacesOf(view, policy, wide)) {
    if (--looks.left < 0) return false;
    if (space.pods.size === 0 || !surelyPicks(wide, space)) continue;
    for (const { labels, hostNetwork } of view.classes(space)) {
      if (--looks.left < 0) return false;
      if (hostNetwork) continue;
      if (selects(narrow.pods, labels)) picked = true;
      else left = true;
      if (picked && left) return true;
    }
  }
  return false;
}
