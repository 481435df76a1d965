import type { Direction, NetworkPolicy } from '../model/objects.ts';
import { selectsEverything } from '../model/selector.ts';
import type { Rule } from './rule.ts';
import { admitsAll, compareTexts, policyText, sortedPolicies } from './text.ts';
import { deployment, policy, policyFrom } from './worlds/manifests.ts';

const CLUSTER = deployment('shop/db', 'app: db') + deployment('shop/web', 'app: web');
const OPEN = policy('shop/open', '  podSelector: {}\n  ingress: [{}]\n');
const DB = policyFrom('shop/db', 'app: db', 'podSelector: {matchLabels: {app: web}}');

export const redundant: Rule = {
  id: 'redundant',
  title: 'Policy that changes nothing',
  kinds: ['NetworkPolicy'],
  operations: ['CREATE', 'UPDATE'],
  severity: 'low',
  action: 'warn',
  needs: 'model',
  aspects: ['beside'],
  summary: 'Another policy allows everything for all the pods this one selects: this one has no effect.',
  why: 'Policies add up. Beside one that allows everything, a strict policy restricts nobody, and looks as if it did.',
  fix: 'Narrow or delete the policy that allows everything.',
  limits: [
    'Only policies that allow everything in a direction are looked for, not those that happen to allow the same.',
    'Policies with an empty podSelector are meant for pods to come and are not reported.',
  ],
  examples: {
    good: [
      { title: 'Alone', cluster: CLUSTER, operation: 'CREATE', manifest: DB, findings: [] },
      {
        title: 'The policy that allows everything is for other pods',
        cluster: CLUSTER + OPEN.replace('podSelector: {}', 'podSelector: {matchLabels: {app: web}}'),
        operation: 'CREATE',
        manifest: DB,
        findings: [],
      },
    ],
    bad: [
      {
        title: 'Beside a policy that allows everything',
        cluster: CLUSTER + OPEN,
        operation: 'CREATE',
        manifest: DB,
        findings: [
          {
            subject: 'NetworkPolicy shop/db',
            message:
              'has no effect for ingress: NetworkPolicy shop/open allows everything for the pods it selects, and policies add up.',
          },
        ],
      },
      {
        title: 'Widened to pods that another policy opens',
        cluster: CLUSTER + OPEN.replace('podSelector: {}', 'podSelector: {matchLabels: {app: web}}') + DB,
        operation: 'UPDATE',
        manifest: DB.replace('{matchLabels: {app: db}}', '{matchLabels: {app: web}}'),
        findings: [
          {
            subject: 'NetworkPolicy shop/db',
            message:
              'has no effect for ingress: NetworkPolicy shop/open allows everything for the pods it selects, and policies add up.',
          },
        ],
      },
    ],
  },
  *check({ change, simulation }) {
    const policy = change.after;
    if (policy?.kind !== 'NetworkPolicy' || selectsEverything(policy.subject)) return;
    for (const direction of ['ingress', 'egress'] as const) {
      if (policy[direction] === undefined || admitsAll(policy, direction)) continue;
      const opener = openerOf(policy, direction, simulation.subjects);
      if (opener === undefined) continue;
      yield {
        subject: policyText(policy),
        message: `has no effect for ${direction}: ${policyText(opener)} allows everything for the pods it selects, and policies add up.`,
        because: [policyText(opener)],
      };
    }
  },
};

/** The policy, first by name, that opens some of the subjects, when every subject has one; undefined otherwise. */
function openerOf(
  policy: NetworkPolicy,
  direction: Direction,
  subjects: readonly { readonly ingress: Lists; readonly egress: Lists }[],
): NetworkPolicy | undefined {
  let first: NetworkPolicy | undefined;
  for (const subject of subjects) {
    const { after } = subject[direction];
    if (!after.includes(policy)) continue;
    const openers = after.filter((other) => other !== policy && admitsAll(other, direction));
    const opener = sortedPolicies(openers)[0];
    if (opener === undefined) return undefined;
    if (first === undefined || compareTexts(opener.name, first.name) < 0) first = opener;
  }
  return first;
}

interface Lists {
  readonly after: readonly NetworkPolicy[];
}
