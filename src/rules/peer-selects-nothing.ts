import type { NetworkPolicy, PodPeer } from '../model/objects.ts';
import type { View } from '../model/overlay.ts';
import { selects, selectsEverything } from '../model/selector.ts';
import type { PodClass, Space } from '../model/snapshot.ts';
import { didYouMean } from './nearest.ts';
import type { Rule } from './rule.ts';
import { pathText, peerText, policyText } from './text.ts';
import { deployment, policy } from './worlds/manifests.ts';

/** Classes and namespaces looked at for one peer, and for all. A peer that matches something is mostly found at once. */
const MOST_LOOKS = 1000;
const MOST_LOOKS_OF_ALL = 20_000;
const MOST_FINDINGS = 5;

const CLUSTER = deployment('shop/redis', 'app: redis') + deployment('shop/guestbook', 'app: guestbook');
const POLICY = (client: string) =>
  policy(
    'shop/redis',
    `  podSelector: {matchLabels: {app: redis}}
  ingress:
  - from:
    - podSelector: {matchLabels: {app: ${client}}}
`,
  );

export const peerSelectsNothing: Rule = {
  id: 'peer-selects-nothing',
  title: 'Peer that matches no pod',
  kinds: ['NetworkPolicy'],
  operations: ['CREATE', 'UPDATE'],
  severity: 'medium',
  action: 'warn',
  needs: 'model',
  summary: 'A from or to entry matches no pod in the cluster: it lets nobody through.',
  why: 'The client the entry was written for is shut out by the policy that was to admit it.',
  fix: 'Compare the selector with the labels of the pods and namespaces. A podSelector alone means the namespace of the policy.',
  limits: [
    'A policy applied before its clients is reported too.',
    'In clusters where more than 1,000 kinds of pods would have to be looked at, the rule stops and says nothing.',
  ],
  examples: {
    good: [
      {
        title: 'The client exists',
        cluster: CLUSTER,
        operation: 'CREATE',
        manifest: POLICY('guestbook'),
        findings: [],
      },
    ],
    bad: [
      {
        title: 'A misspelt client',
        cluster: CLUSTER,
        operation: 'CREATE',
        manifest: POLICY('guestbok'),
        findings: [
          {
            subject: 'NetworkPolicy shop/redis',
            message: 'spec.ingress[0].from[0] (app=guestbok) matches no pod; did you mean app=guestbook?',
          },
        ],
      },
    ],
  },
  *check({ change, after }) {
    const policy = change.after;
    if (policy?.kind !== 'NetworkPolicy') return;
    let found = 0;
    const looks = { left: MOST_LOOKS_OF_ALL };
    for (const direction of ['ingress', 'egress'] as const) {
      const rules = policy[direction] ?? [];
      for (let i = 0; i < rules.length; i++) {
        const peers = rules[i]?.peers ?? 'any';
        if (peers === 'any') continue;
        for (let j = 0; j < peers.length; j++) {
          const peer = peers[j];
          if (peer?.kind !== 'pods' || matchesSomething(after, policy, peer, looks) !== 'no') continue;
          if (++found > MOST_FINDINGS) return;
          const path = pathText(direction, i, j);
          const meant = meantText(after, policy, peer);
          yield {
            subject: policyText(policy),
            message: `${path} (${peerText(peer)}) matches no pod${meant === undefined ? '.' : `; did you mean ${meant}?`}`,
            because: [`${policyText(policy)} ${path}`],
          };
        }
      }
    }
  },
};

function matchesSomething(
  view: View,
  policy: NetworkPolicy,
  peer: PodPeer,
  all: { left: number },
): 'yes' | 'no' | 'unknown' {
  if (peer.pods.problem !== undefined) return 'unknown';
  let looks = 0;
  let unsure = false;
  for (const space of spacesOf(view, policy, peer)) {
    if (++looks > MOST_LOOKS || --all.left < 0) return 'unknown';
    if (peer.namespaces !== 'own') {
      if (peer.namespaces.problem !== undefined) return 'unknown';
      if (!selects(peer.namespaces, space.labels)) {
        // A Namespace that was never seen may carry any label.
        unsure ||= !space.known && space.pods.size > 0;
        continue;
      }
    }
    if (space.pods.size === 0) continue;
    if (selectsEverything(peer.pods)) return 'yes';
    for (const podClass of view.classes(space)) {
      if (++looks > MOST_LOOKS || --all.left < 0) return 'unknown';
      if (!podClass.hostNetwork && selects(peer.pods, podClass.labels)) return 'yes';
    }
  }
  return unsure ? 'unknown' : 'no';
}

/** The namespaces a peer can mean: its own, those it names, or all. */
function spacesOf(view: View, policy: NetworkPolicy, peer: PodPeer): Iterable<Space> {
  const { spaces } = view.snapshot;
  const names = peer.namespaces === 'own' ? [policy.namespace] : namesOf(peer);
  if (names === undefined) return spaces.values();
  return names.map((name) => spaces.get(name)).filter((space) => space !== undefined);
}

function namesOf(peer: PodPeer): readonly string[] | undefined {
  if (peer.namespaces === 'own') return undefined;
  const byName = peer.namespaces.requirements.find(
    ({ key, operator }) => key === 'kubernetes.io/metadata.name' && operator === 'In',
  );
  return byName?.values;
}

function meantText(view: View, policy: NetworkPolicy, peer: PodPeer): string | undefined {
  const near: PodClass[] = [];
  for (const space of spacesOf(view, policy, peer)) {
    if (near.length > 200) break;
    if (peer.namespaces !== 'own' && !selects(peer.namespaces, space.labels)) continue;
    near.push(...view.classes(space));
  }
  const meant = didYouMean(peer.pods, near);
  if (meant !== undefined) return meant;
  if (peer.namespaces !== 'own') return undefined;
  // The usual slip: the client lives elsewhere and namespaceSelector was left out.
  let looks = 0;
  let home: string | undefined;
  for (const space of view.snapshot.spaces.values()) {
    if (++looks > MOST_LOOKS) break;
    if (home !== undefined && home < space.name) continue;
    for (const podClass of view.classes(space)) {
      if (++looks > MOST_LOOKS) break;
      if (!selects(peer.pods, podClass.labels)) continue;
      home = space.name;
      break;
    }
  }
  return home === undefined ? undefined : `the pods in namespace ${home} (add a namespaceSelector)`;
}
