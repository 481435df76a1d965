import { fewAddresses } from '../evidence/holes.ts';
import type { BlockPeer, NetworkPolicy } from '../model/objects.ts';
import type { Snapshot } from '../model/snapshot.ts';
import { type Address, parseCidr } from '../netset/addresses.ts';
import { classPeer, type PatchOperation, peerPointer, peerWire, selectorWire, type Wire } from './patch.ts';
import type { Rule } from './rule.ts';
import { listText, pathText, policyText } from './text.ts';
import { pod, policy, service } from './worlds/manifests.ts';
import { EXCEPT_ONE_CLIENT, REGIONS } from './worlds/regions.ts';

/** A block of more addresses is a network, not somebody's address. */
const MOST_ADDRESSES = 16;
const MOST_FINDINGS = 5;
/** CIDRs read: a policy may hold tens of thousands. */
const MOST_CIDRS = 500;

const DATABASE = service('demo/db', 'app: server', '{port: 5432}', '  clusterIP: 10.96.0.10\n');
const EGRESS = (cidr: string) =>
  policy(
    'demo/out',
    `  podSelector: {}\n  policyTypes: [Egress]\n  egress:\n  - to:\n    - ipBlock: {cidr: ${cidr}}\n`,
  );

export const podIpInIpblock: Rule = {
  id: 'pod-ip-in-ipblock',
  title: "A pod's or Service's address in an ipBlock",
  kinds: ['NetworkPolicy'],
  operations: ['CREATE', 'UPDATE'],
  severity: 'medium',
  action: 'warn',
  needs: 'model',
  aspects: ['blocks'],
  summary:
    "An ipBlock names the address of a pod, which is the pod's only until it is replaced, or of a Service, which no policy sees.",
  why: 'Pod addresses are handed out anew with each pod. Tomorrow the block means nobody, or somebody else. Some network plug-ins do not match pods by address at all. The address of a Service is replaced by that of a pod behind it before a policy is asked.',
  fix: 'Name pods by podSelector and namespaceSelector. Keep ipBlock for addresses outside the cluster.',
  limits: [
    'Blocks and exceptions of up to 16 addresses are looked at, against the addresses that pods and Services have now.',
    'Of a policy the first 500 blocks and exceptions are looked at; the answer says when there are more.',
  ],
  examples: {
    good: [
      {
        title: 'A network of pods is not the address of a pod',
        cluster: REGIONS,
        operation: 'CREATE',
        manifest: EXCEPT_ONE_CLIENT.replace(', except: [10.1.0.7/32]', ''),
        findings: [],
      },
      {
        title: 'An address outside the cluster',
        cluster: REGIONS + DATABASE,
        operation: 'CREATE',
        manifest: EGRESS('192.0.2.9/32'),
        findings: [],
      },
    ],
    bad: [
      {
        title: 'Egress to the address of a Service',
        cluster: REGIONS + DATABASE,
        operation: 'CREATE',
        manifest: EGRESS('10.96.0.10/32'),
        findings: [
          {
            subject: 'NetworkPolicy demo/out',
            message:
              'spec.egress[0].to[0] names 10.96.0.10/32, the address of Service demo/db: policies see the pods and addresses behind a Service, never its own, so that it matches nothing.',
            patch: [
              {
                op: 'replace',
                path: '/spec/egress/0/to/0',
                value: { podSelector: { matchLabels: { app: 'server' } } },
              },
            ],
          },
        ],
      },
      {
        title: "One client's address, and nothing else",
        cluster: REGIONS + pod('office/printer', 'app: printer', '10.1.0.9'),
        operation: 'CREATE',
        manifest: EXCEPT_ONE_CLIENT.replace('10.1.0.0/16, except: [10.1.0.7/32]', '10.1.0.9/32'),
        findings: [
          {
            subject: 'NetworkPolicy demo/regions',
            message:
              'spec.ingress[0].from[0] names 10.1.0.9/32, now the address of pod office/printer: pod addresses are ephemeral, and the block follows no pod.',
            patch: [
              {
                op: 'replace',
                path: '/spec/ingress/0/from/0',
                value: {
                  namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'office' } },
                  podSelector: { matchLabels: { app: 'printer' } },
                },
              },
            ],
          },
        ],
      },
      {
        title: "One client's address as an exception",
        cluster: REGIONS,
        operation: 'CREATE',
        manifest: EXCEPT_ONE_CLIENT,
        findings: [
          {
            subject: 'NetworkPolicy demo/regions',
            message:
              'spec.ingress[0].from[0] names 10.1.0.7/32, now the address of pod demo/client-west: pod addresses are ephemeral, and the block follows no pod.',
          },
        ],
      },
    ],
  },
  *check({ change, simulation, snapshot }) {
    const policy = change.after;
    if (policy?.kind !== 'NetworkPolicy') return;
    let found = 0;
    let left = MOST_CIDRS;
    for (const direction of ['ingress', 'egress'] as const) {
      const rules = policy[direction] ?? [];
      for (let i = 0; i < rules.length; i++) {
        const peers = rules[i]?.peers ?? 'any';
        if (peers === 'any') continue;
        for (let j = 0; j < peers.length; j++) {
          const peer = peers[j];
          if (peer?.kind !== 'block') continue;
          if (left <= 0) {
            simulation.budget.skip(`ipBlocks beyond the first ${MOST_CIDRS} for addresses of pods`);
            return;
          }
          const named = [peer.block.cidr, ...peer.block.except].flatMap((cidr) => {
            const addresses = --left < 0 ? undefined : parseCidr(cidr);
            if (addresses === undefined) return [];
            return fewAddresses(addresses, MOST_ADDRESSES).flatMap((address) => {
              const owner = ownerOf(snapshot, address);
              return owner === undefined ? [] : [{ cidr, owner }];
            });
          });
          if (named.length === 0) continue;
          if (++found > MOST_FINDINGS) return;
          // Of a block that holds addresses of both, the Services' part is wrong even today.
          const kind = named.find(({ owner }) => owner.kind === 'Service')?.owner.kind ?? 'Pod';
          const meant = named.filter(({ owner }) => owner.kind === kind);
          const cidrs = listText([...new Set(meant.map(({ cidr }) => cidr))]);
          const paths = meant.map(({ owner }) => owner.path);
          const path = pathText(direction, i, j);
          yield {
            subject: policyText(policy),
            message: `${path} names ${cidrs}, ${whoseText(kind, paths)}`,
            because: [`${policyText(policy)} ${path}`],
            ...patchOf(snapshot, policy, peer, peerPointer(direction, i, j)),
          };
        }
      }
    }
  },
};

