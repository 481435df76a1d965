import type { NetworkPolicy } from './objects.ts';
import type { Selector } from './selector.ts';

/** A pod selector of a policy, and whose pods it looks at: its own namespace's (near) or any's (far). */
export interface PolicySelector {
  readonly selector: Selector;
  readonly reach: 'near' | 'far';
}

/** Every pod selector of the policy, the subject's first. */
export function policySelectors(policy: NetworkPolicy): PolicySelector[] {
  const found: PolicySelector[] = [];
  eachPolicySelector(policy, (selector, reach) => found.push({ selector, reach }));
  return found;
}

/** The same without a list: a policy may have 24,000. */
export function eachPolicySelector(
  { subject, ingress, egress }: NetworkPolicy,
  see: (selector: Selector, reach: PolicySelector['reach']) => void,
): void {
  see(subject, 'near');
  for (const rules of [ingress, egress]) {
    for (const rule of rules ?? []) {
      if (rule.peers === 'any') continue;
      for (const peer of rule.peers) {
        if (peer.kind === 'pods') see(peer.pods, peer.namespaces === 'own' ? 'near' : 'far');
      }
    }
  }
}
