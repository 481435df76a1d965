import { ENFORCES, findDaemonSet, imagePath, type Plugin, seen, traceOf } from './plugin.ts';

const NODE = /(^|\/)(mirrored-)?(calico[-/]node|cnx-node|hardened-calico)$/;
const FLANNEL = /(^|\/)(mirrored-)?(flannelcni-|hardened-)?flannel$/;
const CAVEAT =
  'Calico’s own GlobalNetworkPolicy and NetworkPolicy kinds can override what a NetworkPolicy says.';

/** Calico (projectcalico.org): enforces everything, alone or as the policy engine of another network. */
export const calico: Plugin = {
  name: 'Calico',
  recognise: (facts) => {
    const found = findDaemonSet(facts, ['calico-node'], NODE);
    if (found === undefined) {
      return (
        traceOf('Calico', facts, 'crd.projectcalico.org') ?? traceOf('Calico', facts, 'projectcalico.org')
      );
    }
    if (found.images.some((image) => FLANNEL.test(imagePath(image)))) return undefined;
    return seen('Calico', 'policy', found, ENFORCES, 'which enforces ingress and egress policies', [CAVEAT]);
  },
};

/** Canal: Flannel's network and Calico's policy in one DaemonSet. */
export const canal: Plugin = {
  name: 'Canal',
  recognise: (facts) => {
    const found = facts.daemonSets.find(
      ({ images }) =>
        images.some((image) => NODE.test(imagePath(image))) &&
        images.some((image) => FLANNEL.test(imagePath(image))),
    );
    if (found === undefined) return undefined;
    const why = 'Flannel with the policy engine of Calico, which enforces ingress and egress policies';
    return seen('Canal', 'policy', found, ENFORCES, why, [CAVEAT]);
  },
};
