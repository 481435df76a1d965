import { BOTH_FAMILIES, familiesOfAddresses } from '../model/families.ts';
import type { BlockPeer, Direction, NetworkPolicy, Peer } from '../model/objects.ts';
import type { View } from '../model/overlay.ts';
import { selects } from '../model/selector.ts';
import type { PodClass } from '../model/snapshot.ts';
import { ALL_V4, ALL_V6 } from '../netset/addresses.ts';
import { type Connections, noConnections, subtractConnections } from '../netset/connections.ts';
import type { Simulation } from '../simulate/contract.ts';
import { portsAtBlock } from '../simulate/match.ts';
import type { PodPoint } from '../simulate/point.ts';
import { sideOf } from '../simulate/side.ts';
import { type PlacedPeer, peersOf } from './peers.ts';
import type { Rule, Severity } from './rule.ts';
import {
  compareTexts,
  listText,
  pathText,
  peersField,
  peerText,
  policyText,
  portsText,
  shortText,
} from './text.ts';
import { deployment, pod, policy, service } from './worlds/manifests.ts';

/** Classes looked at for one of both families, and blocks of all addresses in one direction. */
const MOST_CLASSES = 1000;
const MOST_BLOCKS = 10;

const DUAL = pod('shop/web', 'app: web', '10.1.0.5').replace(
  'podIPs: [{ip: 10.1.0.5}]',
  "podIPs: [{ip: 10.1.0.5}, {ip: 'fd00::5'}]",
);
const EGRESS = (blocks: string) =>
  policy(
    'shop/web',
    `  podSelector: {matchLabels: {app: web}}
  policyTypes: [Egress]
  egress:
  - ports: [{port: 53, protocol: UDP}]
  - to:
${blocks}    ports: [{port: 443}]
`,
  );
const V4 = '    - ipBlock: {cidr: 0.0.0.0/0}\n';
const V6 = "    - ipBlock: {cidr: '::/0'}\n";
const PUBLIC_V4 = '    - ipBlock: {cidr: 0.0.0.0/0, except: [10.0.0.0/8]}\n';

export const unequalFamilies: Rule = {
  id: 'unequal-families',
  title: 'IPv4 and IPv6 treated unlike',
  kinds: ['NetworkPolicy'],
  operations: ['CREATE', 'UPDATE'],
  severity: 'low',
  action: 'warn',
  needs: 'model',
  aspects: ['blocks'],
  summary:
    'Pods with IPv4 and IPv6 addresses are opened to all addresses of one family and not of the other.',
  why: '0.0.0.0/0 says nothing about IPv6. A pod with both families then loses half of its connections, mostly with a delay, or is shut in one family and open in the other.',
  fix: "Write a block for each family: 0.0.0.0/0 and '::/0', with exceptions that mean the same in both.",
  limits: [
    'Only blocks of all addresses of a family are compared; narrower ones rarely have a counterpart.',
    'A pod counts as one of both families by its own addresses, or by a Service before it that has addresses of both.',
    'That one family is shut on purpose is not known.',
  ],
  examples: {
    good: [
      {
        title: 'A block for each family',
        cluster: DUAL,
        operation: 'CREATE',
        manifest: EGRESS(V4 + V6),
        findings: [],
      },
      {
        title: 'Pods of one family',
        cluster: pod('shop/web', 'app: web', '10.1.0.5'),
        operation: 'CREATE',
        manifest: EGRESS(V4),
        findings: [],
      },
      {
        title: 'As it was before',
        cluster: DUAL + EGRESS(V4),
        operation: 'UPDATE',
        manifest: EGRESS(V4).replace('443', '8443'),
        findings: [],
      },
    ],
    bad: [
      {
        title: 'IPv6 forgotten',
        cluster: DUAL,
        operation: 'CREATE',
        manifest: EGRESS(V4),
        findings: [
          {
            subject: 'NetworkPolicy shop/web',
            message:
              'spec.egress[1].to[0] admits 0.0.0.0/0 on TCP 443, and no policy admits any IPv6 address there, though shop/web has addresses of both families.',
          },
        ],
      },
      {
        title: 'IPv4 forgotten, before a Service of both families',
        cluster:
          deployment('shop/web', 'app: web', '{containerPort: 443}') +
          service('shop/web', 'app: web', '{port: 443}', "  clusterIPs: [10.2.0.7, 'fd01::7']\n"),
        operation: 'CREATE',
        manifest: policy(
          'shop/web',
          `  podSelector: {matchLabels: {app: web}}\n  ingress:\n  - from:\n${V6}    ports: [{port: 443}]\n`,
        ),
        findings: [
          {
            subject: 'NetworkPolicy shop/web',
            message:
              'spec.ingress[0].from[0] admits ::/0 on TCP 443, and no policy admits any IPv4 address there, though shop/web has addresses of both families.',
          },
        ],
      },
      {
        title: 'Private addresses kept out in one family',
        cluster: DUAL,
        operation: 'CREATE',
        manifest: EGRESS(PUBLIC_V4 + V6),
        findings: [
          {
            subject: 'NetworkPolicy shop/web',
            severity: 'medium',
            message:
              'spec.egress[1].to[0] admits 0.0.0.0/0 except 10.0.0.0/8, and to[1] ::/0 without an exception: what the one keeps out is open over the other family, and shop/web has addresses of both.',
          },
        ],
      },
    ],
  },
  *check({ change, simulation, before, after }) {
    const { before: old, after: policy } = change;
    if (policy?.kind !== 'NetworkPolicy') return;
    for (const direction of ['ingress', 'egress'] as const) {
      const whole = wholeBlocks(policy, direction);
      if (whole.length === 0) continue;
      const podClass = dualClass(simulation, after, policy, direction);
      if (podClass === undefined) continue;
      const fault = faultOf(after, policy, direction, whole, podClass);
      if (fault === undefined) continue;
      if (old?.kind === 'NetworkPolicy' && selects(old.subject, podClass.labels)) {
        const earlier = faultOf(before, old, direction, wholeBlocks(old, direction), podClass);
        if (earlier?.key === fault.key) continue;
      }
      const { message, severity, path } = fault;
      yield { subject: policyText(policy), severity, message, because: [`${policyText(policy)} ${path}`] };
    }
  },
};

