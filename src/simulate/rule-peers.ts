import type { PodPeer, PolicyRule } from '../model/objects.ts';
import { type Block, mergeAddresses } from '../netset/addresses.ts';

/** The peers of a rule as matching wants them: label peers one by one, all blocks as one. */
export interface RulePeers {
  readonly pods: readonly { readonly peer: PodPeer; readonly index: number }[];
  /** What any of the rule's blocks covers. A rule may name ten thousand; one set answers for all. */
  readonly blocks: { readonly block: Block; readonly index: number } | undefined;
}

const known = new WeakMap<PolicyRule, RulePeers>();
const NOBODY: RulePeers = Object.freeze({ pods: Object.freeze([]), blocks: undefined });

/** The peers of a rule, sorted once for as long as the rule lives. Empty for a rule that matches everybody. */
export function rulePeers(rule: PolicyRule): RulePeers {
  if (rule.peers === 'any') return NOBODY;
  let peers = known.get(rule);
  if (peers === undefined) {
    peers = sorted(rule.peers);
    known.set(rule, peers);
  }
  return peers;
}

function sorted(peers: Exclude<PolicyRule['peers'], 'any'>): RulePeers {
  const pods: { peer: PodPeer; index: number }[] = [];
  const blocks: Block[] = [];
  let first = -1;
  peers.forEach((peer, index) => {
    if (peer.kind === 'pods') pods.push({ peer, index });
    else {
      blocks.push(peer.block);
      if (first < 0) first = index;
    }
  });
  const [only] = blocks;
  if (only === undefined) return { pods, blocks: undefined };
  if (blocks.length === 1) return { pods, blocks: { block: only, index: first } };
  const addresses = mergeAddresses(blocks.map((block) => block.addresses));
  return { pods, blocks: { block: { cidr: only.cidr, except: only.except, addresses }, index: first } };
}
