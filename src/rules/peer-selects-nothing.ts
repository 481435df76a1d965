import { isOfRelease } from '../evidence/release.ts';
import type { Direction, NetworkPolicy, Peer, PodPeer } from '../model/objects.ts';
import type { View } from '../model/overlay.ts';
import { selectorText, selects, selectsEverything } from '../model/selector.ts';
import type { PodClass } from '../model/snapshot.ts';
import { correctedSelector, meantLabel, meantText } from './nearest.ts';
import { namespaceWire, type PatchOperation, peerPointer, selectorWire } from './patch.ts';
import { BOTH, namesOf, peersOf, spacesOf } from './peers.ts';
import type { Rule } from './rule.ts';
import { type PairLooks, splitPairAt } from './split-pairs.ts';
import { pathText, peerText, policyText } from './text.ts';
import { deployment, policyFrom } from './worlds/manifests.ts';

/** Classes and namespaces looked at for one peer, and for all. A peer that matches something is mostly found at once. */
const MOST_LOOKS = 1000;
const MOST_LOOKS_OF_ALL = 20_000;
const MOST_FINDINGS = 5;

const CLUSTER = deployment('shop/redis', 'app: redis') + deployment('shop/guestbook', 'app: guestbook');
const POLICY = (client: string) =>
  policyFrom('shop/redis', 'app: redis', `podSelector: {matchLabels: {app: ${client}}}`);
const ELSEWHERE = policyFrom(
  'shop/redis',
  'app: redis',
  `namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: frnt}}
      podSelector: {matchLabels: {app: web}}`,
);

export const peerSelectsNothing: Rule = {
  id: 'peer-selects-nothing',
  title: 'Peer that matches no pod',
  kinds: ['NetworkPolicy'],
  operations: ['CREATE', 'UPDATE'],
  severity: 'medium',
  action: 'warn',
  needs: 'model',
  aspects: ['podPeers'],
  summary: 'A from or to entry matches no pod in the cluster: it lets nobody through.',
  why: 'The client the entry was written for is shut out by the policy that was to admit it.',
  fix: 'Compare the selector with the labels of the pods and namespaces. A podSelector alone means the namespace of the policy.',
  limits: [
    'A policy applied before its clients is reported too.',
    'Of a cluster state without any Namespace object it is not known which namespaces there are: peers in one that the state does not show are not reported.',
    'A peer that the policy had before an update is not reported again. Beside a peer that matches pods, or in a release that is being made, it is a note unless a slip is likely.',
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
      {
        title: 'A namespace that a state without Namespace objects does not show',
        cluster: CLUSTER,
        operation: 'CREATE',
        manifest: ELSEWHERE,
        findings: [],
      },
      {
        title: 'Half of what was meant as one entry: and-or-confusion speaks of it',
        cluster: CLUSTER + deployment('front/web', 'app: web') + deployment('front/job', 'app: job'),
        operation: 'CREATE',
        manifest: ELSEWHERE.replace('frnt', 'front').replace('      podSelector', '    - podSelector'),
        findings: [],
      },
      {
        title: 'A label that a client may carry one day, as charts offer it: a note',
        cluster: CLUSTER,
        operation: 'CREATE',
        manifest: `${POLICY('guestbook')}    - podSelector: {matchLabels: {redis-client: "true"}}\n`,
        findings: [
          {
            subject: 'NetworkPolicy shop/redis',
            severity: 'info',
            message: 'spec.ingress[0].from[1] (redis-client=true) matches no pod.',
          },
        ],
      },
    ],
    bad: [
      {
        title: 'A client that lives in another namespace, beside one that does not',
        cluster: CLUSTER + deployment('front/web', 'app: web'),
        operation: 'CREATE',
        manifest: `${POLICY('guestbook')}    - podSelector: {matchLabels: {app: web}}\n`,
        findings: [
          {
            subject: 'NetworkPolicy shop/redis',
            message:
              'spec.ingress[0].from[1] (app=web) matches no pod; did you mean the pods in namespace front (add a namespaceSelector)?',
            patch: [
              {
                op: 'add',
                path: '/spec/ingress/0/from/1/namespaceSelector',
                value: { matchLabels: { 'kubernetes.io/metadata.name': 'front' } },
              },
            ],
          },
        ],
      },
      {
        title: 'A misspelt namespace',
        cluster: `${CLUSTER}---\napiVersion: v1\nkind: Namespace\nmetadata: {name: shop}\n`,
        operation: 'CREATE',
        manifest: ELSEWHERE,
        findings: [
          {
            subject: 'NetworkPolicy shop/redis',
            message:
              'spec.ingress[0].from[0] (app=web in namespaces with kubernetes.io/metadata.name=frnt) matches no pod.',
          },
        ],
      },
      {
        title: 'A client that lives in another namespace',
        cluster: CLUSTER + deployment('front/web', 'app: web'),
        operation: 'CREATE',
        manifest: POLICY('web'),
        findings: [
          {
            subject: 'NetworkPolicy shop/redis',
            message:
              'spec.ingress[0].from[0] (app=web) matches no pod; did you mean the pods in namespace front (add a namespaceSelector)?',
            patch: [
              {
                op: 'add',
                path: '/spec/ingress/0/from/0/namespaceSelector',
                value: { matchLabels: { 'kubernetes.io/metadata.name': 'front' } },
              },
            ],
          },
        ],
      },
      {
        title: 'A misspelt client',
        cluster: CLUSTER,
        operation: 'CREATE',
        manifest: POLICY('guestbok'),
        findings: [
          {
            subject: 'NetworkPolicy shop/redis',
            message: 'spec.ingress[0].from[0] (app=guestbok) matches no pod; did you mean app=guestbook?',
            patch: [
              {
                op: 'replace',
                path: '/spec/ingress/0/from/0/podSelector',
                value: { matchLabels: { app: 'guestbook' } },
              },
            ],
          },
        ],
      },
    ],
  },
  *check({ change, after, simulation }) {
    const policy = change.after;
    if (policy?.kind !== 'NetworkPolicy') return;
    let found = 0;
    const early = change.operation === 'CREATE' && isOfRelease(policy.labels);
    const looks = { left: MOST_LOOKS_OF_ALL };
    let had: ReadonlySet<string> | undefined;
    for (const { direction, rule, place, peer, among } of peersOf(policy, BOTH, isByLabels)) {
      if (looks.left < 0) {
        simulation.budget.skip(`whether each peer matches a pod, beyond ${MOST_LOOKS_OF_ALL} looks`);
        return;
      }
      if (peer.kind !== 'pods' || matchesSomething(after, policy, peer, looks) !== 'no') continue;
      // Once for all rules, and only for who matches nothing: there may be thousands of both.
      had ??= change.before?.kind === 'NetworkPolicy' ? keysOf(change.before) : NOBODY;
      if (had.has(keyOf(direction, peer))) continue;
      // One cause, one finding: and-or-confusion speaks of it.
      if (isHalf(after, policy, among, place, looks)) continue;
      if (++found > MOST_FINDINGS) return;
      const path = pathText(direction, rule, place);
      const pointer = peerPointer(direction, rule, place);
      const meant = isTwin(peer, among) ? undefined : guess(after, policy, peer, pointer);
      // Charts list those who may come one day beside those who are there. A likely slip is said all the same.
      const spare =
        meant === undefined &&
        (early ||
          among.some((one) => one.kind === 'pods' && matchesSomething(after, policy, one, looks) === 'yes'));
      yield {
        subject: policyText(policy),
        ...(spare ? { severity: 'info' as const } : {}),
        message: `${path} (${peerText(peer)}) matches no pod${meant === undefined ? '.' : `; did you mean ${meant.text}?`}`,
        because: [`${policyText(policy)} ${path}`],
        ...(meant?.patch === undefined ? {} : { patch: meant.patch }),
      };
    }
  },
};

