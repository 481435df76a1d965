import type { Direction, NetworkPolicy, Peer } from '../model/objects.ts';
import type { View } from '../model/overlay.ts';
import { selectorText, selectsEverything } from '../model/selector.ts';
import { type PatchOperation, peerPointer, selectorWire } from './patch.ts';
import { BOTH, faultStatement, newFaults, type PeerFault, peersOf } from './peers.ts';
import type { Rule } from './rule.ts';
import { type PairLooks, type SplitPair, splitPairAt } from './split-pairs.ts';
import { pathText, peersField, peerText } from './text.ts';
import { deployment, namespace, policy } from './worlds/manifests.ts';

const MOST_LOOKS = 5000;
const MOST_FINDINGS = 3;

const CLUSTER = [
  namespace('ops', 'team: ops'),
  namespace('shop', 'team: shop'),
  deployment('shop/db', 'app: db'),
  deployment('shop/web', 'app: web'),
  deployment('ops/prometheus', 'app: prometheus'),
  deployment('ops/shell', 'app: shell'),
].join('');
const POLICY = (peers: string) =>
  policy(
    'shop/db',
    `  podSelector: {matchLabels: {app: db}}
  ingress:
  - from:
${peers}    ports: [{port: 9090}]
`,
  );
const TWO = POLICY(`    - namespaceSelector: {matchLabels: {team: ops}}
    - podSelector: {matchLabels: {app: prometheus}}
`);

export const andOrConfusion: Rule = {
  id: 'and-or-confusion',
  title: 'Two entries where one was meant',
  kinds: ['NetworkPolicy'],
  operations: ['CREATE', 'UPDATE'],
  severity: 'high',
  action: 'warn',
  needs: 'model',
  aspects: ['neighbours', 'podPeers'],
  summary:
    'A namespaceSelector and a podSelector stand as two entries of one list: each by itself is enough, though both together were meant.',
  why: 'One dash decides. Two entries mean: any pod of those namespaces, or these pods of the own namespace. One entry with both means: these pods of those namespaces.',
  fix: 'Write both selectors in one list entry: podSelector below namespaceSelector, without a dash of its own.',
  limits: [
    'Said only when the cluster shows it: the podSelector picks nothing in the namespace of the policy, or nothing that the other entry does not admit already, and it would pick some but not all pods of the other namespaces.',
    'Only neighbours in a list are compared. After 5,000 looks at namespaces and pods it stops.',
  ],
  examples: {
    good: [
      {
        title: 'One entry with both',
        cluster: CLUSTER,
        operation: 'CREATE',
        manifest: TWO.replace('    - podSelector', '      podSelector'),
        findings: [],
      },
      {
        title: 'Two entries that both let somebody in',
        cluster: CLUSTER,
        operation: 'CREATE',
        manifest: TWO.replace('app: prometheus', 'app: web'),
        findings: [],
      },
      {
        title: 'A client that is still to come, in neither namespace',
        cluster: CLUSTER,
        operation: 'CREATE',
        manifest: TWO.replace('app: prometheus', 'app: new'),
        findings: [],
      },
      {
        title: 'As it was before',
        cluster: CLUSTER + TWO,
        operation: 'UPDATE',
        manifest: TWO.replace('9090', '9091'),
        findings: [],
      },
    ],
    bad: [
      {
        title: 'One dash too many',
        cluster: CLUSTER,
        operation: 'CREATE',
        manifest: TWO,
        findings: [
          {
            subject: 'NetworkPolicy shop/db',
            message:
              'spec.ingress[0].from[0] and from[1] are two entries, either is enough: from[0] admits all the pods of namespaces with team=ops, and app=prometheus matches no pod of shop. One entry with both was probably meant.',
            patch: [
              {
                op: 'add',
                path: '/spec/ingress/0/from/0/podSelector',
                value: { matchLabels: { app: 'prometheus' } },
              },
              { op: 'remove', path: '/spec/ingress/0/from/1' },
            ],
          },
        ],
      },
      {
        title: 'Any namespace, or a label',
        cluster: CLUSTER,
        operation: 'CREATE',
        manifest: POLICY(`    - namespaceSelector: {}
    - podSelector: {matchLabels: {app: web}}
`),
        findings: [
          {
            subject: 'NetworkPolicy shop/db',
            message:
              'spec.ingress[0].from[0] and from[1] are two entries, either is enough: from[0] admits all pods of the cluster, and app=web adds none. One entry with both was probably meant.',
          },
        ],
      },
    ],
  },
  *check({ change, after, simulation }) {
    const looks = { left: MOST_LOOKS };
    const faults = newFaults(change, (policy) => faultsOf(after, policy, looks));
    if (looks.left < 0) simulation.budget.skip(`pairs of peers beyond ${MOST_LOOKS} looks`);
    yield* faults.slice(0, MOST_FINDINGS).map(faultStatement);
  },
};

function hasNeighbour(_peer: Peer, among: readonly Peer[]): boolean {
  return among.length > 1;
}

function faultsOf(view: View, policy: NetworkPolicy, looks: PairLooks): PeerFault[] {
  const found: PeerFault[] = [];
  for (const { direction, rule, place, among } of peersOf(policy, BOTH, hasNeighbour)) {
    if (found.length > MOST_FINDINGS || looks.left < 0) break;
    const pair = splitPairAt(view, policy, among, place, looks);
    if (pair === undefined) continue;
    const path = pathText(direction, rule, place);
    const wideFirst = among[place] === pair.wide;
    found.push({
      key: `${direction} ${peerText(pair.wide)} ${peerText(pair.narrow)}`,
      policy,
      path,
      message: messageOf(policy, direction, path, place, wideFirst, pair),
      // Where the podSelector matches something here, somebody may need it.
      ...(pair.sign === 'no-pod' ? { patch: joined(direction, rule, place, wideFirst, pair) } : {}),
    });
  }
  return found;
}

/** The podSelector moved into the entry beside it. */
function joined(
  direction: Direction,
  rule: number,
  place: number,
  wideFirst: boolean,
  { narrow }: SplitPair,
): PatchOperation[] {
  const [wideAt, narrowAt] = wideFirst ? [place, place + 1] : [place + 1, place];
  return [
    {
      op: 'add',
      path: `${peerPointer(direction, rule, wideAt)}/podSelector`,
      value: selectorWire(narrow.pods),
    },
    { op: 'remove', path: peerPointer(direction, rule, narrowAt) },
  ];
}

function messageOf(
  { namespace }: NetworkPolicy,
  direction: Direction,
  path: string,
  place: number,
  wideFirst: boolean,
  { wide, narrow, sign }: SplitPair,
): string {
  const list = peersField(direction);
  const wideAt = `${list}[${wideFirst ? place : place + 1}]`;
  const all = wide.namespaces !== 'own' && selectsEverything(wide.namespaces) ? '' : 'all ';
  const narrowText = selectorText(narrow.pods);
  const adds = sign === 'no-pod' ? `matches no pod of ${namespace}` : 'adds none';
  return `${path} and ${list}[${place + 1}] are two entries, either is enough: ${wideAt} admits ${all}${peerText(wide)}, and ${narrowText} ${adds}. One entry with both was probably meant.`;
}
