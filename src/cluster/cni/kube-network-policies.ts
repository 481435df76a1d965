import { ENFORCES, findDaemonSet, type Plugin, seen } from './plugin.ts';

const IMAGE = /(^|\/)kube-network-policies$/;

/** kube-network-policies (SIG Network): a policy engine beside any network. Measured with packets on 0.1.0. */
export const kubeNetworkPolicies: Plugin = {
  name: 'kube-network-policies',
  recognise: (facts) => {
    const found = findDaemonSet(facts, ['kube-network-policies'], IMAGE);
    if (found === undefined) return undefined;
    return seen(
      'kube-network-policies',
      'policy',
      found,
      ENFORCES,
      'which enforces ingress and egress policies',
    );
  },
};