type Family = 'IPv4' | 'IPv6';

interface WholeBlock {
  readonly placed: PlacedPeer;
  readonly peer: BlockPeer;
  readonly family: Family;
}

function isWhole(peer: Peer): peer is BlockPeer {
  return peer.kind === 'block' && peer.block.cidr.endsWith('/0');
}

/** Blocks of all addresses of a family, exceptions or not. */
function wholeBlocks(policy: NetworkPolicy, direction: Direction): WholeBlock[] {
  const found: WholeBlock[] = [];
  for (const placed of peersOf(policy, [direction], isWhole)) {
    const { peer } = placed;
    if (!isWhole(peer)) continue;
    found.push({ placed, peer, family: peer.block.cidr.includes(':') ? 'IPv6' : 'IPv4' });
    if (found.length >= MOST_BLOCKS) break;
  }
  return found;
}

/** The first by name of the selected pods that speak both families. */
function dualClass(
  { subjects }: Simulation,
  view: View,
  policy: NetworkPolicy,
  direction: Direction,
): PodClass | undefined {
  let first: PodClass | undefined;
  for (const { podClass, directions } of subjects.slice(0, MOST_CLASSES)) {
    if (!directions.includes(direction) || !selects(policy.subject, podClass.labels)) continue;
    if (first !== undefined && compareTexts(shortText(first), shortText(podClass)) <= 0) continue;
    if (podClass.families === BOTH_FAMILIES || hasDualService(view, podClass)) first = podClass;
  }
  return first;
}

function hasDualService(view: View, podClass: PodClass): boolean {
  return view
    .servicesOf(podClass)
    .some(({ clusterIPs }) => familiesOfAddresses(clusterIPs) === BOTH_FAMILIES);
}

interface Fault {
  readonly key: string;
  readonly path: string;
  readonly message: string;
  readonly severity: Severity;
}

function faultOf(
  view: View,
  policy: NetworkPolicy,
  direction: Direction,
  whole: readonly WholeBlock[],
  podClass: PodClass,
): Fault | undefined {
  const who = shortText(podClass);
  for (const { placed, peer, family } of whole) {
    const other: Family = family === 'IPv4' ? 'IPv6' : 'IPv4';
    const shut = shutPorts(view, policy, direction, placed, podClass, other);
    if (noConnections(shut)) continue;
    const path = pathText(direction, placed.rule, placed.place);
    return {
      key: `shut ${other}`,
      path,
      severity: 'low',
      message: `${path} admits ${peerText(peer)} on ${portsText(shut)}, and no policy admits any ${other} address there, though ${who} has addresses of both families.`,
    };
  }
  const strict = whole.find(({ peer }) => peer.block.except.length > 0);
  const loose = whole.find(
    ({ peer, family, placed }) =>
      peer.block.except.length === 0 && family !== strict?.family && placed.rule === strict?.placed.rule,
  );
  if (strict === undefined || loose === undefined) return undefined;
  if (whole.some(({ peer, family }) => family === loose.family && peer.block.except.length > 0))
    return undefined;
  const path = pathText(direction, strict.placed.rule, strict.placed.place);
  return {
    key: `open ${loose.family}`,
    path,
    severity: 'medium',
    message: `${path} admits ${strict.peer.block.cidr} except ${listText(strict.peer.block.except)}, and ${peersField(direction)}[${loose.placed.place}] ${loose.peer.block.cidr} without an exception: what the one keeps out is open over the other family, and ${who} has addresses of both.`,
  };
}

/** What the block opens and nothing opens to even one address of the other family. */
function shutPorts(
  view: View,
  policy: NetworkPolicy,
  direction: Direction,
  { rule }: PlacedPeer,
  podClass: PodClass,
  other: Family,
): Connections {
  // Its own addresses must not narrow the question: a Service alone may show the second family.
  const point: PodPoint = { kind: 'pods', podClass, pods: [] };
  const opened = portsAtBlock(policy[direction]?.[rule]?.ports ?? 'any', point, direction);
  const addresses = other === 'IPv4' ? ALL_V4 : ALL_V6;
  const { possible } = sideOf(view, point, direction, { kind: 'addresses', addresses, nodes: [] });
  return subtractConnections(opened, possible);
}
