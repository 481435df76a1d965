import type { Direction, PolicyRule } from '../model/objects.ts';
import type { View } from '../model/overlay.ts';
import { hasConnection, type Protocol } from '../netset/connections.ts';
import type { Verdict } from './contract.ts';
import { matchPeer, portsAt, portsAtBlock } from './match.ts';
import type { PodPoint, Point } from './point.ts';
import { peerPath, sideOf } from './side.ts';
import { matchTierPeer, tierPoliciesOf } from './tiers.ts';

/** One direction's verdict on one connection, and what decides it. */
export interface SideVerdict {
  readonly verdict: Verdict;
  /** Policies with the paths of the rules that allow (or may), or all that isolate when none does. */
  readonly because: readonly string[];
  readonly reasons: readonly string[];
}

/** The verdict of one end's policies, with the policies, rules and peers by path. */
export function explainSide(
  view: View,
  subject: PodPoint,
  direction: Direction,
  peer: Point,
  port: number,
  protocol: Protocol,
): SideVerdict {
  const side = sideOf(view, subject, direction, peer);
  const allowed = hasConnection(side.allowed, protocol, port);
  const verdict: Verdict = allowed
    ? 'allowed'
    : hasConnection(side.possible, protocol, port)
      ? 'unknown'
      : 'denied';
  const tiers = tierReasons(view, subject, direction, peer, port, protocol);
  if (tiers.final) return { verdict, because: tiers.because, reasons: side.reasons };
  const policies = [
    ...view.isolating(subject.podClass, direction),
    ...view.unclear(subject.podClass, direction),
  ];
  const because = [...tiers.because];
  const blocks = view.snapshot.cni.blocksMatchPods;
  const destination = direction === 'ingress' ? subject : peer;
  for (const policy of policies) {
    const name = `NetworkPolicy ${policy.namespace}/${policy.name}`;
    (policy[direction] ?? []).forEach((rule: PolicyRule, index) => {
      const byLabel = hasConnection(portsAt(rule.ports, destination), protocol, port);
      const byBlock = hasConnection(portsAtBlock(rule.ports, subject, direction), protocol, port);
      if (!byLabel) return;
      if (rule.peers === 'any') {
        because.push(`${name} ${peerPath(direction, index)}`);
        return;
      }
      rule.peers.forEach((one, place) => {
        if (one.kind === 'block' && !byBlock) return;
        const match = matchPeer(one, policy.namespace, peer, subject, blocks);
        if (match === 'yes' || (verdict === 'unknown' && match !== 'no')) {
          because.push(`${name} ${peerPath(direction, index, place)}`);
        }
      });
    });
  }
  if (because.length === 0) {
    for (const policy of policies) because.push(`NetworkPolicy ${policy.namespace}/${policy.name}`);
  }
  return { verdict, because, reasons: verdict === 'unknown' ? side.reasons : [] };
}

/** The tier rules that speak of this connection, and whether the admin tier settles it. */
function tierReasons(
  view: View,
  subject: PodPoint,
  direction: Direction,
  peer: Point,
  port: number,
  protocol: Protocol,
): { because: string[]; final: boolean } {
  const because: string[] = [];
  if (view.snapshot.tiers.size === 0) return { because, final: false };
  const destination = direction === 'ingress' ? subject : peer;
  const isolated = view.isolating(subject.podClass, direction).length > 0;
  for (const tier of ['admin', 'baseline'] as const) {
    if (tier === 'baseline' && isolated) break;
    let ended: number | undefined;
    for (const policy of tierPoliciesOf(view, tier, subject.podClass)) {
      if (ended !== undefined && policy.priority !== ended) break;
      for (let index = 0; index < policy[direction].length; index++) {
        const rule = policy[direction][index];
        if (rule === undefined || !hasConnection(portsAt(rule.ports, destination), protocol, port)) continue;
        const matches = rule.peers.map((one) => matchTierPeer(view, one, peer, subject));
        if (matches.every((match) => match === 'no')) continue;
        because.push(`${policy.kind} ${policy.name} spec.${direction}[${index}] (${rule.action})`);
        if (matches.includes('yes')) {
          ended = policy.priority;
          if (tier === 'admin' && rule.action !== 'pass') return { because, final: true };
          break;
        }
      }
    }
  }
  return { because, final: false };
}
