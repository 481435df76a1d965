import { PROTOCOLS, type Protocol } from '../../netset/connections.ts';
import type { PortMatch, TierPeer, TierPolicy, TierRule } from '../objects.ts';
import { EVERYTHING, type Selector } from '../selector.ts';
import { metadata } from './meta.ts';
import { blockPeer, parseProtocol } from './policy.ts';
import { parseSelector } from './selector.ts';
import { type Fields, fields, isAbsent, isFields, items, portNumber, text, whole } from './wire.ts';

const KINDS = ['AdminNetworkPolicy', 'BaselineAdminNetworkPolicy', 'ClusterNetworkPolicy'] as const;

/**
 * A tier policy of policy.networking.k8s.io: AdminNetworkPolicy and BaselineAdminNetworkPolicy (v1alpha1),
 * ClusterNetworkPolicy (v1alpha2). Peers and ports of a form that is not known here become unknown peers:
 * the API asks readers to notice fields of later versions, not to skip them.
 */
export function parseTierPolicy(raw: unknown): TierPolicy {
  const { kind: written, spec: rawSpec } = fields(raw);
  const kind = KINDS.find((known) => known === written) ?? 'ClusterNetworkPolicy';
  const spec = fields(rawSpec);
  const baseline =
    kind === 'BaselineAdminNetworkPolicy' || (kind === 'ClusterNetworkPolicy' && spec.tier === 'Baseline');
  const subject = pods(spec.subject);
  return {
    kind,
    name: text(metadata(raw).name),
    tier: baseline ? 'baseline' : 'admin',
    priority: whole(spec.priority),
    namespaces: subject?.namespaces ?? NO_SUBJECT,
    pods: subject?.pods ?? NO_SUBJECT,
    ingress: items(spec.ingress).map((rule) => parseRule(rule, 'from')),
    egress: items(spec.egress).map((rule) => parseRule(rule, 'to')),
  };
}

const NO_SUBJECT: Selector = Object.freeze({
  requirements: [],
  problem: 'the subject selects nothing known',
});

/** `namespaces: selector`, or `pods: {namespaceSelector, podSelector}`. */
function pods(raw: unknown): { namespaces: Selector; pods: Selector } | undefined {
  const { namespaces, pods: both } = fields(raw);
  if (isFields(namespaces)) return { namespaces: parseSelector(namespaces), pods: EVERYTHING };
  if (!isFields(both)) return undefined;
  return { namespaces: parseSelector(both.namespaceSelector), pods: parseSelector(both.podSelector) };
}

function parseRule(raw: unknown, peersField: 'from' | 'to'): TierRule {
  const { name, action: written, [peersField]: peers, ports: older, protocols } = fields(raw);
  const action = ACTIONS.get(text(written));
  const ports = parsePorts(isAbsent(protocols) ? older : protocols);
  const doubt =
    action === undefined
      ? 'its action is not known'
      : ports === undefined
        ? 'a port has an unknown form'
        : undefined;
  return {
    name: text(name),
    action: action ?? 'deny',
    peers: doubt === undefined ? items(peers).flatMap(parsePeer) : [{ kind: 'unknown', reason: doubt }],
    ports: ports ?? 'any',
  };
}

const ACTIONS: ReadonlyMap<string, TierRule['action']> = new Map([
  ['Allow', 'allow'],
  ['Accept', 'allow'],
  ['Deny', 'deny'],
  ['Pass', 'pass'],
]);

function parsePeer(raw: unknown): TierPeer[] {
  const { nodes, networks, domainNames } = fields(raw);
  const labelled = isOldForm(raw) ? undefined : pods(raw);
  if (labelled !== undefined) return [{ kind: 'pods', ...labelled }];
  if (isFields(nodes)) return [{ kind: 'nodes', nodes: parseSelector(nodes) }];
  if (Array.isArray(networks)) return networks.map((cidr) => blockPeer(text(cidr), []));
  if (Array.isArray(domainNames)) return [{ kind: 'unknown', reason: 'it names domains' }];
  return [{ kind: 'unknown', reason: 'a peer has an unknown form' }];
}

/** Until 2023 `namespaces` held more than a selector: sameLabels, notSameLabels, notSelf. */
function isOldForm(raw: unknown): boolean {
  const { namespaces, pods: both } = fields(raw);
  return [namespaces, fields(both).namespaces].some((set) => {
    const { namespaceSelector, sameLabels, notSameLabels, notSelf } = fields(set);
    return [namespaceSelector, sameLabels, notSameLabels, notSelf].some((field) => !isAbsent(field));
  });
}

/** Undefined when an entry has a form that is not known here. */
function parsePorts(raw: unknown): 'any' | PortMatch[] | undefined {
  if (isAbsent(raw) || (Array.isArray(raw) && raw.length === 0)) return 'any';
  const matches: PortMatch[] = [];
  for (const item of items(raw)) {
    const match = parsePort(fields(item));
    if (match === undefined) return undefined;
    matches.push(...match);
  }
  return Array.isArray(raw) ? matches : undefined;
}

function parsePort(port: Fields): PortMatch[] | undefined {
  const { portNumber: single, portRange, namedPort, destinationNamedPort } = port;
  const name = text(destinationNamedPort) || text(namedPort);
  if (name !== '') return PROTOCOLS.map((protocol) => ({ protocol, name }));
  if (isFields(single)) return range(parseProtocol(single.protocol), single.port, single.port);
  if (isFields(portRange)) return range(parseProtocol(portRange.protocol), portRange.start, portRange.end);
  for (const protocol of PROTOCOLS) {
    const attributes = port[protocol.toLowerCase()];
    if (isFields(attributes)) return destination(protocol, attributes.destinationPort);
  }
  return undefined;
}

/** `destinationPort: {number}` or `{range: {start, end}}`; without it every port of the protocol. */
function destination(protocol: Protocol, raw: unknown): PortMatch[] | undefined {
  if (isAbsent(raw)) return [{ protocol, from: 1, to: 65535 }];
  const { number, range: written } = fields(raw);
  if (!isFields(written)) return range(protocol, number, number);
  return range(protocol, written.start, written.end);
}

function range(protocol: Protocol | undefined, start: unknown, end: unknown): PortMatch[] | undefined {
  const from = portNumber(start);
  const to = portNumber(end);
  return protocol === undefined || from === 0 || to < from ? undefined : [{ protocol, from, to }];
}
