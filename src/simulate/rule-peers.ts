import type { PodPeer, PolicyRule } from '../model/objects.ts';
import { type Block, mergeAddresses } from '../netset/addresses.ts';

/** The peers of a rule as matching wants them: label peers one by one, all blocks as one. */
export interface RulePeers {
  readonly pods: readonly { readonly peer: PodPeer; readonly index: number }[];
  /** What any of the rule's blocks covers. A rule may name ten thousand; one set answers for all. */
  readonly blocks: { readonly block: Block; readonly index: number } | undefined;
}

/** By the place of the rule: one entry for a list of rules, which may be 12,000. */
const known = new WeakMap<readonly PolicyRule[], (RulePeers | undefined)[]>();
const NOBODY: RulePeers = Object.freeze({ pods: Object.freeze([]), blocks: undefined });

/** The peers of one of the rules, sorted once for as long as the rules live. Empty for a rule that matches everybody. */
export function rulePeers(rules: readonly PolicyRule[], place: number): RulePeers {
  const written = rules[place]?.peers ?? 'any';
  if (written === 'any') return NOBODY;
  let all = known.get(rules);
  if (all === undefined) {
    all = [];
    known.set(rules, all);
  }
  let peers = all[place];
  if (peers === undefined) {
    peers = sorted(written);
    all[place] = peers;
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
