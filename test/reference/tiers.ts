/**
 * The tiers around NetworkPolicy (row 21), for one connection: of each policy the first rule that matches counts,
 * of the policies the one with the lowest number. Where two of the same number would say different things, and
 * where a peer is of a form nobody can match here, every outcome is possible.
 */
import { holds } from './address.ts';
import type { NodeObject, TierObject, TierPeerObject, TierPortObject, TierRuleObject } from './objects.ts';

export type Outcome = 'allow' | 'deny' | 'pass' | 'none';

/** What a tier is asked about. */
export interface Question {
  readonly direction: 'ingress' | 'egress';
  readonly subject: Labelled;
  /** The other end; no labels when it is no pod that policies can select. */
  readonly peer: { readonly labelled?: Labelled; readonly address?: string; readonly node?: NodeObject };
  /** Ports of the destination by name; empty for an address. */
  readonly named: readonly { readonly name: string; readonly protocol: string; readonly port: number }[];
  readonly port: number;
  readonly protocol: string;
}

export interface Labelled {
  readonly labels: Readonly<Record<string, string>>;
  readonly namespaceLabels: Readonly<Record<string, string>>;
}

type Selects = (selector: NonNullable<TierPeerObject['namespaces']>, labels: Labelled['labels']) => boolean;

/** Everything the tier may come to for this connection. */
export function outcomesOf(
  policies: readonly TierObject[],
  tier: 'admin' | 'baseline',
  asked: Question,
  selects: Selects,
): Set<Outcome> {
  const here = policies.filter(
    (policy) => tierOf(policy) === tier && isMeant(policy.spec.subject, asked.subject, selects),
  );
  const numbers = [...new Set(here.map(numberOf))].sort((a, b) => a - b);
  const outcomes = new Set<Outcome>();
  for (const number of numbers) {
    const each = here.filter((policy) => numberOf(policy) === number);
    const said = each.map((policy) => policyOutcomes(policy, asked, selects));
    // Any of them may be asked first; all have to be silent for the next number to be asked.
    for (const one of said) for (const outcome of one) if (outcome !== 'none') outcomes.add(outcome);
    if (!said.every((one) => one.has('none'))) return outcomes;
  }
  return outcomes.add('none');
}

function policyOutcomes(policy: TierObject, asked: Question, selects: Selects): Set<Outcome> {
  const outcomes = new Set<Outcome>();
  for (const rule of policy.spec[asked.direction] ?? []) {
    const matches = ruleMatches(rule, asked, selects);
    if (matches === false) continue;
    outcomes.add(ACTIONS[rule.action]);
    if (matches === true) return outcomes;
  }
  return outcomes.add('none');
}

const ACTIONS = { Allow: 'allow', Accept: 'allow', Deny: 'deny', Pass: 'pass' } as const;

function ruleMatches(rule: TierRuleObject, asked: Question, selects: Selects): boolean | 'unknown' {
  const { ports = [] } = rule;
  if (ports.length > 0 && !ports.some((entry) => portMatches(entry, asked))) return false;
  const peers = (asked.direction === 'ingress' ? rule.from : rule.to) ?? [];
  const answers = peers.map((peer) => peerMatches(peer, asked, selects));
  if (answers.includes(true)) return true;
  return answers.includes('unknown') ? 'unknown' : false;
}

function portMatches(entry: TierPortObject, { named, port, protocol }: Question): boolean {
  if (entry.namedPort !== undefined) {
    return named.some(
      (one) => one.name === entry.namedPort && one.port === port && one.protocol === protocol,
    );
  }
  if (entry.portRange !== undefined) {
    const { start, end } = entry.portRange;
    return entry.portRange.protocol === protocol && port >= start && port <= end;
  }
  return entry.portNumber?.protocol === protocol && entry.portNumber.port === port;
}

function peerMatches(peer: TierPeerObject, { peer: end }: Question, selects: Selects): boolean | 'unknown' {
  if (peer.domainNames !== undefined) return 'unknown';
  if (peer.networks !== undefined) {
    const { address } = end;
    return address !== undefined && peer.networks.some((cidr) => holds(cidr, address));
  }
  if (peer.nodes !== undefined) {
    return end.node !== undefined && selects(peer.nodes, end.node.metadata.labels ?? {});
  }
  return end.labelled !== undefined && isMeant(peer, end.labelled, selects);
}

function isMeant(who: Pick<TierPeerObject, 'namespaces' | 'pods'>, end: Labelled, selects: Selects): boolean {
  if (who.namespaces !== undefined) return selects(who.namespaces, end.namespaceLabels);
  if (who.pods === undefined) return false;
  return (
    selects(who.pods.namespaceSelector, end.namespaceLabels) && selects(who.pods.podSelector, end.labels)
  );
}

function tierOf({ kind, spec }: TierObject): 'admin' | 'baseline' {
  if (kind === 'AdminNetworkPolicy') return 'admin';
  if (kind === 'BaselineAdminNetworkPolicy') return 'baseline';
  return spec.tier === 'Baseline' ? 'baseline' : 'admin';
}

/** The baseline of the older version is alone and has no number. */
function numberOf({ spec }: TierObject): number {
  return spec.priority ?? 0;
}
