import { NO_ADDRESSES } from '../../netset/addresses.ts';
import { parseBlock } from '../../netset/blocks.ts';
import type { Protocol } from '../../netset/connections.ts';
import type { BlockPeer, Direction, NetworkPolicy, Peer, PolicyRule, PortMatch } from '../objects.ts';
import { EVERYTHING } from '../selector.ts';
import { makeupOf } from './makeup.ts';
import { parseMeta } from './meta.ts';
import { parseSelector, type Sharing, sharing } from './selector.ts';
import { fields, isAbsent, isFields, items, portNumber, text, texts } from './wire.ts';

/**
 * A NetworkPolicy of networking.k8s.io/v1 as stored or reviewed. Defaults are filled in as the API server does.
 * What is broken matches nothing: a peer or port that cannot be read never opens a connection.
 */
export function parseNetworkPolicy(raw: unknown): NetworkPolicy {
  const meta = parseMeta(raw);
  const spec = fields(fields(raw).spec);
  const types = directions(spec.policyTypes, spec.egress);
  const ignored: Direction[] = [];
  const shares = sharing();
  const section = (direction: Direction): readonly PolicyRule[] | undefined => {
    const written = spec[direction];
    if (types.has(direction)) return parseRules(written, direction === 'ingress' ? 'from' : 'to', shares);
    if (items(written).length > 0) ignored.push(direction);
    return undefined;
  };
  const subject = parseSelector(spec.podSelector);
  const ingress = section('ingress');
  const egress = section('egress');
  return {
    kind: 'NetworkPolicy',
    namespace: meta.namespace,
    name: meta.name,
    labels: meta.labels,
    annotations: meta.annotations,
    subject,
    ingress,
    egress,
    ignored,
    makeup: makeupOf({ subject, ingress, egress, ignored }),
  };
}

/** Without policyTypes a policy isolates ingress always, and egress when it has egress rules. */
function directions(policyTypes: unknown, egress: unknown): ReadonlySet<Direction> {
  const written = texts(policyTypes);
  const found = new Set<Direction>();
  if (items(policyTypes).length === 0) {
    found.add('ingress');
    if (items(egress).length > 0) found.add('egress');
    return found;
  }
  if (written.includes('Ingress')) found.add('ingress');
  if (written.includes('Egress')) found.add('egress');
  return found;
}

function parseRules(raw: unknown, peersField: 'from' | 'to', shares: Sharing): PolicyRule[] {
  return items(raw).map((rule) => {
    if (!isAbsent(rule) && !isFields(rule)) return NOTHING;
    const { [peersField]: peers, ports } = fields(rule);
    return { peers: parsePeers(peers, shares), ports: parsePorts(ports) };
  });
}

function parsePeers(raw: unknown, shares: Sharing): PolicyRule['peers'] {
  if (isAbsent(raw) || (Array.isArray(raw) && raw.length === 0)) return 'any';
  const peers: Peer[] = [];
  for (const item of items(raw)) {
    const peer = parsePeer(item, shares);
    if (peer !== undefined) peers.push(peer);
  }
  return peers;
}

function parsePeer(raw: unknown, shares: Sharing): Peer | undefined {
  const { podSelector, namespaceSelector, ipBlock } = fields(raw);
  if (!isAbsent(ipBlock)) {
    return isAbsent(podSelector) && isAbsent(namespaceSelector) ? parseBlockPeer(ipBlock) : undefined;
  }
  if (isAbsent(podSelector) && isAbsent(namespaceSelector)) return undefined;
  return {
    kind: 'pods',
    namespaces: isAbsent(namespaceSelector) ? 'own' : parseSelector(namespaceSelector, shares),
    pods: isAbsent(podSelector) ? EVERYTHING : parseSelector(podSelector, shares),
  };
}

function parseBlockPeer(raw: unknown): BlockPeer {
  const { cidr, except } = fields(raw);
  return blockPeer(text(cidr), texts(except));
}

/** The peer of a CIDR and its exceptions. What is no CIDR keeps its text and matches no address. */
export function blockPeer(cidr: string, except: readonly string[]): BlockPeer {
  return {
    kind: 'block',
    block: parseBlock(cidr, except) ?? { cidr, except, addresses: NO_ADDRESSES },
  };
}

function parsePorts(raw: unknown): PolicyRule['ports'] {
  if (isAbsent(raw) || (Array.isArray(raw) && raw.length === 0)) return 'any';
  const ports: PortMatch[] = [];
  for (const item of items(raw)) {
    const match = parsePort(item);
    if (match !== undefined) ports.push(match);
  }
  return ports;
}

function parsePort(raw: unknown): PortMatch | undefined {
  if (!isAbsent(raw) && !isFields(raw)) return undefined;
  const { protocol: written, port, endPort } = fields(raw);
  const protocol = parseProtocol(written);
  if (protocol === undefined) return undefined;
  if (isAbsent(port)) return isAbsent(endPort) ? { protocol, from: 1, to: 65535 } : undefined;
  if (typeof port === 'string') return isAbsent(endPort) ? { protocol, name: port } : undefined;
  const from = portNumber(port);
  const to = isAbsent(endPort) ? from : portNumber(endPort);
  return from === 0 || to < from ? undefined : { protocol, from, to };
}

/** TCP when absent; undefined when it is none of the three. */
export function parseProtocol(raw: unknown): Protocol | undefined {
  if (isAbsent(raw) || raw === '') return 'TCP';
  return raw === 'TCP' || raw === 'UDP' || raw === 'SCTP' ? raw : undefined;
}

const NOTHING: PolicyRule = Object.freeze({ peers: Object.freeze([]), ports: Object.freeze([]) });
