import { labelText } from '../model/labels.ts';
import type { View } from '../model/overlay.ts';
import { namedBlocks } from './atoms.ts';
import { ConnectionTable, NONE } from './connection-table.ts';
import type { Diff, DiffRow } from './contract.ts';
import { type Grain, Grid, type Row } from './grid.ts';

/**
 * The connections that are allowed on one side only: `list` after minus `list` before, and the reverse.
 * Only pairs with a changed end are looked at.
 */
export function diffConnections(before: View, after: View, { by }: { readonly by: Grain }): Diff {
  const table = new ConnectionTable();
  const blocks = new Map(
    [...namedBlocks(before), ...namedBlocks(after)].map((block) => [
      `${block.cidr}-${block.except.join()}`,
      block,
    ]),
  );
  const old = new Grid(before, table, by, [...blocks.values()]);
  const now = new Grid(after, table, by, [...blocks.values()]);
  const oldRows = byName(old.rows);
  const nowRows = byName(now.rows);
  const names = [...new Set([...oldRows.keys(), ...nowRows.keys()])].sort();
  const oldOutside = byName(old.outside);
  const nowOutside = byName(now.outside);
  const outside = new Set([...oldOutside.keys(), ...nowOutside.keys()]);
  const everything = before.snapshot.cni !== after.snapshot.cni || !sameTiers(before, after);
  const changed = new Set(
    names.filter(
      (name) => everything || signature(old, oldRows.get(name)) !== signature(now, nowRows.get(name)),
    ),
  );
  const lost: DiffRow[] = [];
  const gained: DiffRow[] = [];
  const compare = (
    oldPair: readonly [Row | undefined, Row | undefined],
    nowPair: readonly [Row | undefined, Row | undefined],
    from: string,
    to: string,
  ): void => {
    const was = cellOf(old, ...oldPair);
    const is = cellOf(now, ...nowPair);
    if (was === is) return;
    const gone = table.subtract(was, is);
    const come = table.subtract(is, was);
    for (const one of from.split(' ')) {
      for (const other of to.split(' ')) {
        if (gone !== NONE) lost.push({ from: one, to: other, connections: table.text(gone) });
        if (come !== NONE) gained.push({ from: one, to: other, connections: table.text(come) });
      }
    }
  };
  for (const from of names) {
    const others = changed.has(from) ? names : [...changed];
    for (const to of others) {
      compare([oldRows.get(from), oldRows.get(to)], [nowRows.get(from), nowRows.get(to)], from, to);
    }
    if (!changed.has(from)) continue;
    for (const text of outside) {
      const there = [oldOutside.get(text), nowOutside.get(text)] as const;
      compare([oldRows.get(from), there[0]], [nowRows.get(from), there[1]], from, text);
      compare([there[0], oldRows.get(from)], [there[1], nowRows.get(from)], text, from);
    }
  }
  return { lost: sorted(lost), gained: sorted(gained) };
}

function cellOf(grid: Grid, from: Row | undefined, to: Row | undefined): number {
  if (from === undefined || to === undefined || (from === to && from.count <= 1)) return NONE;
  if (from.family !== 'pods' && !grid.speaks(to, from.family)) return NONE;
  if (to.family !== 'pods' && !grid.speaks(from, to.family)) return NONE;
  return grid.cell(from, to).allowed;
}

function byName(rows: readonly Row[]): Map<string, Row> {
  return new Map(rows.map((row) => [row.name, row]));
}

const ids = new WeakMap<object, number>();
let lastId = 0;

/** A number for an object, the same as long as it lives. */
function idOf(object: object): number {
  let id = ids.get(object);
  if (id === undefined) {
    id = ++lastId;
    ids.set(object, id);
  }
  return id;
}

/** Equal when nothing that policies could see of the row, and no policy on it, differs. */
function signature(grid: Grid, row: Row | undefined): string {
  if (row === undefined) return '';
  const parts = row.parts.map(({ podClass, pods }) => {
    if (podClass === undefined) return '';
    const policies = (['ingress', 'egress'] as const).map((direction) =>
      grid.view
        .isolating(podClass, direction)
        .map(idOf)
        .sort((a, b) => a - b)
        .join(),
    );
    return `${pods.map(idOf).join()} ${labelText(podClass.space.labels)} ${policies.join(' ')}`;
  });
  return parts.sort().join('\n');
}

function sameTiers(before: View, after: View): boolean {
  const a = before.snapshot.tiers;
  const b = after.snapshot.tiers;
  if (a === b) return true;
  if (a.size !== b.size) return false;
  for (const [key, policy] of a) if (b.get(key) !== policy) return false;
  return true;
}

function sorted(rows: DiffRow[]): DiffRow[] {
  return rows.sort((a, b) => compareText(a.from, b.from) || compareText(a.to, b.to));
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
