/** Counting what a policy is made of, once, when it is read. */
import type { Direction, Makeup, NetworkPolicy, Peer, PolicyRule } from '../objects.ts';
import { selectsEverything } from '../selector.ts';
import { TRAITS } from '../traits.ts';

/** One pass over the rules of both directions. */
export function makeupOf({
  subject,
  ingress,
  egress,
  ignored,
}: Pick<NetworkPolicy, 'subject' | 'ingress' | 'egress' | 'ignored'>): Makeup {
  const came = countOf(ingress ?? NO_RULES, 'ingress');
  const goes = countOf(egress ?? NO_RULES, 'egress');
  const whole = selectsEverything(subject) ? TRAITS.wholeNamespace : 0;
  return {
    traits: came.traits | goes.traits | whole | (ignored.length > 0 ? TRAITS.ignoredRules : 0),
    ingressParts: came.parts,
    egressParts: goes.parts,
    ingressLooks: came.looks,
    egressLooks: goes.looks,
  };
}

const NO_RULES: readonly PolicyRule[] = Object.freeze([]);

interface Count {
  traits: number;
  parts: number;
  looks: number;
}

function countOf(rules: readonly PolicyRule[], direction: Direction): Count {
  const count = { traits: 0, parts: rules.length, looks: 24 * rules.length };
  const comesIn = direction === 'ingress';
  for (let i = 0; i < rules.length; i++) {
    const { peers, ports } = rules[i] as PolicyRule;
    if (ports !== 'any') {
      count.parts += ports.length;
      count.looks += ports.length;
      if (comesIn)
        for (const port of ports) count.traits |= 'name' in port ? TRAITS.namedPorts : TRAITS.ports;
    }
    if (peers === 'any') {
      if (ports === 'any') count.traits |= comesIn ? TRAITS.openIngress : TRAITS.openEgress;
      continue;
    }
    count.parts += peers.length;
    if (peers.length > 1) count.traits |= TRAITS.neighbours;
    for (let j = 0; j < peers.length; j++) countPeer(count, peers[j] as Peer, comesIn);
  }
  return count;
}

function countPeer(count: Count, peer: Peer, comesIn: boolean): void {
  count.looks++;
  if (peer.kind === 'pods') {
    count.traits |= TRAITS.podPeers;
    if (comesIn && peer.namespaces !== 'own') count.traits |= TRAITS.farClients;
    return;
  }
  const excepted = peer.block.except.length;
  count.looks += 3 * excepted;
  count.traits |= TRAITS.blocks;
  if (excepted > 0) count.traits |= comesIn ? TRAITS.ingressHoles : TRAITS.egressHoles;
}
