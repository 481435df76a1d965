import type { NetworkPolicy } from './objects.ts';
import type { Selector } from './selector.ts';

/** A pod selector of a policy, and whose pods it looks at: its own namespace's (near) or any's (far). */
export interface PolicySelector {
  readonly selector: Selector;
  readonly reach: 'near' | 'far';
}

/** Every pod selector of the policy, the subject's first. */
export function policySelectors(policy: NetworkPolicy): PolicySelector[] {
  const found: PolicySelector[] = [{ selector: policy.subject, reach: 'near' }];
  for (const rules of [policy.ingress, policy.egress]) {
    for (const rule of rules ?? []) {
      if (rule.peers === 'any') continue;
      for (const peer of rule.peers) {
        if (peer.kind !== 'pods') continue;
        found.push({ selector: peer.pods, reach: peer.namespaces === 'own' ? 'near' : 'far' });
      }
    }
  }
  return found;
}
