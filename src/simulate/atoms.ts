import type { TierPeer } from '../model/objects.ts';
import type { View } from '../model/overlay.ts';
import { type Addresses, type Block, LAST_V4, LAST_V6 } from '../netset/addresses.ts';

/** Every block that a policy of the view names, each text once. */
export function namedBlocks(view: View): Block[] {
  const blocks = new Map<string, Block>();
  const see = (peer: TierPeer): void => {
    if (peer.kind === 'block') blocks.set(`${peer.block.cidr}-${peer.block.except.join()}`, peer.block);
  };
  for (const space of view.snapshot.spaces.values()) {
    for (const policy of view.policies(space.name)) {
      for (const rules of [policy.ingress, policy.egress]) {
        for (const rule of rules ?? []) if (rule.peers !== 'any') rule.peers.forEach(see);
      }
    }
  }
  for (const policy of view.snapshot.tiers.values()) {
    for (const rule of [...policy.ingress, ...policy.egress]) rule.peers.forEach(see);
  }
  return [...blocks.values()];
}

/**
 * All addresses, cut at every edge of a block: no two pieces overlap, and a block holds a piece whole or not
 * at all. Each family apart, in address order.
 */
export function atomsOf(blocks: readonly Block[]): { v4: Addresses[]; v6: Addresses[] } {
  const starts4 = new Set<number>([0]);
  const starts6 = new Set<bigint>([0n]);
  for (const { addresses } of blocks) {
    addresses.v4.forEach((edge, i) => {
      const start = i % 2 === 0 ? edge : edge + 1;
      if (start <= LAST_V4) starts4.add(start);
    });
    addresses.v6.forEach((edge, i) => {
      const start = i % 2 === 0 ? edge : edge + 1n;
      if (start <= LAST_V6) starts6.add(start);
    });
  }
  const sorted4 = [...starts4].sort((a, b) => a - b);
  const sorted6 = [...starts6].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
  return {
    v4: sorted4.map((start, i) => ({ v4: [start, (sorted4[i + 1] ?? LAST_V4 + 1) - 1], v6: [] })),
    v6: sorted6.map((start, i) => ({ v4: [], v6: [start, (sorted6[i + 1] ?? LAST_V6 + 1n) - 1n] })),
  };
}
