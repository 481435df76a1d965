import type { Direction, NetworkPolicy } from '../model/objects.ts';
import type { View } from '../model/overlay.ts';
import { selectsEverything } from '../model/selector.ts';
import type { Rule } from './rule.ts';
import { admitsAll, admittedText, countText, policyText } from './text.ts';

const CLUSTER = `apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: web}]}
`;
const POLICY = `apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: all, namespace: shop}
spec:
`;

export const namespaceIsolated: Rule = {
  id: 'namespace-isolated',
  title: 'A whole namespace isolated',
  kinds: ['NetworkPolicy'],
  operations: ['CREATE', 'UPDATE'],
  severity: 'medium',
  action: 'warn',
  needs: 'model',
  aspects: ['wholeNamespace'],
  summary: 'An empty podSelector selects every pod of the namespace, and isolates them all.',
  why: 'podSelector: {} reads like "nothing" and means "everything". It is right for a deny-by-default policy, and an outage when it is a slip.',
  fix: 'If one workload is meant, write its labels in podSelector. If the whole namespace is meant, make sure that policies allow what it needs before this one is applied.',
  limits: [
    'A deny-by-default policy is good practice and is reported too: the rule cannot know what is meant. Set it to note for those who know.',
    'Nothing is said when another policy isolates the whole namespace in that direction already, or when the policy allows everything.',
    'A note where other policies isolate each of the pods there are already: then only pods to come are affected.',
  ],
  examples: {
    good: [
      {
        title: 'One workload selected',
        cluster: CLUSTER,
        operation: 'CREATE',
        manifest: `${POLICY}  podSelector: {matchLabels: {app: web}}\n`,
        findings: [],
      },
      {
        title: 'Everything selected, everything allowed',
        cluster: CLUSTER,
        operation: 'CREATE',
        manifest: `${POLICY}  podSelector: {}\n  ingress: [{}]\n`,
        findings: [],
      },
      {
        title: 'The allows came first: a note',
        cluster: `${CLUSTER}---\n${POLICY.replace('name: all', 'name: web')}  podSelector: {matchLabels: {app: web}}\n  ingress: [{ports: [{port: 80}]}]\n`,
        operation: 'CREATE',
        manifest: `${POLICY}  podSelector: {}\n`,
        findings: [
          {
            subject: 'NetworkPolicy shop/all',
            severity: 'info',
            message:
              'selects every pod of namespace shop and isolates it for ingress; other policies isolate its 1 workload already.',
          },
        ],
      },
    ],
    bad: [
      {
        title: 'An empty podSelector',
        cluster: CLUSTER,
        operation: 'CREATE',
        manifest: `${POLICY}  podSelector: {}\n`,
        findings: [
          {
            subject: 'NetworkPolicy shop/all',
            message:
              'selects every pod of namespace shop (1 workload) and isolates it for ingress: nobody may open connections to its pods.',
          },
        ],
      },
      {
        title: 'Both directions, with one client',
        cluster: CLUSTER,
        operation: 'CREATE',
        manifest: `${POLICY}  podSelector: {}
  policyTypes: [Ingress, Egress]
  ingress: [{from: [{podSelector: {matchLabels: {app: web}}}]}]
`,
        findings: [
          {
            subject: 'NetworkPolicy shop/all',
            message:
              'selects every pod of namespace shop (1 workload) and isolates it for ingress and egress: only app=web may open connections to its pods; its pods may open no connections.',
          },
        ],
      },
    ],
  },
  *check({ change, before, after, snapshot }) {
    const policy = change.after;
    if (policy?.kind !== 'NetworkPolicy' || !selectsEverything(policy.subject)) return;
    const directions = (['ingress', 'egress'] as const).filter(
      (direction) =>
        policy[direction] !== undefined &&
        !admitsAll(policy, direction) &&
        !isolatesAll(before, policy.namespace, direction),
    );
    if (directions.length === 0) return;
    const space = snapshot.spaces.get(policy.namespace);
    const workloads = new Set(
      space === undefined ? [] : after.classes(space).map(({ workload }) => workload.kind + workload.name),
    );
    const isolated =
      space !== undefined &&
      workloads.size > 0 &&
      after.classes(space).every((one) => directions.every((each) => before.isolating(one, each).length > 0));
    if (isolated) {
      yield {
        subject: policyText(policy),
        severity: 'info',
        message: `selects every pod of namespace ${policy.namespace} and isolates it for ${directions.join(' and ')}; other policies isolate ${workloads.size === 1 ? 'its 1 workload' : `all ${workloads.size} workloads`} already.`,
        because: [`${policyText(policy)} spec.podSelector is empty`],
      };
      return;
    }
    yield {
      subject: policyText(policy),
      message: `selects every pod of namespace ${policy.namespace} (${workloads.size === 0 ? 'no workload so far' : countText(workloads.size, 'workload')}) and isolates it for ${directions.join(' and ')}: ${directions.map((direction) => allowedText(policy, direction)).join('; ')}.`,
      because: [`${policyText(policy)} spec.podSelector is empty`],
    };
  },
};

function isolatesAll(view: View, namespace: string, direction: Direction): boolean {
  for (const policy of view.policies(namespace)) {
    if (policy[direction] !== undefined && selectsEverything(policy.subject)) return true;
  }
  return false;
}

function allowedText(policy: NetworkPolicy, direction: Direction): string {
  const peers = admittedText([policy], direction);
  if (direction === 'ingress') {
    return peers === undefined
      ? 'nobody may open connections to its pods'
      : `only ${peers} may open connections to its pods`;
  }
  return peers === undefined
    ? 'its pods may open no connections'
    : `its pods may open connections only to ${peers}`;
}
