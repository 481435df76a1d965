import { selectsEverything } from '../model/selector.ts';
import type { Rule } from './rule.ts';
import { admitsAll, policyText } from './text.ts';
import { deployment, policy } from './worlds/manifests.ts';

const WEB = deployment('shop/web', 'app: web');
const OPEN_WEB = policy('shop/web', '  podSelector: {matchLabels: {app: web}}\n  ingress: [{}]\n');

export const allowAll: Rule = {
  id: 'allow-all',
  title: 'Policy that allows everything',
  kinds: ['NetworkPolicy'],
  operations: ['CREATE', 'UPDATE'],
  severity: 'low',
  action: 'warn',
  needs: 'object',
  aspects: ['open'],
  summary:
    'A rule without peers and ports allows everything, and makes every other policy for these pods void.',
  why: 'Policies add up. One rule {} for a set of pods opens them for good, whatever the stricter policies beside it say.',
  fix: 'Name the peers and ports that are meant. To lift isolation on purpose, delete the policies that isolate.',
  limits: [
    'Allowing all egress, which is common beside strict ingress rules, is a note.',
    'A note, too, where the policy names the pods by a label and no other policy restricts them: then nothing is made void.',
  ],
  examples: {
    good: [
      {
        title: 'A rule with ports',
        cluster: '',
        operation: 'CREATE',
        manifest: policy('shop/web', '  podSelector: {}\n  ingress:\n  - ports: [{port: 80}]\n'),
        findings: [],
      },
      {
        title: 'A front end that nothing else restricts: a note',
        cluster: WEB,
        operation: 'CREATE',
        manifest: OPEN_WEB,
        findings: [
          {
            subject: 'NetworkPolicy shop/web',
            severity: 'info',
            message: 'allows all ingress of the pods it selects; stricter policies for them have no effect.',
          },
        ],
      },
    ],
    bad: [
      {
        title: 'A stricter policy for the same pods is made void',
        cluster: WEB + policy('shop/strict', '  podSelector: {}\n  ingress: [{from: [{podSelector: {}}]}]\n'),
        operation: 'CREATE',
        manifest: OPEN_WEB,
        findings: [
          {
            subject: 'NetworkPolicy shop/web',
            message: 'allows all ingress of the pods it selects; stricter policies for them have no effect.',
          },
        ],
      },
      {
        title: 'An empty rule',
        cluster: '',
        operation: 'CREATE',
        manifest: policy('shop/web', '  podSelector: {}\n  ingress: [{}]\n'),
        findings: [
          {
            subject: 'NetworkPolicy shop/web',
            message: 'allows all ingress of the pods it selects; stricter policies for them have no effect.',
          },
        ],
      },
    ],
  },
  *check({ change, after, simulation }) {
    const policy = change.after;
    if (policy?.kind !== 'NetworkPolicy') return;
    const old = change.before;
    const open = (['ingress', 'egress'] as const).filter(
      (direction) =>
        admitsAll(policy, direction) && !(old?.kind === 'NetworkPolicy' && admitsAll(old, direction)),
    );
    if (open.length === 0) return;
    const { subjects } = simulation;
    const alone =
      !selectsEverything(policy.subject) &&
      subjects.length > 0 &&
      subjects.every(({ podClass }) => open.every((one) => after.isolating(podClass, one).length === 1));
    yield {
      subject: policyText(policy),
      ...(open.includes('ingress') && !alone ? {} : { severity: 'info' as const }),
      message: `allows all ${open.join(' and ')} of the pods it selects; stricter policies for them have no effect.`,
      because: open.map((direction) => `${policyText(policy)} spec.${direction}`),
    };
  },
};
