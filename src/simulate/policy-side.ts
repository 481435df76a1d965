import type { Direction, NetworkPolicy, Peer, PolicyRule } from '../model/objects.ts';
import type { View } from '../model/overlay.ts';
import {
  ALL_CONNECTIONS,
  allConnections,
  type Connections,
  NO_CONNECTIONS,
  uniteConnections,
} from '../netset/connections.ts';
import { indexedRules } from './indexed-rules.ts';
import { type BlocksMatchPods, matchPeer, portsAt } from './match.ts';
import type { PodPoint, Point } from './point.ts';

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

/** Below so many policies, asking each peer is quicker than looking it up. */
const FEW = 6;

/** What these NetworkPolicies together let through: the union of their rules, in no order. */
export function policySide(
  view: View,
  subject: PodPoint,
  direction: Direction,
  peer: Point,
  policies: readonly NetworkPolicy[],
): Side {
  const sum = new Sum(view, subject, direction, peer);
  if (policies.length < FEW) {
    for (const policy of policies) sum.askAll(policy);
    return sum.side();
  }
  const { stored, replaced, added } = view.isolation(subject.podClass, direction);
  for (const policy of added) sum.askAll(policy);
  // The index belongs to the snapshot's list, so it is built once and serves every view.
  const rules = indexedRules(stored, direction);
  for (const { policy, rule } of rules.open) if (!replaced.has(policy.name)) sum.allow(rule);
  for (const entry of rules.candidates(peer)) {
    if (sum.full) return OPEN_SIDE;
    if (replaced.has(entry.policy.name)) continue;
    sum.ask(entry.policy, entry.rule, entry.ruleIndex, entry.peer, entry.peerIndex);
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
  #allowed = NO_CONNECTIONS;
  #maybe = NO_CONNECTIONS;
  #mixed = false;
  #reasons: string[] | undefined;

  constructor(view: View, subject: PodPoint, direction: Direction, peer: Point) {
    this.#blocks = view.snapshot.cni.blocksMatchPods;
    this.#subject = subject;
    this.#direction = direction;
    this.#peer = peer;
    this.#destination = direction === 'ingress' ? subject : peer;
  }

  get full(): boolean {
    return allConnections(this.#allowed);
  }

  allow(rule: PolicyRule): void {
    this.#allowed = uniteConnections(this.#allowed, portsAt(rule.ports, this.#destination));
  }

  askAll(policy: NetworkPolicy): void {
    const rules = policy[this.#direction] ?? [];
    for (let i = 0; i < rules.length && !this.full; i++) {
      const rule = rules[i] as PolicyRule;
      if (rule.peers === 'any') this.allow(rule);
      else for (let j = 0; j < rule.peers.length; j++) this.ask(policy, rule, i, rule.peers[j] as Peer, j);
    }
  }

  ask(policy: NetworkPolicy, rule: PolicyRule, ruleIndex: number, peer: Peer, peerIndex: number): void {
    const match = matchPeer(peer, policy.namespace, this.#peer, this.#subject, this.#blocks);
    if (match === 'no') return;
    if (match === 'yes') {
      this.allow(rule);
      return;
    }
    this.#mixed ||= match === 'mixed';
    this.#maybe = uniteConnections(this.#maybe, portsAt(rule.ports, this.#destination));
    this.#reasons ??= [];
    this.#reasons.push(unknownReason(policy, this.#direction, ruleIndex, peerIndex, this.#blocks));
  }

  side(): Side {
    const allowed = this.#allowed;
    if (this.full) return OPEN_SIDE;
    if (this.#reasons === undefined) return { allowed, possible: allowed, reasons: NO_REASONS, mixed: false };
    const possible = uniteConnections(allowed, this.#maybe);
    return { allowed, possible, reasons: this.#reasons, mixed: this.#mixed };
  }
}

function unknownReason(
  policy: NetworkPolicy,
  direction: Direction,
  rule: number,
  peer: number,
  blocks: BlocksMatchPods,
): string {
  const at = `NetworkPolicy ${policy.namespace}/${policy.name} ${peerPath(direction, rule, peer)}`;
  const rules = policy[direction]?.[rule];
  const written = rules?.peers === 'any' ? undefined : rules?.peers[peer];
  if (written?.kind === 'pods') return `${at} has an invalid selector; what it selects is not known`;
  if (blocks === 'unknown') {
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
