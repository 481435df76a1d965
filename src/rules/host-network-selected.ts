import { selectsEverything } from '../model/selector.ts';
import type { Rule } from './rule.ts';
import { listText, policyText, shortText, sortedTexts } from './text.ts';
import { deployment, policy } from './worlds/manifests.ts';

const CLUSTER =
  deployment('infra/agent', 'app: agent').replace('{containers:', '{hostNetwork: true, containers:') +
  deployment('infra/web', 'app: agent, tier: web');
const POLICY = policy('infra/agent', '  podSelector: {matchLabels: {app: agent}}\n');

export const hostNetworkSelected: Rule = {
  id: 'host-network-selected',
  title: 'Pods on the host network selected',
  kinds: ['NetworkPolicy'],
  operations: ['CREATE', 'UPDATE'],
  severity: 'low',
  action: 'warn',
  needs: 'model',
  aspects: ['hostPods'],
  summary: 'The podSelector matches pods on the host network, which no policy covers.',
  why: "Their traffic is the node's: the policy neither protects nor restricts them, and nothing says so.",
  fix: "Protect such pods with the node's firewall or the plug-in's host policies, or take them off the host network.",
  limits: [
    'An empty podSelector is a note only. A policy that selects nothing but such pods is reported by selects-nothing.',
  ],
  examples: {
    good: [
      {
        title: 'Only ordinary pods selected',
        cluster: CLUSTER,
        operation: 'CREATE',
        manifest: POLICY.replace('app: agent', 'tier: web'),
        findings: [],
      },
      {
        title: 'No pod on the host network',
        cluster: deployment('infra/web', 'app: agent, tier: web'),
        operation: 'CREATE',
        manifest: POLICY,
        findings: [],
      },
    ],
    bad: [
      {
        title: 'One of two is on the host network',
        cluster: CLUSTER,
        operation: 'CREATE',
        manifest: POLICY,
        findings: [
          {
            subject: 'NetworkPolicy infra/agent',
            message: 'does not cover infra/agent, which it selects: it is on the host network.',
          },
        ],
      },
      {
        title: 'The whole namespace: a note',
        cluster: CLUSTER,
        operation: 'CREATE',
        manifest: POLICY.replace('{matchLabels: {app: agent}}', '{}'),
        findings: [
          {
            subject: 'NetworkPolicy infra/agent',
            severity: 'info',
            message: 'does not cover infra/agent, which it selects: it is on the host network.',
          },
        ],
      },
    ],
  },
  *check({ change, simulation }) {
    const policy = change.after;
    if (policy?.kind !== 'NetworkPolicy' || simulation.subjects.length === 0) return;
    const names = new Set<string>();
    for (const podClass of simulation.selected) {
      if (podClass.hostNetwork) names.add(shortText(podClass));
    }
    if (names.size === 0) return;
    yield {
      subject: policyText(policy),
      ...(selectsEverything(policy.subject) ? { severity: 'info' as const } : {}),
      message: `does not cover ${listText(sortedTexts(names))}, which it selects: ${names.size === 1 ? 'it is' : 'they are'} on the host network.`,
      because: [`${policyText(policy)} spec.podSelector`],
    };
  },
};
