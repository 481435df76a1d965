import type { Direction, NetworkPolicy, PolicyRule } from '../model/objects.ts';
import type { View } from '../model/overlay.ts';
import {
  ALL_CONNECTIONS,
  allConnections,
  type Connections,
  NO_CONNECTIONS,
  uniteConnections,
} from '../netset/connections.ts';
import { type BlocksMatchPods, matchPeer, portsAt } from './match.ts';
import type { PodPoint, Point } from './point.ts';
import { tieredSide } from './tiers.ts';

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

/** What the policies of `subject` let through between it and `peer`. */
export function sideOf(view: View, subject: PodPoint, direction: Direction, peer: Point): Side {
  const policies = view.isolating(subject.podClass, direction);
  if (view.snapshot.tiers.size > 0) return tieredSide(view, subject, direction, peer, policies);
  return policies.length === 0 ? OPEN_SIDE : policySide(view, subject, direction, peer, policies);
}

/** What these NetworkPolicies together let through: the union of their rules, in no order. */
export function policySide(
  view: View,
  subject: PodPoint,
  direction: Direction,
  peer: Point,
  policies: readonly NetworkPolicy[],
): Side {
  const blocks = view.snapshot.cni.blocksMatchPods;
  const destination = direction === 'ingress' ? subject : peer;
  let allowed = NO_CONNECTIONS;
  let maybe = NO_CONNECTIONS;
  let mixed = false;
  let reasons: string[] | undefined;
  for (const policy of policies) {
    const rules = policy[direction] ?? [];
    for (let i = 0; i < rules.length; i++) {
      const rule = rules[i] as PolicyRule;
      if (rule.peers === 'any') {
        allowed = uniteConnections(allowed, portsAt(rule.ports, destination));
        continue;
      }
      for (let j = 0; j < rule.peers.length; j++) {
        const match = matchPeer(
          rule.peers[j] as (typeof rule.peers)[number],
          policy.namespace,
          peer,
          subject,
          blocks,
        );
        if (match === 'no') continue;
        if (match === 'yes') {
          allowed = uniteConnections(allowed, portsAt(rule.ports, destination));
          continue;
        }
        mixed ||= match === 'mixed';
        maybe = uniteConnections(maybe, portsAt(rule.ports, destination));
        reasons ??= [];
        reasons.push(unknownReason(policy, direction, i, j, blocks));
      }
    }
    if (allowed === ALL_CONNECTIONS || allConnections(allowed)) return OPEN_SIDE;
  }
  if (reasons === undefined) return { allowed, possible: allowed, reasons: NO_REASONS, mixed };
  return { allowed, possible: uniteConnections(allowed, maybe), reasons, mixed };
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
