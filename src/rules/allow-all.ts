import type { Rule } from './rule.ts';
import { admitsAll, policyText } from './text.ts';
import { policy } from './worlds/manifests.ts';

export const allowAll: Rule = {
  id: 'allow-all',
  title: 'Policy that allows everything',
  kinds: ['NetworkPolicy'],
  operations: ['CREATE', 'UPDATE'],
  severity: 'low',
  action: 'warn',
  needs: 'object',
  summary:
    'A rule without peers and ports allows everything, and makes every other policy for these pods void.',
  why: 'Policies add up. One rule {} for a set of pods opens them for good, whatever the stricter policies beside it say.',
  fix: 'Name the peers and ports that are meant. To lift isolation on purpose, delete the policies that isolate.',
  limits: ['Allowing all egress, which is common beside strict ingress rules, is a note.'],
  examples: {
    good: [
      {
        title: 'A rule with ports',
        cluster: '',
        operation: 'CREATE',
        manifest: policy('shop/web', '  podSelector: {}\n  ingress:\n  - ports: [{port: 80}]\n'),
        findings: [],
      },
    ],
    bad: [
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
  *check({ change }) {
    const policy = change.after;
    if (policy?.kind !== 'NetworkPolicy') return;
    const old = change.before;
    const open = (['ingress', 'egress'] as const).filter(
      (direction) =>
        admitsAll(policy, direction) && !(old?.kind === 'NetworkPolicy' && admitsAll(old, direction)),
    );
    if (open.length === 0) return;
    yield {
      subject: policyText(policy),
      ...(open.includes('ingress') ? {} : { severity: 'info' as const }),
      message: `allows all ${open.join(' and ')} of the pods it selects; stricter policies for them have no effect.`,
      because: open.map((direction) => `${policyText(policy)} spec.${direction}`),
    };
  },
};
