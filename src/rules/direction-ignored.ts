import type { Rule } from './rule.ts';
import { policyText } from './text.ts';
import { policy } from './worlds/manifests.ts';

const RULES_OF_BOTH = `  podSelector: {matchLabels: {app: web}}
  policyTypes: [TYPES]
  ingress: [{}]
  egress:
  - ports: [{port: 53, protocol: UDP}]
`;

const TYPES = Object.freeze({ ingress: 'Ingress', egress: 'Egress' });

export const directionIgnored: Rule = {
  id: 'direction-ignored',
  title: 'Rules of a direction that is left out',
  kinds: ['NetworkPolicy'],
  operations: ['CREATE', 'UPDATE'],
  severity: 'medium',
  action: 'warn',
  needs: 'object',
  aspects: ['ignoredRules'],
  summary: 'The policy has rules for a direction that its policyTypes leaves out: they do nothing.',
  why: 'policyTypes decides which sections count. Rules under the other heading are stored, look right in a review, and neither isolate nor allow.',
  fix: 'Add the direction to policyTypes, or delete the section.',
  limits: ['An empty section (ingress: []) that policyTypes leaves out is not reported.'],
  examples: {
    good: [
      {
        title: 'Both directions named',
        cluster: '',
        operation: 'CREATE',
        manifest: policy('shop/web', RULES_OF_BOTH.replace('TYPES', 'Ingress, Egress')),
        findings: [],
      },
      {
        title: 'policyTypes left out: the rules decide which directions count',
        cluster: '',
        operation: 'CREATE',
        manifest: policy('shop/web', RULES_OF_BOTH.replace('  policyTypes: [TYPES]\n', '')),
        findings: [],
      },
    ],
    bad: [
      {
        title: 'Egress forgotten',
        cluster: '',
        operation: 'CREATE',
        manifest: policy('shop/web', RULES_OF_BOTH.replace('TYPES', 'Ingress')),
        findings: [
          {
            subject: 'NetworkPolicy shop/web',
            message: 'spec.egress has rules, but policyTypes leaves Egress out: they do nothing.',
            patch: [{ op: 'add', path: '/spec/policyTypes', value: ['Ingress', 'Egress'] }],
          },
        ],
      },
      {
        title: 'Ingress forgotten',
        cluster: '',
        operation: 'CREATE',
        manifest: policy('shop/web', RULES_OF_BOTH.replace('TYPES', 'Egress')),
        findings: [
          {
            subject: 'NetworkPolicy shop/web',
            message: 'spec.ingress has rules, but policyTypes leaves Ingress out: they do nothing.',
            patch: [{ op: 'add', path: '/spec/policyTypes', value: ['Ingress', 'Egress'] }],
          },
        ],
      },
    ],
  },
  *check({ change }) {
    const policy = change.after;
    if (policy?.kind !== 'NetworkPolicy') return;
    const all = (['ingress', 'egress'] as const).filter(
      (direction) => policy[direction] !== undefined || policy.ignored.includes(direction),
    );
    for (const direction of policy.ignored) {
      yield {
        subject: policyText(policy),
        message: `spec.${direction} has rules, but policyTypes leaves ${TYPES[direction]} out: they do nothing.`,
        because: [`${policyText(policy)} spec.policyTypes`],
        patch: [{ op: 'add', path: '/spec/policyTypes', value: all.map((one) => TYPES[one]) }],
      };
    }
  },
};
