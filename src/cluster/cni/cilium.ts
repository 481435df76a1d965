import {
  type Abilities,
  argument,
  ENFORCES,
  findDaemonSet,
  IGNORES,
  type Plugin,
  seen,
  traceOf,
} from './plugin.ts';

const IMAGE = /(^|\/)(mirrored-)?cilium([-/]cilium)?(-ubi)?$/;
/** Cilium gives pods identities, and its CIDR rules match only what has none. SCTP is off by default. */
const ABILITIES: Abilities = { ...ENFORCES, sctp: 'unknown', endPort: 'unknown', blocksMatchPods: 'no' };
const CAVEAT =
  'CiliumNetworkPolicy and CiliumClusterwideNetworkPolicy can override what a NetworkPolicy says.';
const UNSEEN =
  'The setting enable-policy in its ConfigMap is not looked at: with the value never, nothing is enforced.';

/** Cilium, also as AKS and EKS ship it, alone or chained to another network. */
export const cilium: Plugin = {
  name: 'Cilium',
  recognise: (facts) => {
    const found = findDaemonSet(facts, ['cilium'], IMAGE);
    if (found === undefined) return traceOf('Cilium', facts, 'cilium.io');
    if (found.name === 'anetd') return undefined;
    if (argument(found, '--enable-policy') === 'never') {
      return seen(
        'Cilium',
        'policy',
        found,
        IGNORES,
        'with --enable-policy=never, so that it enforces nothing',
        ['Set policyEnforcementMode to default in the values of Cilium’s chart.'],
      );
    }
    const why = 'which enforces ingress and egress policies unless told not to';
    return seen('Cilium', 'policy', found, ABILITIES, why, [CAVEAT, UNSEEN]);
  },
};

/** GKE Dataplane V2: Google's build of Cilium, as DaemonSet anetd. Always enforces. */
export const gkeDataplaneV2: Plugin = {
  name: 'GKE Dataplane V2',
  recognise: (facts) => {
    const found = facts.daemonSets.find(
      ({ name, namespace }) => name === 'anetd' && namespace === 'kube-system',
    );
    if (found === undefined) return undefined;
    const why = 'which enforces ingress and egress policies';
    return seen('GKE Dataplane V2', 'policy', found, ABILITIES, why);
  },
};
