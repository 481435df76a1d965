/** What the rules about lost connections have in common. */
import type { Loss } from '../evidence/losses.ts';
import type { Caller, Grade } from '../evidence/need.ts';
import type { Judged } from '../model/change.ts';
import type { Direction, NetworkPolicy } from '../model/objects.ts';
import { admit, classPeer, type PatchOperation, type Wire } from './patch.ts';
import type { Severity } from './rule.ts';
import { admittedText, compareTexts, peersField, policyText, shortText, sortedPolicies } from './text.ts';

/** Findings that name somebody; the rest are counted in one more. */
export const MOST_NAMED = 4;

/** Who connects, as a person says it. */
export function callerText(caller: Caller): string {
  if (caller === 'outside') return 'clients outside the cluster';
  if (caller === 'ingress-controller') return 'the ingress controller';
  if (caller === 'load-balancer') return "the cloud's load balancer";
  return shortText(caller);
}

/** What is declared weighs more than what labels make likely. */
export function severityOf(grade: Grade): Severity {
  return grade === 'declared' ? 'high' : 'medium';
}

/** Whom the policies still let through. */
export function nowText(policies: readonly NetworkPolicy[], direction: Direction): string {
  const peers = admittedText(policies, direction);
  return peers === undefined
    ? 'nothing is allowed now'
    : `allowed now only ${peersField(direction)} ${peers}`;
}

/** The place where the missing rule belongs: in the policy that changed, if it is among those that decide. */
export function placeText(
  policies: readonly NetworkPolicy[],
  direction: Direction,
  changed: Judged | undefined,
): string {
  const place = policies.find((policy) => policy === changed) ?? sortedPolicies(policies)[0];
  return place === undefined ? `the ${direction} rules` : `the ${direction} rules of ${policyText(place)}`;
}

/** The missing peers, added to the changed policy; nothing when somebody in the group cannot be named by labels. */
export function patchOf(
  group: readonly Loss[],
  changed: Judged | undefined,
): { readonly patch?: readonly PatchOperation[] } {
  const [first] = group;
  if (first === undefined || changed?.kind !== 'NetworkPolicy' || !first.policies.includes(changed)) {
    return {};
  }
  const { direction } = first;
  const ends = group.map(({ need }) => (direction === 'ingress' ? need.from : need.to));
  const peers = wirePeers(changed.namespace, ends);
  if (peers === undefined) return {};
  const ports = new Map(group.map(({ need }) => [`${need.protocol}/${need.port}`, need]));
  return { patch: admit(changed, direction, peers, byKey(ports)) };
}

/** Peers as a policy of `home` writes them, each once, in order; undefined when labels cannot name one of them. */
export function wirePeers(home: string, ends: readonly Caller[]): Wire[] | undefined {
  const peers = new Map<string, Wire>();
  for (const end of ends) {
    const peer = typeof end === 'string' ? undefined : classPeer(home, end);
    if (peer === undefined) return undefined;
    peers.set(JSON.stringify(peer), peer);
  }
  return byKey(peers);
}

function byKey<T>(map: ReadonlyMap<string, T>): T[] {
  return [...map].sort(([a], [b]) => compareTexts(a, b)).map(([, value]) => value);
}
