import type { Cni, Direction, NetworkPolicy, Tristate } from '../model/objects.ts';
import { selects } from '../model/selector.ts';
import type { Snapshot } from '../model/snapshot.ts';
import { type Rule, type Statement, unchecked } from './rule.ts';
import { countText, listText, policyText, sortedTexts } from './text.ts';

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
  aspects: ['unenforced'],
  summary:
    "The cluster's network plug-in does not enforce NetworkPolicy: the policy is stored and does nothing.",
  why: 'Kubernetes stores policies whether or not anything acts on them. Who believes in a policy that is not enforced leaves a door open.',
  fix: 'Install a plug-in that enforces NetworkPolicy (Calico, Cilium, Antrea, …). If this is a mistake, state the truth in the configuration under cni.',
  limits: [
    'How policies are enforced is found out from what runs in the cluster. Where that does not settle it the rule says that it does not know.',
    'Some plug-ins enforce only one direction, no port ranges or no SCTP; the finding then names it.',
    'Nodes that the plug-in does not serve are found by labels and where its DaemonSet may run, not by looking at them. Pods that come later are not seen.',
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
    const dead = used.filter((direction) => enforces(cni, direction) === 'no');
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
    const found = [...partsNotEnforced(policy, cni), ...poolsNotEnforced(policy, used, snapshot)];
    if (found.length > 0) return found;
    if (used.some((direction) => enforces(cni, direction) === 'unknown')) {
      return unchecked(
        `whether the network plug-in (${cni.name}) enforces policies is not known; state it in the configuration under cni`,
      );
    }
    return [];
  },
};

function enforces(
  { enforcesIngress, enforcesEgress }: Pick<Cni, 'enforcesIngress' | 'enforcesEgress'>,
  direction: Direction,
): Tristate {
  return direction === 'ingress' ? enforcesIngress : enforcesEgress;
}

/** Port ranges and SCTP, which some plug-ins that enforce the rest leave out. */
function* partsNotEnforced(policy: NetworkPolicy, cni: Cni): Iterable<Statement> {
  if (cni.enforcesEndPort !== 'no' && cni.enforcesSctp !== 'no') return;
  const ports = [...(policy.ingress ?? []), ...(policy.egress ?? [])].flatMap(({ ports: written }) =>
    written === 'any' ? [] : written,
  );
  const range = ports.find((port) => 'from' in port && port.from !== port.to && !isWhole(port));
  if (range !== undefined && 'from' in range && cni.enforcesEndPort === 'no') {
    yield {
      subject: policyText(policy),
      severity: 'medium',
      message: `the network plug-in (${cni.name}) knows no port ranges: of ${range.protocol} ${range.from}-${range.to} only port ${range.from} may count.`,
      because: cni.evidence,
      fix: 'Name each port, or use a plug-in that knows endPort.',
    };
  }
  if (ports.some(({ protocol }) => protocol === 'SCTP') && cni.enforcesSctp === 'no') {
    yield {
      subject: policyText(policy),
      severity: 'medium',
      message: `the network plug-in (${cni.name}) does not enforce rules for SCTP.`,
      because: cni.evidence,
      fix: 'Turn SCTP on in the plug-in, or do not rely on the rule.',
    };
  }
}

function isWhole({ from, to }: { readonly from: number; readonly to: number }): boolean {
  return from === 1 && to === 65535;
}

/** Pods of the policy on nodes that the plug-in does not serve. */
function* poolsNotEnforced(
  policy: NetworkPolicy,
  used: readonly Direction[],
  { cni, spaces }: Snapshot,
): Iterable<Statement> {
  if (cni.pools === undefined) return;
  const pods = [...(spaces.get(policy.namespace)?.pods.values() ?? [])].filter(
    (pod) => !pod.hostNetwork && selects(policy.subject, pod.labels),
  );
  for (const pool of cni.pools) {
    const dead = used.filter((direction) => enforces(pool, direction) === 'no');
    const bare = dead.length === 0 ? [] : pods.filter(({ node }) => pool.nodes.has(node));
    if (bare.length === 0) continue;
    const names = sortedTexts(bare.map(({ node }) => node));
    yield {
      subject: policyText(policy),
      message: `${bare.length} of its ${countText(pods.length, 'pod')} run on ${countText(names.length, 'node')} where ${dead.join(' and ')} policies are not enforced: ${listText(names)}.`,
      because: pool.evidence,
      fix: 'Keep these pods on nodes where the plug-in runs (nodeSelector), or run it there too.',
    };
  }
}
