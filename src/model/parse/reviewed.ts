import type { NetworkPolicy, Service } from '../objects.ts';
import type { Selector } from '../selector.ts';
import { parseNetworkPolicy } from './policy.ts';
import { parseService } from './service.ts';
import { isFields } from './wire.ts';

/**
 * The object of an AdmissionReview, read leniently: the API server has validated it, or stored it long ago by older
 * rules. `object` is undefined when it is no JSON object; `problems` names invalid selectors, which select nothing.
 */
export function parseReviewed(raw: unknown, kind: 'NetworkPolicy'): Reviewed<NetworkPolicy>;
export function parseReviewed(raw: unknown, kind: 'Service'): Reviewed<Service>;
export function parseReviewed(
  raw: unknown,
  kind: 'NetworkPolicy' | 'Service',
): Reviewed<NetworkPolicy | Service>;
export function parseReviewed(
  raw: unknown,
  kind: 'NetworkPolicy' | 'Service',
): Reviewed<NetworkPolicy | Service> {
  if (!isFields(raw)) return { problems: ['the object is missing'] };
  const object = kind === 'NetworkPolicy' ? parseNetworkPolicy(raw) : parseService(raw);
  return { object, problems: selectorProblems(object) };
}

export interface Reviewed<T> {
  readonly object?: T;
  readonly problems: readonly string[];
}

/** What is wrong with the selectors of a stored object, each with its place, in words. */
export function selectorProblems(object: NetworkPolicy | Service): string[] {
  const found: string[] = [];
  const look = (selector: Selector | 'own' | undefined, place: string): void => {
    if (selector !== undefined && selector !== 'own' && selector.problem !== undefined) {
      found.push(`${place}: ${selector.problem}`);
    }
  };
  if (object.kind === 'Service') {
    look(object.selector, 'spec.selector');
    return found;
  }
  look(object.subject, 'spec.podSelector');
  for (const [section, peersField] of [
    ['ingress', 'from'],
    ['egress', 'to'],
  ] as const) {
    object[section]?.forEach(({ peers }, i) => {
      if (peers === 'any') return;
      peers.forEach((peer, n) => {
        if (peer.kind !== 'pods') return;
        const place = `spec.${section}[${i}].${peersField}[${n}]`;
        look(peer.namespaces, `${place}.namespaceSelector`);
        look(peer.pods, `${place}.podSelector`);
      });
    });
  }
  return found;
}
