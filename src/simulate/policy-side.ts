import type { Direction, NetworkPolicy, Peer, PodPeer, PolicyRule } from '../model/objects.ts';
import type { View } from '../model/overlay.ts';
import type { Block } from '../netset/addresses.ts';
import {
  ALL_CONNECTIONS,
  allConnections,
  type Connections,
  NO_CONNECTIONS,
  type Protocol,
  rangeCount,
  uniteAll,
  uniteConnections,
} from '../netset/connections.ts';
import { indexedRules } from './indexed-rules.ts';
import {
  type BlocksMatchPods,
  blockDestination,
  type Match,
  matchBlock,
  matchPods,
  opensAt,
  portsAt,
} from './match.ts';
import { familiesOf, type PodPoint, type Point } from './point.ts';
import { rulePeers } from './rule-peers.ts';

/** The one connection that is asked about: then a side holds either this one, and whatever else, or nothing. */
export interface Wanted {
  readonly protocol: Protocol;
  readonly port: number;
}

/** What one end's policies let through in one direction. */
export interface Side {
  /** Certainly let through. */
  readonly allowed: Connections;
  /** Let through for all that is known; holds `allowed`. */
  readonly possible: Connections;
  readonly reasons: readonly string[];
  /** Some of the peer's pods or addresses are treated unlike the others: ask for them apart. */
  readonly mixed: boolean;
}

const NO_REASONS: readonly string[] = Object.freeze([]);

export const OPEN_SIDE: Side = Object.freeze({
  allowed: ALL_CONNECTIONS,
  possible: ALL_CONNECTIONS,
  reasons: NO_REASONS,
  mixed: false,
});

const CLOSED_SIDE: Side = Object.freeze({
  allowed: NO_CONNECTIONS,
  possible: NO_CONNECTIONS,
  reasons: NO_REASONS,
  mixed: false,
});

/** Below so many policies, asking each peer is quicker than looking it up. */
const FEW = 6;

/** What these NetworkPolicies together let through: the union of their rules, in no order. */
export function policySide(
  view: View,
  subject: PodPoint,
  direction: Direction,
  peer: Point,
  policies: readonly NetworkPolicy[],
  wanted?: Wanted,
): Side {
  const sum = new Sum(view, subject, direction, peer, wanted);
  // Another list than the view's own is asked as it is: the index knows only the view's.
  if (policies.length < FEW || policies !== view.isolating(subject.podClass, direction)) {
    for (let i = 0; i < policies.length && !sum.full; i++) sum.askAll(policies[i] as NetworkPolicy);
    return sum.side();
  }
  const { stored, replaced, added } = view.isolation(subject.podClass, direction);
  for (const policy of added) sum.askAll(policy);
  // The index belongs to the snapshot's list, so it is built once and serves every view.
  const rules = indexedRules(stored, direction);
  for (const { policy, rule } of rules.open) if (!replaced.has(policy.name)) sum.allow(rule);
  for (const { policy, rule, ruleIndex, peer: one, peerIndex } of rules.candidates(peer)) {
    if (sum.full) return OPEN_SIDE;
    if (!replaced.has(policy.name)) sum.askPods(policy, rule, ruleIndex, one, peerIndex);
  }
  for (const { policy, rule, ruleIndex, block, peerIndex } of rules.blocks) {
    if (sum.full) return OPEN_SIDE;
    if (!replaced.has(policy.name)) sum.askBlock(policy, rule, ruleIndex, block, peerIndex);
  }
  return sum.side();
}

/** The union of what rules let through, as it grows. */
class Sum {
  readonly #blocks: BlocksMatchPods;
  readonly #subject: PodPoint;
  readonly #direction: Direction;
  readonly #peer: Point;
  readonly #destination: Point;
  readonly #wanted: Wanted | undefined;
  readonly #allowed = new Union();
  /** Made with the first doubt: most sides have none. */
  #maybe: Union | undefined;
  #mixed = false;
  #reasons: string[] | undefined;

  constructor(view: View, subject: PodPoint, direction: Direction, peer: Point, wanted: Wanted | undefined) {
    this.#blocks = view.snapshot.cni.blocksMatchPods;
    this.#subject = subject;
    this.#direction = direction;
    this.#peer = peer;
    this.#destination = direction === 'ingress' ? subject : peer;
    this.#wanted = wanted;
  }

  get full(): boolean {
    return this.#allowed.full;
  }

  allow(rule: PolicyRule): void {
    this.#allowed.add(this.#portsOf(rule, this.#destination));
  }

