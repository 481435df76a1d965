import { argument, ENFORCES, findDaemonSet, IGNORES, type Plugin, seen, traceOf } from './plugin.ts';

const NAMES = ['ovnkube-node', 'ovnkube-single-node-zone', 'ovnkube-node-dpu'];
const IMAGE = /(^|\/)(ovn-daemonset(-[a-z]+)?|ovn-kubernetes|ovn-kube(-[a-z]+)?)$/;

/** OVN-Kubernetes, the network of OpenShift. */
export const ovnKubernetes: Plugin = {
  name: 'OVN-Kubernetes',
  recognise: (facts) => {
    const found = findDaemonSet(facts, NAMES, IMAGE);
    if (found === undefined) return traceOf('OVN-Kubernetes', facts, 'k8s.ovn.org');
    if (argument(found, '--no-network-policy') !== undefined) {
      return seen('OVN-Kubernetes', 'policy', found, IGNORES, 'with policies switched off');
    }
    return seen('OVN-Kubernetes', 'policy', found, ENFORCES, 'which enforces ingress and egress policies');
  },
};
