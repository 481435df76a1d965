import { type Abilities, ENFORCES, findDaemonSet, IGNORES, type Plugin, seen } from './plugin.ts';

const ABILITIES: Abilities = { ...ENFORCES, blocksMatchPods: 'unknown' };

/** Azure Network Policy Manager. */
export const azureNpm: Plugin = {
  name: 'Azure NPM',
  recognise: (facts) => {
    const found = findDaemonSet(facts, ['azure-npm'], /(^|\/)azure-npm$/);
    if (found === undefined) return undefined;
    return seen('Azure NPM', 'policy', found, ABILITIES, 'which enforces ingress and egress policies', [
      'Microsoft retires Azure NPM in favour of Cilium (Linux nodes: September 2028).',
    ]);
  },
};

/** Azure CNI itself: a network whose policies are the business of Azure NPM, Calico or Cilium. */
export const azureCni: Plugin = {
  name: 'Azure CNI',
  recognise: (facts) => {
    const found = findDaemonSet(facts, ['azure-cns'], /(^|\/)azure-cns$/);
    if (found === undefined) return undefined;
    return seen('Azure CNI', 'network', found, IGNORES, 'a network without policy of its own', [
      'Turn on a policy engine for the AKS cluster (az aks update --network-policy).',
    ]);
  },
};
