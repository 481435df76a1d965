import type { NetworkPolicy, Peer, PodPeer } from '../model/objects.ts';
import { selects, selectsEverything } from '../model/selector.ts';
import type { PodClass } from '../model/snapshot.ts';
import { faultStatement, INGRESS, newFaults, type PeerFault, peersOf, surelyPicks } from './peers.ts';
import { CONFIG_MAPS } from './reads.ts';
import type { Rule, RuleContext } from './rule.ts';
import { countText, listText, pathText, peerText, shortText, sortedTexts } from './text.ts';
import { deployment, namespace, policyFrom, service } from './worlds/manifests.ts';

const MOST_FINDINGS = 3;
/** Peers, selected classes, Services and classes of admitted namespaces that are looked at. */
const MOST_PEERS = 100;
const MOST_SUBJECTS = 50;
const MOST_SERVICES = 20;
const MOST_CLASSES = 1000;
/** More clients than these are a crowd that nobody lists in a policy. */
const MOST_CLIENTS = 5;
/** Workloads that are admitted and show no need: fewer are not worth a word. */
const LEAST_IDLE = 2;

const REPORTS = deployment('ops/reports', 'app: reports', '', '{name: DB_HOST, value: db.shop}');
const CLUSTER = [
  deployment('shop/db', 'app: db', '{containerPort: 5432}'),
  service('shop/db', 'app: db', '{port: 5432}'),
  deployment('shop/web', 'app: web', '', '{name: DB_HOST, value: db}'),
  namespace('ops', 'team: ops'),
  deployment('ops/shell', 'app: shell'),
  deployment('ops/wiki', 'app: wiki'),
].join('');
const POLICY = (peer: string) => policyFrom('shop/db', 'app: db', peer);
const OPS = POLICY('namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: ops}}');

export const namespaceWidePeer: Rule = {
  id: 'namespace-wide-peer',
  title: 'A whole namespace for one client',
  kinds: ['NetworkPolicy'],
  operations: ['CREATE', 'UPDATE'],
  severity: 'low',
  action: 'note',
  needs: 'model',
  reads: CONFIG_MAPS,
  aspects: ['farClients'],
  summary:
    'An ingress rule admits every pod of other namespaces, where only a few of them use what it protects.',
  why: 'A namespace is no trust boundary by itself: each pod in it, today or tomorrow, gets in, and so does who breaks into the least of them.',
  fix: 'Add a podSelector with the labels of the clients to the same list entry.',
  limits: [
    'Clients are known from environment variables and arguments, and ConfigMaps where these are read, that name a Service of the protected pods. Where no pod of the admitted namespaces names one, as with monitoring and ingress controllers, it says nothing; a client that reads the name elsewhere is not seen, so this is a note unless the configuration makes more of it.',
    `Said when up to ${MOST_CLIENTS} workloads name the Service and at least ${LEAST_IDLE} others are admitted beside them.`,
    'Whole namespaces in egress rules are not looked at, nor is the own namespace.',
  ],
  examples: {
    good: [
      {
        title: 'The client by its labels',
        cluster: CLUSTER + REPORTS,
        operation: 'CREATE',
        manifest: `${OPS}      podSelector: {matchLabels: {app: reports}}\n`,
        findings: [],
      },
      {
        title: 'Nobody there is known to need it',
        cluster: CLUSTER,
        operation: 'CREATE',
        manifest: OPS,
        findings: [],
      },
      {
        title: 'The own namespace',
        cluster: CLUSTER,
        operation: 'CREATE',
        manifest: POLICY('podSelector: {}'),
        findings: [],
      },
    ],
    bad: [
      {
        title: 'One of three workloads uses the database',
        cluster: CLUSTER + REPORTS,
        operation: 'CREATE',
        manifest: OPS,
        findings: [
          {
            subject: 'NetworkPolicy shop/db',
            message:
              'spec.ingress[0].from[0] admits the pods of namespaces with kubernetes.io/metadata.name=ops, all 3 workloads; only ops/reports names a Service of the pods it selects.',
          },
        ],
      },
      {
        title: 'The whole cluster for two clients',
        cluster: CLUSTER + REPORTS,
        operation: 'CREATE',
        manifest: POLICY('namespaceSelector: {}'),
        findings: [
          {
            subject: 'NetworkPolicy shop/db',
            message:
              'spec.ingress[0].from[0] admits all pods of the cluster, 5 workloads; only ops/reports and shop/web name a Service of the pods it selects.',
          },
        ],
      },
    ],
  },
  *check(context) {
    const { change } = context;
    if (change.after?.kind !== 'NetworkPolicy' || !hasWidePeer(change.after)) return;
    const clients = clientsOf(context);
    if (clients.size === 0) return;
    const faults = newFaults(change, (policy) => faultsOf(context, policy, clients));
    yield* faults.slice(0, MOST_FINDINGS).map(faultStatement);
  },
};

