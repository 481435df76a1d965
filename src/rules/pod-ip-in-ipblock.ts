import { fewAddresses } from '../evidence/holes.ts';
import { parseCidr } from '../netset/addresses.ts';
import type { Rule } from './rule.ts';
import { listText, pathText, policyText } from './text.ts';
import { EXCEPT_ONE_CLIENT, REGIONS } from './worlds/regions.ts';

/** A block of more addresses is a network, not somebody's address. */
const MOST_ADDRESSES = 16;
const MOST_FINDINGS = 5;
/** CIDRs read: a policy may hold tens of thousands. */
const MOST_CIDRS = 500;

export const podIpInIpblock: Rule = {
  id: 'pod-ip-in-ipblock',
  title: "A pod's address in an ipBlock",
  kinds: ['NetworkPolicy'],
  operations: ['CREATE', 'UPDATE'],
  severity: 'medium',
  action: 'warn',
  needs: 'model',
  summary: "An ipBlock names the address of a pod: it is the pod's only until the pod is replaced.",
  why: 'Pod addresses are handed out anew with each pod. Tomorrow the block means nobody, or somebody else. Some network plug-ins do not match pods by address at all.',
  fix: 'Name pods by podSelector and namespaceSelector. Keep ipBlock for addresses outside the cluster.',
  limits: [
    'Blocks and exceptions of up to 16 addresses are looked at, against the addresses that pods have now.',
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
    ],
    bad: [
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
            const pods = fewAddresses(addresses, MOST_ADDRESSES).map((address) => snapshot.podAt(address));
            return pods.flatMap((pod) => (pod === undefined ? [] : [{ cidr, pod }]));
          });
          const first = named[0];
          if (first === undefined) continue;
          if (++found > MOST_FINDINGS) return;
          const cidrs = listText([...new Set(named.map(({ cidr }) => cidr))]);
          const pods = named.map(({ pod }) => `${pod.namespace}/${pod.name}`);
          const path = pathText(direction, i, j);
          const whose =
            pods.length === 1 ? `the address of pod ${pods[0]}` : `addresses of pods ${listText(pods)}`;
          yield {
            subject: policyText(policy),
            message: `${path} names ${cidrs}, now ${whose}: pod addresses are ephemeral, and the block follows no pod.`,
            because: [`${policyText(policy)} ${path}`],
          };
        }
      }
    }
  },
};
