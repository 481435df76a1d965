import type { Direction } from '../model/objects.ts';
import { workloadText } from '../model/objects.ts';
import { TIERS } from './reads.ts';
import type { Rule } from './rule.ts';
import { countText, listText, policyText, portsText, shortText, sortedTexts } from './text.ts';
import { deployment, policyFrom } from './worlds/manifests.ts';

const CLUSTER = [
  deployment('shop/db', 'app: db', '{containerPort: 5432}'),
  deployment('shop/web', 'app: web'),
  deployment('shop/job', 'app: job'),
].join('');
const ONLY_WEB = policyFrom('shop/db', 'app: db', 'podSelector: {matchLabels: {app: web}}');
const WORLD = `${ONLY_WEB.replace('podSelector: {matchLabels: {app: web}}', 'ipBlock: {cidr: 0.0.0.0/0}')}    ports: [{port: 5432}]
`;

export const connectivityGained: Rule = {
  id: 'connectivity-gained',
  title: 'More may connect than before',
  kinds: ['NetworkPolicy'],
  operations: ['CREATE', 'UPDATE', 'DELETE'],
  severity: 'medium',
  action: 'warn',
  needs: 'model',
  reads: TIERS,
  aspects: ['gives'],
  summary:
    'A policy change ends the isolation of pods, opens them to the outside, or lets more workloads in.',
  why: 'Pods that no policy selects accept everything. Deleting a policy, or renaming the label it selects, opens what it protected without a word.',
  fix: 'Keep a policy that selects the pods, or narrow the peers and ports to what is meant.',
  limits: [
    'Pods let in beside the outside are notes (info), and named only in small clusters: that is usually what the change is for.',
    'What opens towards the outside is weighed by policies alone; whether a route to the pods exists is not known.',
  ],
  examples: {
    good: [
      {
        title: 'A first policy can only take away',
        cluster: CLUSTER,
        operation: 'CREATE',
        manifest: ONLY_WEB,
        findings: [],
      },
      {
        title: 'The same client on fewer ports',
        cluster: CLUSTER + ONLY_WEB,
        operation: 'UPDATE',
        manifest: `${ONLY_WEB}    ports: [{port: 5432}]\n`,
        findings: [],
      },
    ],
    bad: [
      {
        title: 'The last policy of a database is deleted',
        cluster: CLUSTER + ONLY_WEB,
        operation: 'DELETE',
        manifest: ONLY_WEB,
        findings: [
          {
            subject: 'NetworkPolicy shop/db',
            message:
              'shop/db is no longer isolated for ingress: every pod and address may open connections to it.',
          },
        ],
      },
      {
        title: 'One client replaced by the whole of IPv4',
        cluster: CLUSTER + ONLY_WEB,
        operation: 'UPDATE',
        manifest: WORLD,
        findings: [
          {
            subject: 'shop/db[Deployment]',
            message: 'addresses outside the cluster may now reach shop/db on TCP 5432.',
          },
        ],
      },
    ],
  },
  *check({ change, evidence, simulation }) {
    const changed = change.after ?? change.before;
    if (changed?.kind !== 'NetworkPolicy' || simulation.subjects.length === 0) return;
    const { opened, exposed, peers } = evidence.gains();
    for (const direction of ['ingress', 'egress'] as const) {
      const classes = opened.get(direction);
      if (classes === undefined) continue;
      yield {
        subject: policyText(changed),
        message: openedText(direction, sortedTexts(classes.map(shortText))),
        because: [`no policy isolates them for ${direction} any more`],
      };
    }
    const subject = sortedTexts(exposed.map(({ podClass }) => workloadText(podClass.workload)))[0];
    if (subject !== undefined) {
      const names = sortedTexts(exposed.map(({ podClass }) => shortText(podClass)));
      const what = sortedTexts(exposed.map(({ gained }) => portsText(gained)));
      yield {
        subject,
        message: `addresses outside the cluster may now reach ${listText(names)} on ${listText(what)}.`,
        because: [policyText(changed)],
      };
    }
    if (peers !== undefined && peers.length > 0) {
      yield {
        subject: policyText(changed),
        severity: 'info',
        message: `${countText(peers.length, 'workload')} may now connect where it was denied before: ${listText(sortedTexts(peers))}.`,
        because: [policyText(changed)],
      };
    }
  },
};

function openedText(direction: Direction, names: readonly string[]): string {
  const one = names.length === 1;
  const who = `${listText(names)} ${one ? 'is' : 'are'} no longer isolated for ${direction}`;
  return direction === 'ingress'
    ? `${who}: every pod and address may open connections to ${one ? 'it' : 'them'}.`
    : `${who}: ${one ? 'it' : 'they'} may open connections to every pod and address.`;
}
