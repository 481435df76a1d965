import type { Direction, NetworkPolicy, TierPeer, TierPolicy, TierRule } from '../model/objects.ts';
import type { View } from '../model/overlay.ts';
import { selects } from '../model/selector.ts';
import type { PodClass } from '../model/snapshot.ts';
import {
  ALL_CONNECTIONS,
  type Connections,
  intersectConnections,
  NO_CONNECTIONS,
  noConnections,
  subtractConnections,
  uniteConnections,
} from '../netset/connections.ts';
import { type Match, matchBlock, matchPods, portsAt } from './match.ts';
import { familiesOf, type PodPoint, type Point } from './point.ts';
import { OPEN_SIDE, policySide, type Side } from './policy-side.ts';

/**
 * Every outcome a connection may still have, as sets: where rules are certain the sets are disjoint;
 * where one is not, a connection is in several.
 */
interface Fate {
  readonly undecided: Connections;
  readonly allowed: Connections;
  readonly denied: Connections;
  /** Handed to the next tier by Pass. */
  readonly passed: Connections;
  readonly mixed: boolean;
  readonly reasons: readonly string[];
}

const START: Fate = {
  undecided: ALL_CONNECTIONS,
  allowed: NO_CONNECTIONS,
  denied: NO_CONNECTIONS,
  passed: NO_CONNECTIONS,
  mixed: false,
  reasons: [],
};

/**
 * One direction with tiers: admin policies by priority, then NetworkPolicies if they isolate the subject,
 * else the baseline tier, else everything (network-policy-api, v1alpha1 and v1alpha2). Where NetworkPolicies isolate it
 * for the other direction alone, what the baseline tier denies is unknown.
 */
export function tieredSide(
  view: View,
  subject: PodPoint,
  direction: Direction,
  peer: Point,
  policies: readonly NetworkPolicy[],
): Side {
  const admin = runTier(view, 'admin', subject, direction, peer, START);
  const handed = uniteConnections(admin.undecided, admin.passed);
  if (policies.length > 0) {
    const side = policySide(view, subject, direction, peer, policies);
    const deniable = subtractConnections(ALL_CONNECTIONS, side.allowed);
    return settle(
      admin,
      intersectConnections(handed, side.possible),
      intersectConnections(handed, deniable),
      side.mixed,
      side.reasons,
    );
  }
  const baseline = runTier(view, 'baseline', subject, direction, peer, { ...START, undecided: handed });
  const open = uniteConnections(baseline.undecided, baseline.passed);
  const allowed = uniteConnections(baseline.allowed, open);
  if (noConnections(baseline.denied) || view.isolating(subject.podClass, otherOf(direction)).length === 0) {
    return settle(admin, allowed, baseline.denied, baseline.mixed, baseline.reasons);
  }
  return settle(admin, handed, baseline.denied, baseline.mixed, [...baseline.reasons, HALF_ISOLATED]);
}

/**
 * The API lets NetworkPolicies decide for good about the pods they select, and hands on only the others; but a
 * NetworkPolicy isolates for a direction, and does not say anything of the other. Engines read it both ways.
 */
const HALF_ISOLATED =
  'the baseline tier denies it, and whether that tier counts for pods that NetworkPolicies select for the other direction alone is not settled';

function otherOf(direction: Direction): Direction {
  return direction === 'ingress' ? 'egress' : 'ingress';
}

/** The tier policies that select the class, earliest first. */
export function tierPoliciesOf(view: View, tier: TierPolicy['tier'], podClass: PodClass): TierPolicy[] {
  const found: TierPolicy[] = [];
  for (const policy of view.snapshot.tiers.values()) {
    if (policy.tier !== tier || podClass.hostNetwork) continue;
    if (selects(policy.namespaces, podClass.space.labels) && selects(policy.pods, podClass.labels)) {
      found.push(policy);
    }
  }
  return found.sort((a, b) => a.priority - b.priority || (a.name < b.name ? -1 : 1));
}

/** Whether a tier policy's peer matches an end. `networks` count for pods too, by the API's definition. */
export function matchTierPeer(view: View, peer: TierPeer, end: Point, subject: PodPoint): Match {
  switch (peer.kind) {
    case 'pods':
      return matchPods(peer, '', end);
    case 'block':
      return matchBlock(peer.block, end, familiesOf(subject), 'yes');
    case 'unknown':
      return 'unknown';
    case 'nodes': {
      if (end.kind !== 'addresses' || end.nodes.length === 0) return 'no';
      const matches = end.nodes.map((name) => {
        const node = view.snapshot.nodes.get(name);
        return node === undefined ? undefined : selects(peer.nodes, node.labels);
      });
      if (matches.includes(undefined)) return 'unknown';
      if (!matches.includes(true)) return 'no';
      return matches.includes(false) ? 'mixed' : 'yes';
    }
  }
}

