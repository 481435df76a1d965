import type { Direction, NetworkPolicy, PodPeer } from '../model/objects.ts';
import type { PodClass } from '../model/snapshot.ts';
import type { Block } from '../netset/addresses.ts';
import type { Protocol } from '../netset/connections.ts';
import { opensAt } from '../simulate/match.ts';
import { classPoint } from '../simulate/point.ts';

/** To whom policies open a port, by the kinds of their peers. */
export interface Openings {
  /** To every source. */
  readonly any: boolean;
  readonly blocks: readonly Block[];
  readonly pods: readonly { readonly namespace: string; readonly peer: PodPeer }[];
}

/** Who may come in to a port of the class by the ingress rules of these policies. */
export function ingressOpenings(
  policies: readonly NetworkPolicy[],
  podClass: PodClass,
  protocol: Protocol,
  port: number,
): Openings {
  const point = classPoint(podClass, podClass.pods);
  const blocks: Block[] = [];
  const pods: { namespace: string; peer: PodPeer }[] = [];
  for (const { namespace, ingress } of policies) {
    for (const { peers, ports } of ingress ?? []) {
      if (!opensAt(ports, point, protocol, port)) continue;
      if (peers === 'any') return { any: true, blocks: [], pods: [] };
      for (const peer of peers) {
        if (peer.kind === 'block') blocks.push(peer.block);
        else pods.push({ namespace, peer });
      }
    }
  }
  return { any: false, blocks, pods };
}

/** Whether the rules of this direction let anybody at all through on the port. */
export function opensPort(
  policies: readonly NetworkPolicy[],
  direction: Direction,
  podClass: PodClass,
  protocol: Protocol,
  port: number,
): boolean {
  const point = classPoint(podClass, podClass.pods);
  return policies.some((policy) =>
    policy[direction]?.some(({ ports }) => opensAt(ports, point, protocol, port)),
  );
}
