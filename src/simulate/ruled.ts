import type { Direction, NetworkPolicy, Peer } from '../model/objects.ts';
import { selects } from '../model/selector.ts';
import { NONE } from './connection-table.ts';
import type { Grid, Part } from './grid.ts';
import { matchPeer, portsAt } from './match.ts';
import type { PodPoint } from './point.ts';
import { tieredSide } from './tiers.ts';

/** For one subject and direction: what its policies let through to or from each part, by the part's index. */
export interface Ruled {
  readonly allowed: Uint32Array;
  readonly possible: Uint32Array;
}

/** Runs every rule once over the parts its peers match, instead of every pair over every rule. */
export function ruledBy(
  grid: Grid,
  subject: PodPoint,
  direction: Direction,
  policies: readonly NetworkPolicy[],
): Ruled {
  if (grid.view.snapshot.tiers.size > 0) return tiered(grid, subject, direction, policies);
  const { table } = grid;
  const blocks = grid.view.snapshot.cni.blocksMatchPods;
  const allowed = new Uint32Array(grid.parts.length);
  let maybe: Uint32Array | undefined;
  for (const policy of policies) {
    for (const rule of policy[direction] ?? []) {
      // Only egress to a named port depends on the destination, that is, on the part.
      const fixed =
        direction === 'ingress' || rule.ports === 'any' || rule.ports.every((entry) => 'from' in entry)
          ? table.id(portsAt(rule.ports, subject))
          : undefined;
      const connections = (part: Part): number => fixed ?? table.id(portsAt(rule.ports, part.point));
      if (rule.peers === 'any') {
        for (const part of grid.parts) {
          allowed[part.index] = table.unite(allowed[part.index] as number, connections(part));
        }
        continue;
      }
      for (const peer of rule.peers) {
        for (const part of candidates(grid, peer, policy.namespace)) {
          const match = matchPeer(peer, policy.namespace, part.point, subject, blocks);
          if (match === 'no') continue;
          if (match === 'yes') {
            allowed[part.index] = table.unite(allowed[part.index] as number, connections(part));
          } else {
            maybe ??= new Uint32Array(grid.parts.length);
            maybe[part.index] = table.unite(maybe[part.index] as number, connections(part));
          }
        }
      }
    }
  }
  if (maybe === undefined) return { allowed, possible: allowed };
  const possible = new Uint32Array(allowed);
  for (let i = 0; i < possible.length; i++) {
    if (maybe[i] !== NONE) possible[i] = table.unite(possible[i] as number, maybe[i] as number);
  }
  return { allowed, possible };
}

/** The parts that a peer could match, without asking each. */
function* candidates(grid: Grid, peer: Peer, namespace: string): Iterable<Part> {
  if (peer.kind === 'block') {
    yield* grid.parts;
    return;
  }
  if (peer.namespaces === 'own') {
    yield* grid.partsIn(namespace);
    return;
  }
  const unclear = peer.namespaces.problem !== undefined || peer.pods.problem !== undefined;
  for (const space of grid.view.snapshot.spaces.values()) {
    if (unclear || selects(peer.namespaces, space.labels)) yield* grid.partsIn(space.name);
  }
}

function tiered(
  grid: Grid,
  subject: PodPoint,
  direction: Direction,
  policies: readonly NetworkPolicy[],
): Ruled {
  const allowed = new Uint32Array(grid.parts.length);
  const possible = new Uint32Array(grid.parts.length);
  for (const part of grid.parts) {
    const side = tieredSide(grid.view, subject, direction, part.point, policies);
    allowed[part.index] = grid.table.id(side.allowed);
    possible[part.index] = grid.table.id(side.possible);
  }
  return { allowed, possible };
}