  #portsOf({ ports }: PolicyRule, destination: Point): Connections {
    const wanted = this.#wanted;
    if (wanted === undefined) return portsAt(ports, destination);
    return opensAt(ports, destination, wanted.protocol, wanted.port) ? ALL_CONNECTIONS : NO_CONNECTIONS;
  }

  askAll(policy: NetworkPolicy): void {
    const rules = policy[this.#direction] ?? [];
    for (let i = 0; i < rules.length && !this.full; i++) {
      const rule = rules[i] as PolicyRule;
      if (rule.peers === 'any') {
        this.allow(rule);
        continue;
      }
      if (rule.peers.length === 1) {
        this.#askOnly(policy, rule, i, rule.peers[0] as Peer);
        continue;
      }
      const { pods, blocks } = rulePeers(rules, i);
      if (this.#peer.kind === 'pods') {
        for (const { peer, index } of pods) this.askPods(policy, rule, i, peer, index);
      }
      if (blocks !== undefined) this.askBlock(policy, rule, i, blocks.block, blocks.index);
    }
  }

  /** There is nothing to sort, and a policy may have 12,000 such rules: to keep something for each takes longer. */
  #askOnly(policy: NetworkPolicy, rule: PolicyRule, ruleIndex: number, peer: Peer): void {
    if (peer.kind === 'block') this.askBlock(policy, rule, ruleIndex, peer.block, 0);
    else if (this.#peer.kind === 'pods') this.askPods(policy, rule, ruleIndex, peer, 0);
  }

  askPods(
    policy: NetworkPolicy,
    rule: PolicyRule,
    ruleIndex: number,
    peer: PodPeer,
    peerIndex: number,
  ): void {
    const match = matchPods(peer, policy.namespace, this.#peer);
    if (match === 'yes') this.allow(rule);
    else if (match !== 'no') {
      this.#doubt(match, this.#portsOf(rule, this.#destination), policy, ruleIndex, peerIndex);
    }
  }

  askBlock(
    policy: NetworkPolicy,
    rule: PolicyRule,
    ruleIndex: number,
    block: Block,
    peerIndex: number,
  ): void {
    const match = matchBlock(block, this.#peer, familiesOf(this.#subject), this.#blocks);
    if (match === 'no') return;
    const connections = this.#portsOf(rule, blockDestination(this.#subject, this.#direction));
    if (match === 'yes') this.#allowed.add(connections);
    else this.#doubt(match, connections, policy, ruleIndex, peerIndex);
  }

  #doubt(
    match: Match,
    connections: Connections,
    policy: NetworkPolicy,
    ruleIndex: number,
    peerIndex: number,
  ): void {
    if (this.#wanted !== undefined && connections === NO_CONNECTIONS) return;
    this.#mixed ||= match === 'mixed';
    this.#maybe ??= new Union();
    this.#maybe.add(connections);
    this.#reasons ??= [];
    // Enough to see why; a policy may have thousands of rules.
    if (this.#reasons.length < MOST_REASONS) {
      this.#reasons.push(unknownReason(policy, this.#direction, ruleIndex, peerIndex, match));
    }
  }

  side(): Side {
    const allowed = this.#allowed.sum();
    if (this.full) return OPEN_SIDE;
    if (this.#maybe === undefined || this.#reasons === undefined) {
      if (allowed === NO_CONNECTIONS) return CLOSED_SIDE;
      return { allowed, possible: allowed, reasons: NO_REASONS, mixed: false };
    }
    const possible = uniteConnections(allowed, this.#maybe.sum());
    return { allowed, possible, reasons: this.#reasons, mixed: this.#mixed };
  }
}

/** Past so many ranges a sum is not made anew with each set: 12,000 rules may have a port each. */
const LARGE = 64;

/** A union of sets that come one by one. */
class Union {
  #sum = NO_CONNECTIONS;
  /** What is still to be added to a large sum. */
  #late: Connections[] | undefined;

  /** Whether it is known to be everything. */
  get full(): boolean {
    return allConnections(this.#sum);
  }

  add(set: Connections): void {
    if (set === ALL_CONNECTIONS || rangeCount(this.#sum) < LARGE) {
      this.#sum = uniteConnections(this.#sum, set);
      return;
    }
    this.#late ??= [];
    // All peers of a rule add the same.
    if (this.#late.at(-1) !== set) this.#late.push(set);
  }

  sum(): Connections {
    if (this.#late !== undefined) {
      this.#sum = uniteAll([this.#sum, ...this.#late]);
      this.#late = undefined;
    }
    return this.#sum;
  }
}

const MOST_REASONS = 8;

function unknownReason(
  policy: NetworkPolicy,
  direction: Direction,
  rule: number,
  peer: number,
  match: Match,
): string {
  const at = `NetworkPolicy ${policy.namespace}/${policy.name} ${peerPath(direction, rule, peer)}`;
  const rules = policy[direction]?.[rule];
  const written = rules?.peers === 'any' ? undefined : rules?.peers[peer];
  if (written?.kind === 'pods') return `${at} has an invalid selector; what it selects is not known`;
  if (match === 'unknown') {
    return `${at} is an ipBlock that covers the address of a pod or node; whether the network plug-in matches it is not known`;
  }
  return `${at} covers only some of the addresses`;
}

/** `spec.ingress[1].from[0]`. */
export function peerPath(direction: Direction, rule: number, peer?: number): string {
  const base = `spec.${direction}[${rule}]`;
  if (peer === undefined) return base;
  return `${base}.${direction === 'ingress' ? 'from' : 'to'}[${peer}]`;
}
