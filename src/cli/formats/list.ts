import type { Row } from '../../simulate/contract.ts';
import type { Output } from '../output.ts';
import { dotText, type Graph, graphOf, mermaidGraph } from './graph.ts';
import { csvLine, joined } from './text.ts';

/** Writes rows one by one as they come; the rows are never all in memory. */
export function writeList(rows: Iterable<Row>, format: string, out: Output): void {
  if (format === 'json') writeJson(rows, out);
  else if (format === 'csv') writeCsv(rows, out);
  else if (format === 'dot') writeGraph(rows, dotText(out));
  else if (format === 'mermaid') writeGraph(rows, mermaidGraph(out));
  else writeText(rows, out);
}

function writeText(rows: Iterable<Row>, out: Output): void {
  for (const { from, to, connections, verdict, reason } of rows) {
    const doubt = verdict === 'unknown' ? `  (unknown: ${reason ?? 'no reason given'})` : '';
    out.line(`${from} -> ${to}: ${joined(connections)}${doubt}`);
  }
}

function writeJson(rows: Iterable<Row>, out: Output): void {
  const [end, list] = [remembered(JSON.stringify), remembered(JSON.stringify)];
  out.write('{"connections":[');
  let separator = '\n';
  for (const { from, to, connections, verdict, reason } of rows) {
    out.write(`${separator}{"from":${end(from)},"to":${end(to)},"connections":${list(connections)}`);
    out.write(`,"verdict":"${verdict}"${reason === undefined ? '' : `,"reason":${JSON.stringify(reason)}`}}`);
    separator = ',\n';
  }
  out.line('\n]}');
}

function writeCsv(rows: Iterable<Row>, out: Output): void {
  const end = remembered((text: string) => csvLine([text]));
  const list = remembered((connections: readonly string[]) => csvLine([connections.join('; ')]));
  out.line('from,to,connections,verdict,reason');
  for (const { from, to, connections, verdict, reason } of rows) {
    out.line(`${end(from)},${end(to)},${list(connections)},${verdict},${csvLine([reason ?? ''])}`);
  }
}

/** Names come back in millions of rows, and rows with the same connections share one array. */
function remembered<T>(write: (value: T) => string): (value: T) => string {
  const texts = new Map<T, string>();
  return (value) => {
    const known = texts.get(value);
    if (known !== undefined) return known;
    const text = write(value);
    texts.set(value, text);
    return text;
  };
}

function writeGraph(rows: Iterable<Row>, graph: Graph): void {
  const drawn = graphOf(graph);
  for (const { from, to, connections, verdict } of rows) {
    drawn.edge(from, to, joined(connections), verdict === 'unknown' ? 'unknown' : 'plain');
  }
  drawn.end();
}
