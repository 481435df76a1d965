import type { BlockPeer, NetworkPolicy, Peer, Service } from '../model/objects.ts';
import type { View } from '../model/overlay.ts';
import type { PodClass, Snapshot } from '../model/snapshot.ts';
import {
  type Addresses,
  addressSet,
  cidrSet,
  hasAddress,
  intersectAddresses,
  mergeAddresses,
  noAddresses,
} from '../netset/addresses.ts';
import { hasConnection, type Protocol } from '../netset/connections.ts';
import { targetsOf } from '../simulate/backends.ts';
import { portsAtBlock } from '../simulate/match.ts';
import type { PodPoint } from '../simulate/point.ts';
import { sideOf } from '../simulate/side.ts';
import { outsideWeightOf } from '../simulate/weight.ts';
import { INGRESS, peersOf } from './peers.ts';
import type { Rule, RuleContext } from './rule.ts';
import { compareTexts, pathText, policyText, serviceText, shortText } from './text.ts';
import { deployment, node, policyFrom, service } from './worlds/manifests.ts';

/** Classes, blocks of a policy and nodes that are looked at. */
const MOST_CLASSES = 20;
const MOST_BLOCKS = 500;
const MOST_NODES = 1000;
/** Looks from the nodes' addresses through the policies of a class, each in looks through small ones. */
const MOST_LOOKS = 100;
const MOST_FINDINGS = 5;

const WEB = deployment('shop/web', 'app: web', '{containerPort: 8080}');
const BALANCED = service(
  'shop/web',
  'app: web',
  '{port: 80, targetPort: 8080, nodePort: 30080}',
  '  type: LoadBalancer\n',
);
const LOCAL = `${BALANCED}  externalTrafficPolicy: Local\n`;
const OFFICE = `${policyFrom('shop/web', 'app: web', 'ipBlock: {cidr: 203.0.113.0/24}')}    ports: [{port: 8080}]
`;
const NODE = node('node-1', '192.168.7.1');
const MESSAGE =
  "spec.ingress[0].from[0] (203.0.113.0/24) may not match the intended clients: Service shop/web (LoadBalancer) has externalTrafficPolicy Cluster, and shop/web may see a node's address instead.";

