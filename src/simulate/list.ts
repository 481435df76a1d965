import type { View } from '../model/overlay.ts';
import { ConnectionTable, NONE } from './connection-table.ts';
import type { Row as ListRow } from './contract.ts';
import { type Grain, Grid, type Row } from './grid.ts';
import { reachPoints } from './reach.ts';

export interface ListOptions {
  readonly by: Grain;
}

/**
 * Every allowed or unknown connection of the view, by source then destination, the outside last.
 * Left out: pairs that share nothing, a pod to itself, and pairs in which no end is a pod that policies can select.
 * Outside addresses are CIDRs of which no two overlap. Rows with the same connections share one array.
 */
export function* listConnections(view: View, { by }: ListOptions): Iterable<ListRow> {
  const grid = new Grid(view, new ConnectionTable(), by);
  for (const from of grid.rows) {
    for (const to of grid.rows) {
      if (from === to && from.count <= 1) continue;
      yield* pairRows(grid, from, to, from.name, to.name);
    }
    for (const to of grid.outside) {
      if (to.family === 'pods' || !grid.speaks(from, to.family)) continue;
      for (const cidr of to.name.split(' ')) yield* pairRows(grid, from, to, from.name, cidr);
    }
  }
  for (const from of grid.outside) {
    for (const to of grid.rows) {
      if (from.family === 'pods' || !grid.speaks(to, from.family)) continue;
      for (const cidr of from.name.split(' ')) yield* pairRows(grid, from, to, cidr, to.name);
    }
  }
}

function* pairRows(grid: Grid, from: Row, to: Row, fromText: string, toText: string): Iterable<ListRow> {
  const { allowed, possible } = grid.cell(from, to);
  if (allowed !== NONE) {
    yield { from: fromText, to: toText, connections: grid.table.text(allowed), verdict: 'allowed' };
  }
  if (possible === allowed) return;
  const unknown = grid.table.subtract(possible, allowed);
  if (unknown === NONE) return;
  yield {
    from: fromText,
    to: toText,
    connections: grid.table.text(unknown),
    verdict: 'unknown',
    reason: unknownReason(grid, from, to),
  };
}

function unknownReason(grid: Grid, from: Row, to: Row): string {
  const reasons = new Set<string>();
  for (const source of from.parts) {
    for (const target of to.parts) {
      for (const reason of reachPoints(grid.view, source.point, target.point).reasons) reasons.add(reason);
    }
  }
  return [...reasons].join('; ');
}