interface Owner {
  readonly kind: 'Pod' | 'Service';
  /** `namespace/name`. */
  readonly path: string;
}

function ownerOf(snapshot: Snapshot, address: Address): Owner | undefined {
  const pod = snapshot.podAt(address);
  if (pod !== undefined) return { kind: 'Pod', path: `${pod.namespace}/${pod.name}` };
  const service = snapshot.serviceAt(address);
  return service === undefined
    ? undefined
    : { kind: 'Service', path: `${service.namespace}/${service.name}` };
}

function whoseText(kind: Owner['kind'], paths: readonly string[]): string {
  const one = paths.length === 1;
  if (kind === 'Pod') {
    const whose = one ? `the address of pod ${paths[0]}` : `addresses of pods ${listText(paths)}`;
    return `now ${whose}: pod addresses are ephemeral, and the block follows no pod.`;
  }
  const whose = one ? `the address of Service ${paths[0]}` : `addresses of Services ${listText(paths)}`;
  return `${whose}: policies see the pods and addresses behind a Service, never its own, so that it matches nothing.`;
}

/** The labels of the pods that are meant, in place of a block that is one address and nothing else. */
function patchOf(
  snapshot: Snapshot,
  { namespace }: NetworkPolicy,
  { block }: BlockPeer,
  path: string,
): { readonly patch?: readonly PatchOperation[] } {
  const [address, more] = block.except.length > 0 ? [] : fewAddresses(block.addresses, 1);
  if (address === undefined || more !== undefined) return {};
  const value = peerAt(snapshot, namespace, address);
  return value === undefined ? {} : { patch: [{ op: 'replace', path, value }] };
}

function peerAt(snapshot: Snapshot, home: string, address: Address): Wire | undefined {
  const pod = snapshot.podAt(address);
  if (pod !== undefined) {
    const podClass = snapshot.spaces.get(pod.namespace)?.classOf(pod);
    return podClass === undefined ? undefined : classPeer(home, podClass);
  }
  const service = snapshot.serviceAt(address);
  if (service?.selector === undefined) return undefined;
  return peerWire(home, service.namespace, selectorWire(service.selector));
}
