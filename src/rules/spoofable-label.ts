import type { NetworkPolicy, Peer, PodPeer } from '../model/objects.ts';
import type { View } from '../model/overlay.ts';
import { type Requirement, type Selector, selectorText, selects } from '../model/selector.ts';
import { namespaceWire, peerPointer } from './patch.ts';
import { faultStatement, INGRESS, newFaults, type PeerFault, peersOf } from './peers.ts';
import type { Rule } from './rule.ts';
import { listText, pathText, peerText, sortedTexts } from './text.ts';
import { deployment, namespace, policyFrom } from './worlds/manifests.ts';

const MOST_FINDINGS = 3;
/** Peers of a policy, and namespaces or pods for all of them, that are looked at. */
const MOST_PEERS = 200;
const MOST_LOOKS = 4000;

const CLUSTER = [
  deployment('shop/db', 'app: db'),
  deployment('edge/gateway', 'app: gateway'),
  deployment('play/game', 'app: game'),
  namespace('edge', 'team: edge'),
].join('');
const POLICY = (peer: string) => policyFrom('shop/db', 'app: db', peer);
const ANYWHERE = POLICY('{namespaceSelector: {}, podSelector: {matchLabels: {app: gateway}}}');
const TEAM = POLICY('namespaceSelector: {matchLabels: {team: edge}}');

export const spoofableLabel: Rule = {
  id: 'spoofable-label',
  title: 'Peer by a label that others may write',
  kinds: ['NetworkPolicy'],
  operations: ['CREATE', 'UPDATE'],
  severity: 'low',
  action: 'note',
  needs: 'model',
  aspects: ['farClients'],
  summary:
    'An ingress rule admits pods by a label that people of other namespaces may give to theirs, and so let themselves in.',
  why: 'Whoever may create pods in a namespace writes their labels, and who may create or edit a Namespace writes its own. Only kubernetes.io/metadata.name is set by the API server.',
  fix: 'Name the namespace by kubernetes.io/metadata.name, or by a label that only the platform may write. List such labels in the configuration under trustedNamespaceLabels.',
  limits: [
    'Who may really write which label is not known: the rule is a note unless the configuration makes more of it.',
    'A pod label in any namespace is reported when all pods that carry it live in one namespace; where they live in several, that is likely meant.',
    'A namespace picked by a label that is not trusted is a note at most (info). Egress rules are not looked at.',
  ],
  examples: {
    good: [
      {
        title: 'The namespace by its name',
        cluster: CLUSTER,
        operation: 'CREATE',
        manifest: ANYWHERE.replace('{}', '{matchLabels: {kubernetes.io/metadata.name: edge}}'),
        findings: [],
      },
      {
        title: 'A label that the configuration trusts',
        cluster: CLUSTER,
        settings: { trustedNamespaceLabels: ['kubernetes.io/*', 'team'] },
        operation: 'CREATE',
        manifest: TEAM,
        findings: [],
      },
      {
        title: 'An agent that runs everywhere',
        cluster: CLUSTER + deployment('play/gateway', 'app: gateway'),
        operation: 'CREATE',
        manifest: ANYWHERE,
        findings: [],
      },
    ],
    bad: [
      {
        title: 'A pod label in any namespace',
        cluster: CLUSTER,
        operation: 'CREATE',
        manifest: ANYWHERE,
        findings: [
          {
            subject: 'NetworkPolicy shop/db',
            message:
              'spec.ingress[0].from[0] admits app=gateway in any namespace: whoever creates pods anywhere can give them this label. All that carry it now live in namespace edge.',
            patch: [
              {
                op: 'add',
                path: '/spec/ingress/0/from/0/namespaceSelector',
                value: { matchLabels: { 'kubernetes.io/metadata.name': 'edge' } },
              },
            ],
          },
        ],
      },
      {
        title: 'A namespace by the name of a team',
        cluster: CLUSTER,
        operation: 'CREATE',
        manifest: TEAM,
        findings: [
          {
            subject: 'NetworkPolicy shop/db',
            severity: 'info',
            message:
              'spec.ingress[0].from[0] picks namespaces by team=edge: whoever may label a Namespace is let in.',
          },
        ],
      },
    ],
  },
  *check({ change, after, settings }) {
    const faults = newFaults(change, (policy) => faultsOf(after, policy, settings.trustedNamespaceLabels));
    yield* faults.map(faultStatement);
  },
};

function faultsOf(view: View, policy: NetworkPolicy, trusted: readonly string[]): PeerFault[] {
  const found: PeerFault[] = [];
  const weak = new Set<string>();
  let weakPath = '';
  let left = MOST_PEERS;
  const looks = { left: MOST_LOOKS };
  for (const { rule, place, peer } of peersOf(policy, INGRESS, isFar)) {
    if (peer.kind !== 'pods' || peer.namespaces === 'own') continue;
    if (--left < 0) break;
    const asked = peer.namespaces.requirements.filter(asksForLabel);
    if (asked.some(({ key }) => isTrusted(key, trusted))) continue;
    const path = pathText('ingress', rule, place);
    if (asked.length > 0) {
      if (weak.size === 0) weakPath = path;
      weak.add(selectorText({ requirements: asked }));
      continue;
    }
    if (found.length >= MOST_FINDINGS || !peer.pods.requirements.some(asksForLabel)) continue;
    const home = onlyHome(view, peer, peer.namespaces, looks);
    if (home === undefined) continue;
    found.push({
      key: peerText(peer),
      policy,
      path,
      message: `${path} admits ${peerText(peer)}: whoever creates pods anywhere can give them this label. All that carry it now live in namespace ${home}.`,
      patch: [
        {
          op: 'add',
          path: `${peerPointer('ingress', rule, place)}/namespaceSelector`,
          value: namespaceWire(home),
        },
      ],
    });
  }
  if (weak.size > 0) {
    const texts = sortedTexts(weak);
    const message = `${weakPath} picks namespaces by ${listText(texts)}: whoever may label a Namespace is let in.`;
    found.push({ key: texts.join(' '), policy, path: weakPath, message, severity: 'info' });
  }
  return found;
}

/** Whether the peer looks into other namespaces. */
function isFar(peer: Peer): boolean {
  return peer.kind === 'pods' && peer.namespaces !== 'own';
}

/** Whether an object must carry the label; one that it must not carry fits any new namespace. */
function asksForLabel({ operator }: Requirement): boolean {
  return operator === 'In' || operator === 'Exists';
}

function isTrusted(key: string, trusted: readonly string[]): boolean {
  const prefix = key.includes('/') ? (key.split('/', 1)[0] as string) : '';
  return trusted.some((pattern) => {
    if (!pattern.endsWith('/*')) return pattern === key;
    const domain = pattern.slice(0, -2);
    return domain.startsWith('*.') ? prefix.endsWith(domain.slice(1)) : prefix === domain;
  });
}

/** The one namespace in which all pods live that the peer selects; undefined when there are more, or too many to look at. */
function onlyHome(
  view: View,
  peer: PodPeer,
  namespaces: Selector,
  looks: { left: number },
): string | undefined {
  const indexed = view.snapshot.covers(peer.pods);
  let home: string | undefined;
  for (const space of view.snapshot.spaces.values()) {
    looks.left -= indexed ? 1 : 1 + space.classes().length;
    if (looks.left < 0) return undefined;
    if (space.pods.size === 0 || !selects(namespaces, space.labels)) continue;
    if (!view.selected(space, peer.pods).some(({ hostNetwork }) => !hostNetwork)) continue;
    if (home !== undefined) return undefined;
    home = space.name;
  }
  return home;
}
