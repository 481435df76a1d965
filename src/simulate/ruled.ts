import type { Direction, NetworkPolicy, PodPeer } from '../model/objects.ts';
import { selects } from '../model/selector.ts';
import { type Addresses, type Block, hasAddress } from '../netset/addresses.ts';
import { NONE } from './connection-table.ts';
import type { Grid, Part } from './grid.ts';
import { type Match, matchBlock, matchPods, portsAt, portsAtBlock } from './match.ts';
import { familiesOf, type PodPoint } from './point.ts';
import { rulePeers } from './rule-peers.ts';
import { sideOf } from './side.ts';

/** For one subject and direction: what its policies let through to or from each part, by the part's index. */
export interface Ruled {
  readonly allowed: Uint32Array;
  readonly possible: Uint32Array;
  /** Parts, by index, of which only some addresses are treated so: such a pair has to be asked for apart. */
  readonly mixed: ReadonlySet<number> | undefined;
}

/** Runs every rule once over the parts its peers match, instead of every pair over every rule. */
export function ruledBy(
  grid: Grid,
  subject: PodPoint,
  direction: Direction,
  policies: readonly NetworkPolicy[],
): Ruled {
  const pairwise =
    grid.view.snapshot.tiers.size > 0 || grid.view.unclear(subject.podClass, direction).length > 0;
  if (pairwise) return ruledByPair(grid, subject, direction);
  const { table } = grid;
  const how = grid.view.snapshot.cni.blocksMatchPods;
  const allowed = new Uint32Array(grid.parts.length);
  let maybe: Uint32Array | undefined;
  let mixed: Set<number> | undefined;
  const take = (part: Part, match: Match, connections: number): void => {
    if (match === 'no') return;
    if (match === 'yes') {
      allowed[part.index] = table.unite(allowed[part.index] as number, connections);
      return;
    }
    maybe ??= new Uint32Array(grid.parts.length);
    maybe[part.index] = table.unite(maybe[part.index] as number, connections);
    if (match === 'mixed') {
      mixed ??= new Set();
      mixed.add(part.index);
    }
  };
  for (const policy of policies) {
    for (const [place, rule] of (policy[direction] ?? []).entries()) {
      // Only egress to a named port depends on the destination, that is, on the part.
      const fixed =
        direction === 'ingress' || rule.ports === 'any' || rule.ports.every((entry) => 'from' in entry)
          ? table.id(portsAt(rule.ports, subject))
          : undefined;
      const connections = (part: Part): number => fixed ?? table.id(portsAt(rule.ports, part.point));
      if (rule.peers === 'any') {
        for (const part of grid.parts) take(part, 'yes', connections(part));
        continue;
      }
      const { pods, blocks } = rulePeers(policy[direction] ?? [], place);
      for (const { peer } of pods) {
        for (const part of candidates(grid, peer, policy.namespace)) {
          take(part, matchPods(peer, policy.namespace, part.point), connections(part));
        }
      }
      if (blocks === undefined) continue;
      const passing = table.id(portsAtBlock(rule.ports, subject, direction));
      for (const part of grid.parts) {
        // A piece of the outside is covered whole or not at all: it was cut so.
        const match =
          part.podClass === undefined && part.point.kind === 'addresses'
            ? covers(blocks.block, part.point.addresses)
            : matchBlock(blocks.block, part.point, familiesOf(subject), how);
        take(part, match, passing);
      }
    }
  }
  if (maybe === undefined) return { allowed, possible: allowed, mixed };
  const possible = new Uint32Array(allowed);
  for (let i = 0; i < possible.length; i++) {
    if (maybe[i] !== NONE) possible[i] = table.unite(possible[i] as number, maybe[i] as number);
  }
  return { allowed, possible, mixed };
}

function covers(block: Block, piece: Addresses): Match {
  const first = piece.v4[0] ?? piece.v6[0];
  return first !== undefined && hasAddress(block.addresses, first) ? 'yes' : 'no';
}

/** The parts that a label peer could match, without asking each. */
function* candidates(grid: Grid, peer: PodPeer, namespace: string): Iterable<Part> {
  if (peer.namespaces === 'own') {
    yield* grid.partsIn(namespace);
    return;
  }
  const unclear = peer.namespaces.problem !== undefined || peer.pods.problem !== undefined;
  for (const space of grid.view.snapshot.spaces.values()) {
    if (unclear || selects(peer.namespaces, space.labels)) yield* grid.partsIn(space.name);
  }
}

/** Pair by pair: slow, and right whatever else has a say. */
function ruledByPair(grid: Grid, subject: PodPoint, direction: Direction): Ruled {
  const allowed = new Uint32Array(grid.parts.length);
  const possible = new Uint32Array(grid.parts.length);
  const mixed = new Set<number>();
  for (const part of grid.parts) {
    const side = sideOf(grid.view, subject, direction, part.point);
    allowed[part.index] = grid.table.id(side.allowed);
    possible[part.index] = grid.table.id(side.possible);
    if (side.mixed) mixed.add(part.index);
  }
  return { allowed, possible, mixed };
}
