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
  'The setting enable-policy in its ConfigMap could not be looked at: with the value never, nothing is enforced.';
const ALWAYS =
  'Its setting enable-policy is always: pods that no policy selects are isolated too, which Portent does not count in.';

/** Cilium, also as AKS and EKS ship it, alone or chained to another network. */
export const cilium: Plugin = {
  name: 'Cilium',
  recognise: (facts) => {
    const found = findDaemonSet(facts, ['cilium'], IMAGE);
    if (found === undefined) return traceOf('Cilium', facts, 'cilium.io');
    if (found.name === 'anetd') return undefined;
    const mode = argument(found, '--enable-policy') ?? facts.settings?.get('cilium-config/enable-policy');
    if (mode === 'never') {
      const why = 'with enable-policy set to never, so that it enforces nothing';
      return seen('Cilium', 'policy', found, IGNORES, why, [
        'Set policyEnforcementMode to default in the values of Cilium’s chart.',
      ]);
    }
    if (facts.settings?.get('cilium-config/enable-k8s-networkpolicy') === 'false') {
      const why = 'with enable-k8s-networkpolicy set to false, so that it enforces its own kinds only';
      return seen('Cilium', 'policy', found, IGNORES, why, [
        'Set k8sNetworkPolicy.enabled to true in the values of Cilium’s chart.',
      ]);
    }
    const why =
      mode === undefined
        ? 'which enforces ingress and egress policies unless told not to'
        : `which enforces ingress and egress policies (enable-policy is ${mode})`;
    const sctp = facts.settings?.get('cilium-config/enable-sctp');
    const abilities =
      sctp === undefined ? ABILITIES : ({ ...ABILITIES, sctp: sctp === 'true' ? 'yes' : 'no' } as const);
    const notes = mode === undefined ? [UNSEEN] : mode === 'always' ? [ALWAYS] : [];
    return seen('Cilium', 'policy', found, abilities, why, [CAVEAT, ...notes]);
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
