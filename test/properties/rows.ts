import assert from 'node:assert/strict';
import { holds } from '../reference/address.ts';
import type { Protocol, Verdict } from '../reference/objects.ts';

/** A row of `list` or `diff`, as far as both have it. */
export interface AnyRow {
  readonly from: string;
  readonly to: string;
  readonly connections: readonly string[];
  readonly verdict?: 'allowed' | 'unknown';
}

/** Whether texts such as `TCP 80-90` or `All` name the port. */
export function names(connections: readonly string[], port: number, protocol: Protocol): boolean {
  return connections.some((text) => {
    if (text === 'All') return true;
    const [, named, from, to] = /^(TCP|UDP|SCTP) (\d+)(?:-(\d+))?$/.exec(text) ?? assert.fail(text);
    return named === protocol && port >= Number(from) && port <= Number(to ?? from);
  });
}

/** The rows between two ends; an address is found in the block that holds it. */
export function between(rows: readonly AnyRow[], from: string, to: string): AnyRow[] {
  return rows.filter((row) => isEnd(row.from, from) && isEnd(row.to, to));
}

/** What the rows of `list` say of one connection; what they leave out is denied. */
export function listed(
  rows: readonly AnyRow[],
  from: string,
  to: string,
  port: number,
  protocol: Protocol,
): Verdict {
  const found = between(rows, from, to).filter((row) => names(row.connections, port, protocol));
  assert.ok(found.length <= 1, `${from} -> ${to} ${protocol} ${port} stands in ${found.length} rows`);
  return found[0]?.verdict ?? 'denied';
}

function isEnd(written: string, end: string): boolean {
  if (end.includes('/')) return written === end;
  return isBlock(written) && holds(written, end);
}

/** Pods are written `namespace/name`, blocks `address/length`. */
export function isBlock(end: string): boolean {
  return /^[0-9a-f.:]+\/\d+$/.test(end);
}

/** Rows in one order, to compare two lists as sets. */
export function sorted<T extends AnyRow>(rows: Iterable<T>): T[] {
  const key = (row: AnyRow): string => `${row.from} ${row.to} ${row.verdict ?? ''} ${row.connections.join()}`;
  return [...rows].sort((a, b) => (key(a) < key(b) ? -1 : 1));
}