export const clientIpBehindSnat: Rule = {
  id: 'client-ip-behind-snat',
  title: "Clients' addresses that the policy never sees",
  kinds: ['NetworkPolicy', 'Service'],
  operations: ['CREATE', 'UPDATE'],
  severity: 'medium',
  action: 'warn',
  needs: 'model',
  aspects: ['blocks'],
  summary:
    "An ipBlock admits clients by their address, and the Service before the pods may replace it by a node's.",
  why: 'With externalTrafficPolicy Cluster a node passes a connection on under its own address, so that the answer comes back through it. The policy sees the node, and the clients that the block names are shut out.',
  fix: 'Set externalTrafficPolicy: Local on the Service, or restrict the clients by loadBalancerSourceRanges (LoadBalancer) and admit the nodes in the policy.',
  limits: [
    'Load balancers that reach pods directly, and plug-ins that keep the client address (direct server return), are not told apart: there the block works.',
    'A block that covers the pods or all nodes is not reported. A private block is taken to mean clients only where the addresses of nodes and pods are known and it holds none of them.',
    `Up to ${MOST_CLASSES} kinds of pods and ${MOST_BLOCKS} blocks are looked at, fewer under huge policies.`,
    'A block of all addresses with exceptions admits the nodes: its exceptions may then be without effect, which is not reported here.',
  ],
  examples: {
    good: [
      {
        title: 'externalTrafficPolicy: Local',
        cluster: WEB + LOCAL + NODE,
        operation: 'CREATE',
        manifest: OFFICE,
        findings: [],
      },
      {
        title: 'The nodes are admitted too',
        cluster: WEB + BALANCED + NODE,
        operation: 'CREATE',
        manifest: OFFICE.replace('    ports', '    - ipBlock: {cidr: 192.168.7.0/24}\n    ports'),
        findings: [],
      },
      {
        title: 'A Service inside the cluster only',
        cluster: WEB + BALANCED.replace('LoadBalancer', 'ClusterIP') + NODE,
        operation: 'CREATE',
        manifest: OFFICE,
        findings: [],
      },
      {
        title: 'A Service that was like that before',
        cluster: WEB + OFFICE + BALANCED + NODE,
        operation: 'UPDATE',
        manifest: BALANCED.replace('port: 80,', 'port: 81,'),
        findings: [],
      },
    ],
    bad: [
      {
        title: 'The office before a load balancer',
        cluster: WEB + BALANCED + NODE,
        operation: 'CREATE',
        manifest: OFFICE,
        findings: [{ subject: 'NetworkPolicy shop/web', message: MESSAGE }],
      },
      {
        title: 'The Service stops keeping the address',
        cluster: WEB + OFFICE + LOCAL,
        operation: 'UPDATE',
        manifest: BALANCED,
        findings: [
          {
            subject: 'Service shop/web',
            message: MESSAGE.replace('spec.ingress', 'NetworkPolicy shop/web spec.ingress'),
          },
        ],
      },
    ],
  },
  *check(context) {
    const { change, before, after } = context;
    const { before: old, after: now } = change;
    let faults: Fault[];
    if (now?.kind === 'NetworkPolicy') {
      if (!hasBlocks(now)) return;
      faults = policyFaults(context, now);
      const earlier = old?.kind === 'NetworkPolicy' && faults.length > 0 && hasBlocks(old);
      if (earlier) faults = without(faults, policyFaults({ ...context, after: before }, old));
    } else {
      if (now === undefined || !mayHide(now)) return;
      faults = serviceFaults(after, now);
      if (old?.kind === 'Service' && mayHide(old) && faults.length > 0)
        faults = without(faults, serviceFaults(before, old));
    }
    const first = new Map<string, Fault>();
    // The order in which a watch brought the pods means nothing; that of the blocks does.
    for (const fault of faults.sort((a, b) => compareTexts(placeOf(a), placeOf(b)))) {
      const key = `${fault.service.name} ${fault.policy.name}`;
      if (!first.has(key)) first.set(key, fault);
    }
    for (const { policy, service, podClass, path, cidr } of [...first.values()].slice(0, MOST_FINDINGS)) {
      const ofPolicy = now.kind === 'NetworkPolicy';
      yield {
        subject: ofPolicy ? policyText(policy) : serviceText(service),
        message: `${ofPolicy ? '' : `${policyText(policy)} `}${path} (${cidr}) may not match the intended clients: ${serviceText(service)} (${service.type}) has externalTrafficPolicy Cluster, and ${shortText(podClass)} may see a node's address instead.`,
        because: [`${policyText(policy)} ${path}`, serviceText(service)],
      };
    }
  },
};

interface Fault {
  readonly key: string;
  readonly policy: NetworkPolicy;
  readonly service: Service;
  readonly podClass: PodClass;
  readonly path: string;
  readonly cidr: string;
}

function placeOf({ service, policy, podClass }: Fault): string {
  return `${service.name} ${policy.name} ${shortText(podClass)}`;
}

function without(faults: readonly Fault[], old: readonly Fault[]): Fault[] {
  const keys = new Set(old.map(({ key }) => key));
  return faults.filter(({ key }) => !keys.has(key));
}

/** Whether a client behind it may arrive under a node's address. */
function mayHide({ type, externalTrafficPolicy }: Service): boolean {
  return (type === 'NodePort' || type === 'LoadBalancer') && externalTrafficPolicy === 'Cluster';
}

function hasBlocks(policy: NetworkPolicy): boolean {
  return (policy.ingress ?? []).some(({ peers }) => peers !== 'any' && peers.some(isNarrow));
}

/** A block of less than all addresses: a list of clients. */
function isNarrow(peer: Peer): peer is BlockPeer {
  return peer.kind === 'block' && !peer.block.cidr.endsWith('/0');
}

