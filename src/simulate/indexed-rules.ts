import type { Direction, NetworkPolicy, PodPeer, PolicyRule } from '../model/objects.ts';
import type { Block } from '../netset/addresses.ts';
import type { Point } from './point.ts';
import { rulePeers } from './rule-peers.ts';

/** One label peer of one rule, with its place for the sentence that names it. */
export interface PodEntry {
  readonly policy: NetworkPolicy;
  readonly rule: PolicyRule;
  readonly ruleIndex: number;
  readonly peer: PodPeer;
  readonly peerIndex: number;
}

/** The blocks of one rule. */
export interface BlockEntry {
  readonly policy: NetworkPolicy;
  readonly rule: PolicyRule;
  readonly ruleIndex: number;
  readonly block: Block;
  readonly peerIndex: number;
}

/**
 * The rules of many policies, sorted by what a peer must carry to match: in a namespace with hundreds of
 * policies nearly all peers ask for a label value that the other end does not have.
 */
export class IndexedRules {
  /** Rules without peers: they match everybody. */
  readonly open: { readonly policy: NetworkPolicy; readonly rule: PolicyRule }[] = [];
  readonly blocks: BlockEntry[] = [];
  readonly #byLabel = new Map<string, Map<string, PodEntry[]>>();
  /** Peers by labels that ask for no particular value. */
  readonly #loose: PodEntry[] = [];

  constructor(policies: readonly NetworkPolicy[], direction: Direction) {
    for (const policy of policies) {
      policy[direction]?.forEach((rule, ruleIndex, rules) => {
        if (rule.peers === 'any') {
          this.open.push({ policy, rule });
          return;
        }
        const { pods, blocks } = rulePeers(rules, ruleIndex);
        for (const { peer, index } of pods) this.#file({ policy, rule, ruleIndex, peer, peerIndex: index });
        if (blocks !== undefined) {
          this.blocks.push({ policy, rule, ruleIndex, block: blocks.block, peerIndex: blocks.index });
        }
      });
    }
  }

  /** The label peers that could match this end; each has still to be asked. */
  *candidates(end: Point): Iterable<PodEntry> {
    if (end.kind !== 'pods') return;
    yield* this.#loose;
    const { labels } = end.podClass;
    for (let i = 0; i < labels.length; i += 2) {
      const found = this.#byLabel.get(labels[i] as string)?.get(labels[i + 1] as string);
      if (found !== undefined) yield* found;
    }
  }

  #file(entry: PodEntry): void {
    const { problem, requirements } = entry.peer.pods;
    const asked = problem === undefined ? requirements.find(({ operator }) => operator === 'In') : undefined;
    if (asked === undefined) {
      this.#loose.push(entry);
      return;
    }
    const byValue = this.#byLabel.get(asked.key) ?? new Map<string, PodEntry[]>();
    this.#byLabel.set(asked.key, byValue);
    for (const value of new Set(asked.values)) {
      const entries = byValue.get(value);
      if (entries === undefined) byValue.set(value, [entry]);
      else entries.push(entry);
    }
  }
}

const indexed = {
  ingress: new WeakMap<readonly NetworkPolicy[], IndexedRules>(),
  egress: new WeakMap<readonly NetworkPolicy[], IndexedRules>(),
};

/** The rules of this list of policies, indexed once for as long as the list lives. */
export function indexedRules(policies: readonly NetworkPolicy[], direction: Direction): IndexedRules {
  let rules = indexed[direction].get(policies);
  if (rules === undefined) {
    rules = new IndexedRules(policies, direction);
    indexed[direction].set(policies, rules);
  }
  return rules;
}
