import type { Direction, Pod } from '../model/objects.ts';
import type { View } from '../model/overlay.ts';
import {
  type Addresses,
  type Block,
  intersectAddresses,
  noAddresses,
  subtractAddresses,
} from '../netset/addresses.ts';
import { matchBlock } from './match.ts';
import { familiesOf, type PodPoint, type Point } from './point.ts';
import { rulePeers } from './rule-peers.ts';
import { tierPoliciesOf } from './tiers.ts';

/**
 * `end` cut so that each part is treated alike by the blocks that `other`'s policies of `direction` name.
 */
export function uniformParts(view: View, end: Point, other: Point, direction: Direction): Point[] {
  if (other.kind !== 'pods') return [end];
  const blocks = blocksOf(view, other, direction);
  if (blocks.length === 0) return [end];
  if (end.kind === 'addresses') {
    // One node is one end, reached over any of its addresses; only a range is many.
    if (end.nodes.length === 1) return [end];
    return cutAddresses(
      end.addresses,
      blocks.map((block) => block.addresses),
    ).map((addresses) => ({ ...end, addresses }));
  }
  const own = familiesOf(other);
  const parts = new Map<string, Pod[]>();
  for (const pod of end.pods) {
    const alone: PodPoint = { ...end, pods: [pod] };
    const key = blocks.map((block) => matchBlock(block, alone, own, 'yes')).join();
    const part = parts.get(key);
    if (part === undefined) parts.set(key, [pod]);
    else part.push(pod);
  }
  return [...parts.values()].map((pods) => ({ ...end, pods }));
}

/** Pieces of one range that are told apart; what lies beyond stays mixed, and its verdict unknown. */
const MOST_PIECES = 64;

/** The set in pieces, each wholly inside or wholly outside every cutter; in `MOST_PIECES` at most. */
export function cutAddresses(
  set: Addresses,
  cutters: readonly Addresses[],
  most: number = MOST_PIECES,
): Addresses[] {
  let pieces = [set];
  for (const cutter of cutters) {
    if (pieces.length >= most) break;
    pieces = pieces.flatMap((piece) => {
      const inside = intersectAddresses(piece, cutter);
      if (noAddresses(inside)) return [piece];
      const outside = subtractAddresses(piece, cutter);
      return noAddresses(outside) ? [piece] : [inside, outside];
    });
  }
  return pieces;
}

function blocksOf(view: View, subject: PodPoint, direction: Direction): Block[] {
  const blocks: Block[] = [];
  const { podClass } = subject;
  for (const policy of [...view.isolating(podClass, direction), ...view.unclear(podClass, direction)]) {
    const rules = policy[direction] ?? [];
    for (let i = 0; i < rules.length; i++) {
      const { blocks: named } = rulePeers(rules, i);
      if (named !== undefined) blocks.push(named.block);
    }
  }
  for (const tier of ['admin', 'baseline'] as const) {
    for (const policy of tierPoliciesOf(view, tier, podClass)) {
      for (const rule of policy[direction]) {
        for (const peer of rule.peers) if (peer.kind === 'block') blocks.push(peer.block);
      }
    }
  }
  return blocks;
}
