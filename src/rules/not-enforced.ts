import type { Direction } from '../model/objects.ts';
import { type Rule, unchecked } from './rule.ts';
import { policyText } from './text.ts';

const POLICY = `apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: redis, namespace: default}
spec:
  podSelector: {matchLabels: {app: redis}}
  policyTypes: [Ingress]
`;

export const notEnforced: Rule = {
  id: 'not-enforced',
  title: 'Policy that nothing enforces',
  kinds: ['NetworkPolicy'],
  operations: ['CREATE', 'UPDATE'],
  severity: 'high',
  action: 'warn',
  needs: 'object',
  summary:
    "The cluster's network plug-in does not enforce NetworkPolicy: the policy is stored and does nothing.",
  why: 'Kubernetes stores policies whether or not anything acts on them. Who believes in a policy that is not enforced leaves a door open.',
  fix: 'Install a plug-in that enforces NetworkPolicy (Calico, Cilium, Antrea, …). If this is a mistake, state the truth in the configuration under cni.',
  limits: [
    'How policies are enforced is found out from what runs in the cluster. Where that does not settle it the rule says that it does not know.',
    'Some plug-ins enforce only one direction; the finding then names it.',
  ],
  examples: {
    good: [
      {
        title: 'A plug-in that enforces',
        cluster: '',
        operation: 'CREATE',
        manifest: POLICY,
        enforces: 'yes',
        findings: [],
      },
      {
        title: 'An unknown plug-in is no reason to object',
        cluster: '',
        operation: 'CREATE',
        manifest: POLICY,
        findings: [],
        unchecked:
          'whether the network plug-in (unknown) enforces policies is not known; state it in the configuration under cni',
      },
    ],
    bad: [
      {
        title: 'A plug-in without policies',
        cluster: '',
        operation: 'CREATE',
        manifest: POLICY,
        enforces: 'no',
        findings: [
          {
            subject: 'NetworkPolicy default/redis',
            message:
              'the network plug-in (example) does not enforce ingress policies: this one is stored and does nothing.',
          },
        ],
      },
      {
        title: 'Both directions, neither enforced',
        cluster: '',
        operation: 'CREATE',
        manifest: POLICY.replace('[Ingress]', '[Ingress, Egress]'),
        enforces: 'no',
        findings: [
          {
            subject: 'NetworkPolicy default/redis',
            message:
              'the network plug-in (example) does not enforce ingress and egress policies: this one is stored and does nothing.',
          },
        ],
      },
    ],
  },
  check({ change, snapshot }) {
    const policy = change.after;
    if (policy?.kind !== 'NetworkPolicy') return [];
    const { cni } = snapshot;
    const used = (['ingress', 'egress'] as const).filter((direction) => policy[direction] !== undefined);
    const state = (direction: Direction) =>
      direction === 'ingress' ? cni.enforcesIngress : cni.enforcesEgress;
    const dead = used.filter((direction) => state(direction) === 'no');
    if (dead.length > 0) {
      const nothing =
        dead.length === used.length
          ? 'this one is stored and does nothing'
          : `its ${dead[0]} rules do nothing`;
      return [
        {
          subject: policyText(policy),
          message: `the network plug-in (${cni.name}) does not enforce ${dead.join(' and ')} policies: ${nothing}.`,
          because: cni.evidence,
        },
      ];
    }
    if (used.some((direction) => state(direction) === 'unknown')) {
      return unchecked(
        `whether the network plug-in (${cni.name}) enforces policies is not known; state it in the configuration under cni`,
      );
    }
    return [];
  },
};