function policyFaults({ after, simulation }: RuleContext, policy: NetworkPolicy): Fault[] {
  const found: Fault[] = [];
  const looks = { left: MOST_LOOKS };
  let left = MOST_CLASSES;
  for (const { podClass, directions } of simulation.subjects) {
    if (!directions.includes('ingress') || !after.isolating(podClass, 'ingress').includes(policy)) continue;
    if (--left < 0) break;
    for (const service of after.servicesOf(podClass)) {
      if (mayHide(service)) found.push(...faultsAt(after, service, podClass, policy, looks));
    }
  }
  return found;
}

function serviceFaults(view: View, service: Service): Fault[] {
  const found: Fault[] = [];
  const looks = { left: MOST_LOOKS };
  for (const podClass of view.behind(service).slice(0, MOST_CLASSES)) {
    for (const policy of view.isolating(podClass, 'ingress')) {
      if (hasBlocks(policy)) found.push(...faultsAt(view, service, podClass, policy, looks));
    }
  }
  return found;
}

/** The policy's blocks for clients of the Service, where nodes are not admitted to its pods. */
function faultsAt(
  view: View,
  service: Service,
  podClass: PodClass,
  policy: NetworkPolicy,
  looks: { left: number },
): Fault[] {
  if (podClass.hostNetwork) return [];
  looks.left -= outsideWeightOf(view.isolating(podClass, 'ingress'), 'ingress') * service.ports.length;
  if (looks.left < 0) return [];
  const point: PodPoint = { kind: 'pods', podClass, pods: podClass.pods };
  const targets = service.ports.flatMap((port) =>
    targetsOf(service, port, podClass.namedPorts).map((number) => ({ protocol: port.protocol, number })),
  );
  const nodes = nodeAddresses(view.snapshot);
  const closed = targets.filter((target) => !admitsNodes(view, point, nodes, target));
  if (closed.length === 0) return [];
  const found: Fault[] = [];
  let left = MOST_BLOCKS;
  for (const { rule, place, peer } of peersOf(policy, INGRESS, isNarrow)) {
    if (!isNarrow(peer)) continue;
    if (--left < 0) break;
    const open = portsAtBlock(policy.ingress?.[rule]?.ports ?? 'any', point, 'ingress');
    if (!closed.some(({ protocol, number }) => hasConnection(open, protocol, number))) continue;
    if (!meansClients(nodes, podClass, peer.block.addresses)) continue;
    const { cidr } = peer.block;
    const key = `${service.name} ${policy.name} ${cidr}`;
    found.push({ key, policy, service, podClass, path: pathText('ingress', rule, place), cidr });
  }
  return found;
}

/** Whether a connection under a node's address gets in; where nodes are not known, whether it may. */
function admitsNodes(
  view: View,
  point: PodPoint,
  nodes: Addresses,
  { protocol, number }: { protocol: Protocol; number: number },
): boolean {
  const known = !noAddresses(nodes);
  const { allowed, possible } = sideOf(view, point, 'ingress', {
    kind: 'addresses',
    addresses: known ? nodes : PRIVATE,
    nodes: [],
  });
  return hasConnection(known ? allowed : possible, protocol, number);
}

/** A block outside the private ranges, or a private one that is known to hold neither nodes nor pods. */
function meansClients(nodes: Addresses, { pods }: PodClass, block: Addresses): boolean {
  const own = pods[0]?.addresses ?? [];
  if (own.some((address) => hasAddress(block, address))) return false;
  if (noAddresses(intersectAddresses(block, PRIVATE))) return true;
  return own.length > 0 && !noAddresses(nodes) && noAddresses(intersectAddresses(block, nodes));
}

function nodeAddresses({ nodes }: Snapshot): Addresses {
  const sets: Addresses[] = [];
  let left = MOST_NODES;
  for (const { addresses } of nodes.values()) {
    if (--left < 0) break;
    sets.push(...addresses.map(addressSet));
  }
  return mergeAddresses(sets);
}

/** Networks of clusters and companies (RFC 1918, RFC 6598, RFC 4193). */
const PRIVATE = cidrSet(['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10', 'fc00::/7']);