function runTier(
  view: View,
  tier: TierPolicy['tier'],
  subject: PodPoint,
  direction: Direction,
  peer: Point,
  start: Fate,
): Fate {
  let fate = start;
  const policies = tierPoliciesOf(view, tier, subject.podClass);
  for (let i = 0; i < policies.length && !noConnections(fate.undecided); ) {
    const rank = (policies[i] as TierPolicy).priority;
    const equals = policies.slice(i).filter((policy) => policy.priority === rank);
    i += equals.length;
    const from = fate;
    const fates = equals.map((policy) => runRules(view, policy, subject, direction, peer, from));
    fate = fates.length === 1 ? (fates[0] as Fate) : joinEquals(fates, equals);
  }
  return fate;
}

function runRules(
  view: View,
  policy: TierPolicy,
  subject: PodPoint,
  direction: Direction,
  peer: Point,
  start: Fate,
): Fate {
  const destination = direction === 'ingress' ? subject : peer;
  let fate = start;
  policy[direction].forEach((rule, index) => {
    const match = bestMatch(rule.peers.map((one) => matchTierPeer(view, one, peer, subject)));
    if (match === 'no') return;
    const hit = intersectConnections(fate.undecided, portsAt(rule.ports, destination));
    if (noConnections(hit)) return;
    const reasons =
      match === 'yes'
        ? fate.reasons
        : [
            ...fate.reasons,
            `${policy.kind} ${policy.name} spec.${direction}[${index}]: whether it matches is not known`,
          ];
    fate = { ...strike(fate, rule, hit, match === 'yes'), mixed: fate.mixed || match === 'mixed', reasons };
  });
  return fate;
}

function strike(fate: Fate, rule: TierRule, hit: Connections, certain: boolean): Fate {
  const undecided = certain ? subtractConnections(fate.undecided, hit) : fate.undecided;
  switch (rule.action) {
    case 'allow':
      return { ...fate, undecided, allowed: uniteConnections(fate.allowed, hit) };
    case 'deny':
      return { ...fate, undecided, denied: uniteConnections(fate.denied, hit) };
    case 'pass':
      return { ...fate, undecided, passed: uniteConnections(fate.passed, hit) };
  }
}

/** Policies of equal priority: their order is undefined, so every outcome of any of them may come true. */
function joinEquals(fates: readonly Fate[], policies: readonly TierPolicy[]): Fate {
  const first = fates[0] as Fate;
  let joined = first;
  let undecided = first.undecided;
  for (const fate of fates.slice(1)) {
    joined = {
      undecided: joined.undecided,
      allowed: uniteConnections(joined.allowed, fate.allowed),
      denied: uniteConnections(joined.denied, fate.denied),
      passed: uniteConnections(joined.passed, fate.passed),
      mixed: joined.mixed || fate.mixed,
      reasons: [...joined.reasons, ...fate.reasons],
    };
    // Only what none of them decides goes on.
    undecided = intersectConnections(undecided, fate.undecided);
  }
  const names = policies.map((policy) => policy.name).join(' and ');
  const contested = overlaps(joined);
  const reasons = contested
    ? [
        ...joined.reasons,
        `${policies[0]?.kind} ${names} have the same priority ${policies[0]?.priority} and disagree`,
      ]
    : joined.reasons;
  return { ...joined, undecided, reasons };
}

function overlaps(fate: Fate): boolean {
  return (
    !noConnections(intersectConnections(fate.allowed, fate.denied)) ||
    !noConnections(intersectConnections(fate.allowed, fate.passed)) ||
    !noConnections(intersectConnections(fate.denied, fate.passed))
  );
}

function settle(
  admin: Fate,
  allowed: Connections,
  denied: Connections,
  mixed: boolean,
  reasons: readonly string[],
): Side {
  const mayAllow = uniteConnections(admin.allowed, allowed);
  const mayDeny = uniteConnections(admin.denied, denied);
  const certain = subtractConnections(mayAllow, mayDeny);
  if (certain === ALL_CONNECTIONS) return OPEN_SIDE;
  return {
    allowed: certain,
    possible: mayAllow,
    mixed: mixed || admin.mixed,
    reasons: noConnections(intersectConnections(mayAllow, mayDeny)) ? [] : [...admin.reasons, ...reasons],
  };
}

function bestMatch(matches: readonly Match[]): Match {
  if (matches.includes('yes')) return 'yes';
  if (matches.includes('mixed')) return 'mixed';
  return matches.includes('unknown') ? 'unknown' : 'no';
}