function isWide(peer: Peer): peer is PodPeer {
  return peer.kind === 'pods' && peer.namespaces !== 'own' && selectsEverything(peer.pods);
}

function hasWidePeer(policy: NetworkPolicy): boolean {
  return (policy.ingress ?? []).some(({ peers }) => peers !== 'any' && peers.some(isWide));
}

/** Who names a Service of the selected pods in its own spec. */
function clientsOf({ simulation, after, evidence, change }: RuleContext): ReadonlySet<PodClass> {
  const policy = change.after as NetworkPolicy;
  const services = new Set<string>();
  for (const { podClass } of simulation.subjects.slice(0, MOST_SUBJECTS)) {
    if (!selects(policy.subject, podClass.labels)) continue;
    for (const { name } of after.servicesOf(podClass)) services.add(name);
    if (services.size > MOST_SERVICES) return new Set();
  }
  const clients = new Set<PodClass>();
  for (const name of services) {
    for (const { podClass } of evidence.referrersOf(policy.namespace, name)) {
      if (!podClass.hostNetwork) clients.add(podClass);
    }
  }
  return clients;
}

function faultsOf(
  { after, snapshot }: RuleContext,
  policy: NetworkPolicy,
  clients: ReadonlySet<PodClass>,
): PeerFault[] {
  const found: PeerFault[] = [];
  let left = MOST_PEERS;
  for (const { peer, rule, place } of peersOf(policy, INGRESS, isWide)) {
    if (!isWide(peer)) continue;
    if (--left < 0) break;
    const admitted = [...clients].filter(({ space }) => surelyPicks(peer, space));
    if (!admitted.some(({ space }) => space.name !== policy.namespace)) continue;
    const names = sortedTexts(admitted.map(shortText));
    if (names.length > MOST_CLIENTS) continue;
    let looks = MOST_CLASSES;
    const workloads = new Set<string>();
    for (const space of snapshot.spaces.values()) {
      if (--looks < 0) break;
      if (space.pods.size === 0 || !surelyPicks(peer, space)) continue;
      for (const podClass of after.classes(space)) {
        if (--looks < 0) break;
        if (!podClass.hostNetwork) workloads.add(shortText(podClass));
      }
    }
    if (workloads.size - names.length < LEAST_IDLE) continue;
    const path = pathText('ingress', rule, place);
    const everywhere = peer.namespaces !== 'own' && selectsEverything(peer.namespaces);
    // Where not all were looked at, their number would hang on the order in which they came.
    const count = looks < 0 ? '' : `, ${everywhere ? '' : 'all '}${countText(workloads.size, 'workload')}`;
    found.push({
      key: peerText(peer),
      policy,
      path,
      message: `${path} admits ${peerText(peer)}${count}; only ${listText(names)} ${names.length === 1 ? 'names' : 'name'} a Service of the pods it selects.`,
    });
  }
  return found;
}
