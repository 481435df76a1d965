/** Words that several rules use. */
import type { ServiceLoss } from '../evidence/service-losses.ts';
import type { Direction, NetworkPolicy, Peer, Service, Workload } from '../model/objects.ts';
import { workloadText } from '../model/objects.ts';
import type { View } from '../model/overlay.ts';
import { selectorText, selectsEverything } from '../model/selector.ts';
import type { PodClass } from '../model/snapshot.ts';
import { TRAITS } from '../model/traits.ts';
import {
  ALL_CONNECTIONS,
  type Connections,
  connectionsText,
  rangeCount,
  subtractConnections,
} from '../netset/connections.ts';
import { workloadsNamed } from '../simulate/ends.ts';

/** `NetworkPolicy default/redis`. */
export function policyText(policy: NetworkPolicy): string {
  return `NetworkPolicy ${policy.namespace}/${policy.name}`;
}

/** An order of names that is the same in every replica. */
export function compareTexts(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

const collator = new Intl.Collator('en', { numeric: true });

/** An order of sentences that is the same in every replica: `from[2]` before `from[10]`. */
export function compareSentences(a: string, b: string): number {
  return collator.compare(a, b) || compareTexts(a, b);
}

/** Names as a sentence lists them: each once, sorted. */
export function sortedTexts(names: Iterable<string>): string[] {
  return [...new Set(names)].sort(compareTexts);
}

/** Policies by name: the order in which a watch brought them means nothing. */
export function sortedPolicies(policies: readonly NetworkPolicy[]): NetworkPolicy[] {
  return policies.toSorted((a, b) => compareTexts(policyText(a), policyText(b)));
}

/** The policies by name, as reasons; of very many only the first. */
export function policiesText(policies: readonly NetworkPolicy[]): string[] {
  const named = sortedPolicies(policies).slice(0, 10).map(policyText);
  if (policies.length > named.length) named.push(`${policies.length - named.length} more NetworkPolicies`);
  return named;
}

/** `Service default/web`. */
export function serviceText(service: Service): string {
  return `Service ${service.namespace}/${service.name}`;
}

/** `default/web`: the workload as a person says it. */
export function shortText({ workload }: PodClass): string {
  return `${workload.namespace}/${workload.name}`;
}

/** Who needs what a Service no longer leads to: ` shop/web (env DB_URL) needs it.`; empty when nobody shows. */
export function neededText(losses: readonly ServiceLoss[]): string {
  const who = losses.map(({ client, source }) =>
    typeof client === 'string' || source.includes('/') ? source : `${shortText(client)} (${source})`,
  );
  const names = sortedTexts(who);
  return names.length === 0 ? '' : ` ${listText(names)} ${names.length === 1 ? 'needs' : 'need'} it.`;
}

/** `a`, `a and b`, `a, b and 3 more`. */
export function listText(items: readonly string[], most = 3): string {
  if (items.length <= 1) return items[0] ?? '';
  if (items.length > most) return `${items.slice(0, most).join(', ')} and ${items.length - most} more`;
  return `${items.slice(0, -1).join(', ')} and ${items.at(-1)}`;
}

/** `1 workload`, `3 workloads`. */
export function countText(count: number, thing: string): string {
  return `${count} ${thing}${count === 1 ? '' : 's'}`;
}

/** A peer as a person says it: `app=guestbook`, `every pod of the namespace`, `10.0.0.0/8`. */
export function peerText(peer: Peer): string {
  if (peer.kind === 'block') {
    const { cidr, except } = peer.block;
    return except.length === 0 ? cidr : `${cidr} except ${listText(except)}`;
  }
  const everyPod = selectsEverything(peer.pods);
  if (peer.namespaces === 'own') return everyPod ? 'the pods of the namespace' : selectorText(peer.pods);
  if (selectsEverything(peer.namespaces))
    return everyPod ? 'all pods of the cluster' : `${selectorText(peer.pods)} in any namespace`;
  const where = `namespaces with ${selectorText(peer.namespaces)}`;
  return everyPod ? `the pods of ${where}` : `${selectorText(peer.pods)} in ${where}`;
}

/** Peers read for a sentence that names three. */
const MOST_PEERS = 200;

/** Who these policies let through, together: `app=guestbook`, `anyone`; undefined when nobody. */
export function admittedText(policies: readonly NetworkPolicy[], direction: Direction): string | undefined {
  const peers = new Set<string>();
  let left = MOST_PEERS;
  for (const policy of sortedPolicies(policies)) {
    for (const rule of policy[direction] ?? []) {
      if (rule.peers === 'any') {
        if (rule.ports === 'any') return 'anyone';
        peers.add('anyone on some ports');
      } else {
        for (const peer of rule.peers) {
          if (left-- <= 0) return `${listText([...peers])} and others`;
          peers.add(peerText(peer));
        }
      }
    }
  }
  return peers.size === 0 ? undefined : listText([...peers]);
}

/** Connections as a person says them: `TCP 80`, `every port`, `every port but TCP 8888`. */
export function portsText(connections: Connections): string {
  const missing = subtractConnections(ALL_CONNECTIONS, connections);
  if (rangeCount(missing) === 0) return 'every port';
  return rangeCount(connections) > rangeCount(missing)
    ? `every port but ${rangesText(missing)}`
    : rangesText(connections);
}

/** As `listText`; a policy may name 10,000 ports, of which three are told. */
function rangesText(connections: Connections): string {
  const count = rangeCount(connections);
  if (count <= 3) return listText(connectionsText(connections));
  return `${connectionsText(connections, 3).join(', ')} and ${count - 3} more`;
}

/**
 * A workload as a command takes it: `shop/web`, or `'shop/web[Deployment]'` where the name alone is not clear.
 * Undefined when the shell could read anything else in it: owners may have any name.
 */
export function commandText(view: View, workload: Workload): string | undefined {
  const { namespace, name, kind } = workload;
  const plain = `${namespace}/${name}`;
  if (!PLAIN.test(namespace) || !PLAIN.test(name) || !PLAIN.test(kind)) return undefined;
  const space = view.snapshot.spaces.get(namespace);
  if (space === undefined) return undefined;
  const pod = space.pods.get(name);
  const meant = pod === undefined ? workloadsNamed(space, name) : [pod.workload];
  return meant.every((one) => one.name === name && one.kind === kind) ? plain : `'${workloadText(workload)}'`;
}

const PLAIN = /^[a-z0-9][-a-z0-9.]*$/i;

/** Whether rules of this direction let everything through. */
export function admitsAll(policy: NetworkPolicy, direction: Direction): boolean {
  return (policy.makeup.traits & (direction === 'ingress' ? TRAITS.openIngress : TRAITS.openEgress)) !== 0;
}

/** `spec.ingress[0].from[1]`. */
export function pathText(direction: Direction, rule: number, peer?: number): string {
  const base = `spec.${direction}[${rule}]`;
  return peer === undefined ? base : `${base}.${peersField(direction)}[${peer}]`;
}

/** The field that lists the peers of a policy rule. */
export function peersField(direction: Direction): 'from' | 'to' {
  return direction === 'ingress' ? 'from' : 'to';
}
