import { argument, ENFORCES, findDaemonSet, IGNORES, type Plugin, seen } from './plugin.ts';

/** Both measured with packets on 2.9.0. */
const DEVIATIONS = [
  'In a pod with two named ports, addresses allowed to one of them reach the other too.',
  'Within one policy rule, an except of a later block undoes an earlier block that allowed the same address.',
];

/** kube-router: its firewall enforces, unless it is switched off. */
export const kubeRouter: Plugin = {
  name: 'kube-router',
  recognise: (facts) => {
    const found = findDaemonSet(facts, ['kube-router'], /(^|\/)kube-router$/);
    if (found === undefined) return undefined;
    if (argument(found, '--run-firewall') === 'false') {
      return seen(
        'kube-router',
        'network',
        found,
        IGNORES,
        'with --run-firewall=false, so that it enforces nothing',
        ['Start kube-router with --run-firewall=true.'],
      );
    }
    const why = 'whose firewall enforces ingress and egress policies';
    return seen('kube-router', 'policy', found, ENFORCES, why, DEVIATIONS);
  },
};
