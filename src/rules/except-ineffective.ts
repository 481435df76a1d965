import { type FilledHole, filledHoles, hasExceptions, MOST_LOOKS, peerAt } from '../evidence/holes.ts';
import type { Direction, NetworkPolicy } from '../model/objects.ts';
import { sameItems } from '../model/same.ts';
import type { Rule, Statement } from './rule.ts';
import { compareSentences, listText, pathText, peerText, policyText, sortedPolicies } from './text.ts';
import { ALLOW_ALL, EXCEPT_AND_LABELS, EXCEPT_ONE_CLIENT, REGIONS } from './worlds/regions.ts';

const MOST_FINDINGS = 5;

export const exceptIneffective: Rule = {
  id: 'except-ineffective',
  title: 'Exception without effect',
  kinds: ['NetworkPolicy'],
  operations: ['CREATE', 'UPDATE'],
  severity: 'high',
  action: 'warn',
  needs: 'model',
  summary: 'An address excepted from an ipBlock is let in by another peer, rule or policy.',
  why: 'Policies only ever add. An except takes addresses out of its own block and denies nothing: whatever else selects the same pods and allows the address lets it in.',
  fix: 'Narrow the other rule, or choose the pods that may connect by label and leave the excepted one out of every rule.',
  limits: [
    'Peers by label are compared through the pods that have an excepted address now, for exceptions of up to 16 addresses.',
    'After 4,000 comparisons it stops, and the answer says so.',
    'Only exceptions that the change makes void, or that it brings with it, are reported.',
  ],
  examples: {
    good: [
      {
        title: 'Nothing else lets the client in',
        cluster: REGIONS,
        operation: 'CREATE',
        manifest: EXCEPT_ONE_CLIENT,
        findings: [],
      },
      {
        title: 'The policy that allows everything is for other pods',
        cluster: REGIONS + EXCEPT_ONE_CLIENT,
        operation: 'CREATE',
        manifest: ALLOW_ALL.replace('podSelector: {}', 'podSelector: {matchLabels: {region: us-east}}'),
        findings: [],
      },
    ],
    bad: [
      {
        title: 'A second policy allows everything',
        cluster: REGIONS + EXCEPT_ONE_CLIENT,
        operation: 'CREATE',
        manifest: ALLOW_ALL,
        findings: [
          {
            subject: 'NetworkPolicy demo/regions',
            message:
              'except 10.1.0.7/32 in spec.ingress[0].from[0] has no effect: NetworkPolicy demo/allow-all spec.ingress[0] (everybody) lets it through, and policies add up.',
          },
        ],
      },
      {
        title: 'A label in the same rule lets the excepted pod in',
        cluster: REGIONS,
        operation: 'CREATE',
        manifest: EXCEPT_AND_LABELS,
        findings: [
          {
            subject: 'NetworkPolicy demo/regions',
            message:
              'except 10.1.0.7/32 in spec.ingress[0].from[1] has no effect: spec.ingress[0].from[0] of the same policy (region in (us-east,us-west)) lets it through (pod demo/client-west), and policies add up.',
          },
        ],
      },
    ],
  },
  *check({ simulation, change, after }) {
    const changed = change.after;
    if (changed?.kind !== 'NetworkPolicy') return;
    const said = new Map<string, Statement>();
    const looks = { left: MOST_LOOKS };
    for (const direction of ['ingress', 'egress'] as const) {
      let last: readonly NetworkPolicy[] | undefined;
      for (const subject of simulation.subjects) {
        if (!subject.directions.includes(direction)) continue;
        const policies = subject[direction].after;
        // Pods under the same policies have the same exceptions.
        if (last !== undefined && sameItems(last, policies)) continue;
        last = policies;
        if (!hasExceptions(policies, direction)) continue;
        const sorted = sortedPolicies(policies);
        const holes = filledHoles(after, subject.podClass, sorted, direction, looks).filter(
          ({ hole, filler }) => hole.policy === changed || filler.policy === changed,
        );
        for (const group of Map.groupBy(holes, holeKey).values()) {
          const statement = statementOf(group, direction);
          said.set(statement.message, statement);
        }
        if (looks.left < 0) break;
      }
    }
    if (looks.left < 0) simulation.budget.skip(`exceptions of ipBlocks beyond ${MOST_LOOKS} comparisons`);
    yield* [...said.values()].sort((a, b) => compareSentences(a.message, b.message)).slice(0, MOST_FINDINGS);
  },
};

/** All exceptions of one block that the same place fills are one finding. */
function holeKey({ hole, filler }: FilledHole): string {
  return [hole, filler].map(({ policy, rule, peer }) => `${policy.name}/${rule}/${peer}`).join(' ');
}

function statementOf(group: readonly FilledHole[], direction: Direction): Statement {
  const { hole, filler, pod } = group[0] as FilledHole;
  const peer = peerAt(filler, direction);
  const path = pathText(direction, filler.rule, filler.peer);
  const who = peer === undefined ? 'everybody' : peerText(peer);
  const where =
    filler.policy === hole.policy
      ? `${path} of the same policy (${who})`
      : `${policyText(filler.policy)} ${path} (${who})`;
  const excepts = listText([...new Set(group.map(({ except }) => except))]);
  const holePath = pathText(direction, hole.rule, hole.peer);
  const example = pod === undefined ? '' : ` (pod ${pod.namespace}/${pod.name})`;
  return {
    subject: policyText(hole.policy),
    message: `except ${excepts} in ${holePath} has no effect: ${where} lets it through${example}, and policies add up.`,
    because: [`${policyText(hole.policy)} ${holePath}`, `${policyText(filler.policy)} ${path}`],
  };
}