function isByLabels(peer: Peer): peer is PodPeer {
  return peer.kind === 'pods';
}

/** Whether the entry was most likely meant as the other half of its neighbour. */
function isHalf(
  view: View,
  policy: NetworkPolicy,
  peers: readonly Peer[],
  place: number,
  looks: PairLooks,
): boolean {
  return [place - 1, place].some(
    (at) => splitPairAt(view, policy, peers, at, looks)?.narrow === peers[place],
  );
}

const NOBODY: ReadonlySet<string> = new Set();

/** The peers of a policy, each with its direction in words: wherever in the list they stand. */
function keysOf(policy: NetworkPolicy): ReadonlySet<string> {
  const keys = new Set<string>();
  for (const { direction, peer } of peersOf(policy, BOTH, isByLabels)) keys.add(keyOf(direction, peer));
  return keys;
}

function keyOf(direction: Direction, peer: Peer): string {
  return `${direction} ${peerText(peer)}`;
}

/** Whether the same pods of other namespaces are let in beside those of this one: then that was not forgotten. */
function isTwin(peer: PodPeer, peers: readonly Peer[]): boolean {
  return (
    peer.namespaces === 'own' &&
    peers.some(
      (one) =>
        one.kind === 'pods' && one.namespaces !== 'own' && selectorText(one.pods) === selectorText(peer.pods),
    )
  );
}

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
  return unsure || mayBeElsewhere(view, peer) ? 'unknown' : 'no';
}

/** Whether the peer may mean a namespace that a model without any Namespace object just does not show. */
function mayBeElsewhere({ snapshot: { spaces } }: View, peer: PodPeer): boolean {
  if (peer.namespaces === 'own') return false;
  if (namesOf(peer)?.every((name) => spaces.has(name)) === true) return false;
  let looks = 0;
  for (const { known } of spaces.values()) if (known || ++looks > MOST_LOOKS) return false;
  return true;
}

interface Guess {
  readonly text: string;
  readonly patch?: readonly PatchOperation[];
}

/** What the peer may have meant, and the change to the peer at this pointer that says it. */
function guess(view: View, policy: NetworkPolicy, peer: PodPeer, pointer: string): Guess | undefined {
  const near: PodClass[] = [];
  for (const space of spacesOf(view, policy, peer)) {
    if (near.length > 200) break;
    if (peer.namespaces !== 'own' && !selects(peer.namespaces, space.labels)) continue;
    near.push(...view.classes(space));
  }
  const meant = meantLabel(peer.pods, near);
  if (meant !== undefined) {
    const text = meantText(meant);
    const right = correctedSelector(peer.pods, meant, near);
    if (right === undefined) return { text };
    return { text, patch: [{ op: 'replace', path: `${pointer}/podSelector`, value: selectorWire(right) }] };
  }
  if (peer.namespaces !== 'own') return undefined;
  // The usual slip: the client lives elsewhere and namespaceSelector was left out.
  let looks = 0;
  let home: string | undefined;
  for (const space of view.snapshot.spaces.values()) {
    if (++looks > MOST_LOOKS) break;
    if (home !== undefined && home < space.name) continue;
    for (const podClass of view.classes(space)) {
      if (++looks > MOST_LOOKS) break;
      if (podClass.hostNetwork || !selects(peer.pods, podClass.labels)) continue;
      home = space.name;
      break;
    }
  }
  if (home === undefined) return undefined;
  return {
    text: `the pods in namespace ${home} (add a namespaceSelector)`,
    patch: [{ op: 'add', path: `${pointer}/namespaceSelector`, value: namespaceWire(home) }],
  };
}
