import { selects } from '../model/selector.ts';
import type { Snapshot } from '../model/snapshot.ts';
import { type Rule, unchecked } from './rule.ts';
import { countText, listText, policyText, shortText, sortedTexts } from './text.ts';
import { deployment, policy } from './worlds/manifests.ts';

const NETWORKS = 'metadata: {annotations: {k8s.v1.cni.cncf.io/networks: storage/fast}, labels';
const FAST = deployment('shop/db', 'app: db').replace('metadata: {labels', NETWORKS);
const CLUSTER = FAST + deployment('shop/web', 'app: web');
const POLICY = (app: string) => policy('shop/closed', `  podSelector: {matchLabels: {app: ${app}}}\n`);
const MULTI = `---
apiVersion: k8s.cni.cncf.io/v1beta1
kind: MultiNetworkPolicy
metadata: {name: fast, namespace: shop}
`;
const COVERING = 'MultiNetworkPolicy';

export const secondaryNetworkBypass: Rule = {
  id: 'secondary-network-bypass',
  title: 'A second network that no policy covers',
  kinds: ['NetworkPolicy'],
  operations: ['CREATE', 'UPDATE'],
  severity: 'medium',
  action: 'warn',
  needs: 'model',
  summary: 'The policy selects pods with additional networks (Multus): there it does nothing.',
  why: 'A NetworkPolicy holds for the main interface of a pod. What comes in or goes out over a bridge, VLAN, IPVLAN or MACVLAN interface passes, and the policy looks as if it did not.',
  fix: 'Write MultiNetworkPolicies for the additional networks where the cluster supports them, restrict those networks themselves, or take the pods off them.',
  limits: [
    'Only networks that the annotation k8s.v1.cni.cncf.io/networks names are known, not those a default configuration adds.',
    'Where the namespace has a MultiNetworkPolicy the rule cannot know: Portent does not read its rules.',
    'Pods that the old policy selected already are not reported again.',
  ],
  examples: {
    good: [
      {
        title: 'Pods with one network',
        cluster: CLUSTER,
        operation: 'CREATE',
        manifest: POLICY('web'),
        findings: [],
      },
      {
        title: 'The pods were selected before',
        cluster: CLUSTER + POLICY('db'),
        operation: 'UPDATE',
        manifest: `${POLICY('db')}  ingress:\n  - ports: [{port: 5432}]\n`,
        findings: [],
      },
      {
        title: 'Policies for additional networks in the namespace',
        cluster: CLUSTER + MULTI,
        operation: 'CREATE',
        manifest: POLICY('db'),
        findings: [],
        unchecked:
          'shop/db also has network storage/fast, and Portent does not read whether a MultiNetworkPolicy of namespace shop covers it',
      },
    ],
    bad: [
      {
        title: 'A database with a storage network',
        cluster: CLUSTER,
        operation: 'CREATE',
        manifest: POLICY('db'),
        findings: [
          {
            subject: 'NetworkPolicy shop/closed',
            message:
              'shop/db also has network storage/fast: the policy holds for the main interface alone, and what passes over the other is not policed.',
          },
        ],
      },
      {
        title: 'A policy widened to such pods, networks written as JSON',
        cluster:
          FAST.replace('storage/fast', `'[{"name": "fast"}, {"name": "slow", "namespace": "storage"}]'`) +
          deployment('shop/web', 'app: web') +
          POLICY('web'),
        operation: 'UPDATE',
        manifest: POLICY('web').replace('{matchLabels: {app: web}}', '{}'),
        findings: [
          {
            subject: 'NetworkPolicy shop/closed',
            message:
              'shop/db also has network shop/fast, storage/slow: the policy holds for the main interface alone, and what passes over the other is not policed.',
          },
        ],
      },
    ],
  },
  check({ change, simulation, snapshot }) {
    const { before: old, after: policy } = change;
    if (policy?.kind !== 'NetworkPolicy') return [];
    const names = new Set<string>();
    const networks = new Set<string>();
    for (const { podClass } of simulation.subjects) {
      const of = podClass.pods[0]?.networks ?? '';
      if (of === '' || !selects(policy.subject, podClass.labels)) continue;
      if (old?.kind === 'NetworkPolicy' && selects(old.subject, podClass.labels)) continue;
      names.add(shortText(podClass));
      networks.add(of);
    }
    if (names.size === 0) return [];
    const who = listText(sortedTexts(names));
    const fact = `${who} also ${names.size === 1 ? 'has' : 'have'} network ${listText(sortedTexts(networks))}`;
    if (maybeCovered(snapshot, policy.namespace)) {
      return unchecked(
        `${fact}, and Portent does not read whether a MultiNetworkPolicy of namespace ${policy.namespace} covers it`,
      );
    }
    return [
      {
        subject: policyText(policy),
        message: `${fact}: the policy holds for the main interface alone, and what passes over the other is not policed.`,
        because: [`annotation k8s.v1.cni.cncf.io/networks of ${countText(names.size, 'workload')}`],
      },
    ];
  },
};

/** Whether the namespace has a policy for additional networks, or may have one that could not be read. */
function maybeCovered({ foreign, health }: Snapshot, namespace: string): boolean {
  if (health.missing?.some((label) => label.startsWith(`${COVERING}.`)) === true) return true;
  for (const policy of foreign.values()) {
    if (policy.kind === COVERING && policy.namespace === namespace) return true;
  }
  return false;
}
