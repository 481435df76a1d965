/** Words that several rules use. */
import type { Direction, NetworkPolicy, Peer, Service } from '../model/objects.ts';
import { selectorText, selectsEverything } from '../model/selector.ts';
import type { PodClass } from '../model/snapshot.ts';

/** `NetworkPolicy default/redis`. */
export function policyText(policy: NetworkPolicy): string {
  return `NetworkPolicy ${policy.namespace}/${policy.name}`;
}

/** The policies by name, as reasons; of very many only the first. */
export function policiesText(policies: readonly NetworkPolicy[]): string[] {
  const named = policies.slice(0, 10).map(policyText);
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
  for (const policy of policies) {
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

/** Whether rules of this direction let everything through. */
export function admitsAll(policy: NetworkPolicy, direction: Direction): boolean {
  return (policy[direction] ?? []).some((rule) => rule.peers === 'any' && rule.ports === 'any');
}

/** `spec.ingress[0].from[1]`. */
export function pathText(direction: Direction, rule: number, peer?: number): string {
  const base = `spec.${direction}[${rule}]`;
  return peer === undefined ? base : `${base}.${direction === 'ingress' ? 'from' : 'to'}[${peer}]`;
}
