import type { DaemonSetFacts } from '../../model/objects.ts';
import { ENFORCES, findDaemonSet, imagePath, type Plugin, seen, traceOf } from './plugin.ts';

const NODE = /(^|\/)(mirrored-)?(calico[-/]node|cnx-node|hardened-calico)(-windows)?$/;
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
    if (isCanal(found)) return undefined;
    return seen('Calico', 'policy', found, ENFORCES, 'which enforces ingress and egress policies', [CAVEAT]);
  },
};

/** Whether one DaemonSet runs both. */
export function isCanal({ images }: DaemonSetFacts): boolean {
  const paths = images.map(imagePath);
  return paths.some((path) => NODE.test(path)) && paths.some((path) => FLANNEL.test(path));
}

/** Canal: Flannel's network and Calico's policy in one DaemonSet. */
export const canal: Plugin = {
  name: 'Canal',
  recognise: (facts) => {
    const found = facts.daemonSets.find(isCanal);
    if (found === undefined) return undefined;
    const why = 'Flannel with the policy engine of Calico, which enforces ingress and egress policies';
    return seen('Canal', 'policy', found, ENFORCES, why, [CAVEAT]);
  },
};
