import { isCanal } from './calico.ts';
import { findDaemonSet, IGNORES, type Plugin, seen } from './plugin.ts';

const IMAGE = /(^|\/)(mirrored-)?(flannelcni-|flannel-io-|hardened-)?flannel$/;
const NAMES = ['kube-flannel-ds', 'kube-flannel-ds-amd64', 'kube-flannel', 'flannel'];

/** Flannel: a network only. Its chart can add kube-network-policies, which is recognised by itself. */
export const flannel: Plugin = {
  name: 'Flannel',
  recognise: (facts) => {
    const found = findDaemonSet(facts, NAMES, IMAGE);
    if (found === undefined || isCanal(found)) return undefined;
    return seen('Flannel', 'network', found, IGNORES, 'a network without policy', [
      'Flannel needs a policy engine beside it: kube-network-policies (netpol.enabled in its chart), or Calico (Canal).',
    ]);
  },
};
