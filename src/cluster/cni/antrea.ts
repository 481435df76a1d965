import { argument, ENFORCES, findDaemonSet, IGNORES, type Plugin, seen, traceOf } from './plugin.ts';

/** Antrea: enforces, also in its policy-only mode beside another network. */
export const antrea: Plugin = {
  name: 'Antrea',
  recognise: (facts) => {
    const found = findDaemonSet(
      facts,
      ['antrea-agent'],
      /(^|\/)antrea(-agent)?(-ubuntu|-ubi|-debian|-windows)?$/,
    );
    if (found === undefined) return traceOf('Antrea', facts, 'crd.antrea.io');
    if (/NetworkPolicy=false/.test(argument(found, '--feature-gates') ?? '')) {
      return seen('Antrea', 'policy', found, IGNORES, 'with its feature NetworkPolicy switched off');
    }
    return seen('Antrea', 'policy', found, ENFORCES, 'which enforces ingress and egress policies', [
      'Antrea’s own ClusterNetworkPolicy and NetworkPolicy kinds can override what a NetworkPolicy says.',
    ]);
  },
};
