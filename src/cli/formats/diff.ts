import type { Diff, DiffRow } from '../../simulate/contract.ts';
import type { Output } from '../output.ts';
import { dotText, type Graph, graphOf, mermaidGraph } from './graph.ts';
import { counted, csvLine, joined } from './text.ts';

/** Writes a diff: connections lost, then connections gained. */
export function writeDiff(diff: Diff, format: string, out: Output): void {
  if (format === 'json') out.line(JSON.stringify(diffJson(diff), null, 2));
  else if (format === 'csv') writeCsv(diff, out);
  else if (format === 'dot') writeGraph(diff, dotText(out));
  else if (format === 'mermaid') writeGraph(diff, mermaidGraph(out));
  else writeText(diff, out);
}

function writeText(diff: Diff, out: Output): void {
  for (const line of diffLines(diff)) out.line(line);
  if (diff.lost.length + diff.gained.length === 0) out.line('no connection is lost or gained');
  else out.line(`${counted(diff.lost.length, 'pair')} lost, ${diff.gained.length} gained`);
}

/** The diff as plain data with its fields in a fixed order. */
export function diffJson(diff: Diff): { lost: DiffRow[]; gained: DiffRow[] } {
  const plain = ({ from, to, connections }: DiffRow): DiffRow => ({ from, to, connections });
  return { lost: diff.lost.map(plain), gained: diff.gained.map(plain) };
}

/** `- a -> b: TCP 80` for each lost row, `+ …` for each gained one. */
export function diffLines(diff: Diff): string[] {
  const line = (sign: string, { from, to, connections }: DiffRow): string =>
    `${sign} ${from} -> ${to}: ${joined(connections)}`;
  return [...diff.lost.map((row) => line('-', row)), ...diff.gained.map((row) => line('+', row))];
}

/** As `diffLines`, pods first, and many address ranges with the same connections as one line. */
export function foldedLines(diff: Diff): string[] {
  return [...folded('-', diff.lost), ...folded('+', diff.gained)];
}

/** Ranges that are named before they are only counted. */
const NAMED_RANGES = 2;

function folded(sign: string, rows: readonly DiffRow[]): string[] {
  const lines: string[] = [];
  const groups = new Map<string, { readonly row: DiffRow; readonly ranges: string[] }>();
  for (const row of rows) {
    const [from, to] = [isRange(row.from), isRange(row.to)];
    if (!from && !to) {
      lines.push(`${sign} ${row.from} -> ${row.to}: ${joined(row.connections)}`);
      continue;
    }
    const key = JSON.stringify([from ? row.to : row.from, from, row.connections]);
    const group = groups.get(key) ?? { row, ranges: [] };
    group.ranges.push(from ? row.from : row.to);
    groups.set(key, group);
  }
  for (const { row, ranges } of groups.values()) {
    const text =
      ranges.length <= NAMED_RANGES
        ? ranges.join(' and ')
        : `${ranges.length} address ranges (${ranges[0]}, …)`;
    const pair = isRange(row.from) ? `${text} -> ${row.to}` : `${row.from} -> ${text}`;
    lines.push(`${sign} ${pair}: ${joined(row.connections)}`);
  }
  return lines;
}

function isRange(end: string): boolean {
  return /^[0-9a-fA-F.:]+\/[0-9]{1,3}$/.test(end);
}

function writeCsv(diff: Diff, out: Output): void {
  out.line('change,from,to,connections');
  for (const { from, to, connections } of diff.lost)
    out.line(csvLine(['lost', from, to, connections.join('; ')]));
  for (const { from, to, connections } of diff.gained)
    out.line(csvLine(['gained', from, to, connections.join('; ')]));
}

function writeGraph(diff: Diff, graph: Graph): void {
  const drawn = graphOf(graph);
  for (const { from, to, connections } of diff.lost) drawn.edge(from, to, joined(connections), 'lost');
  for (const { from, to, connections } of diff.gained) drawn.edge(from, to, joined(connections), 'gained');
  drawn.end();
}
