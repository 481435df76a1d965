import type { Output } from '../output.ts';

export type EdgeKind = 'plain' | 'unknown' | 'lost' | 'gained';

/** The syntax of one drawing language. */
export interface Graph {
  readonly start: string;
  readonly end: string;
  node(id: string, label: string): string;
  edge(from: string, to: string, label: string, kind: EdgeKind): string;
  readonly out: Output;
}

/** Draws edges as they come; a node is declared when it is first used. */
export function graphOf(graph: Graph): {
  edge(from: string, to: string, label: string, kind: EdgeKind): void;
  end(): void;
} {
  const ids = new Map<string, string>();
  const idOf = (label: string): string => {
    let id = ids.get(label);
    if (id === undefined) {
      id = `n${ids.size}`;
      ids.set(label, id);
      graph.out.line(graph.node(id, label));
    }
    return id;
  };
  graph.out.line(graph.start);
  return {
    edge(from, to, label, kind) {
      const [a, b] = [idOf(from), idOf(to)];
      graph.out.line(graph.edge(a, b, label, kind));
    },
    end() {
      if (graph.end !== '') graph.out.line(graph.end);
    },
  };
}

const COLOURS: Readonly<Record<EdgeKind, string>> = {
  plain: 'black',
  unknown: 'gray',
  lost: 'red',
  gained: 'darkgreen',
};

/** Graphviz. */
export function dotText(out: Output): Graph {
  const quoted = (text: string): string => `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
  return {
    out,
    start: 'digraph connections {\n  rankdir=LR;\n  node [shape=box];',
    end: '}',
    node: (id, label) => `  ${id} [label=${quoted(label)}];`,
    edge: (from, to, label, kind) =>
      `  ${from} -> ${to} [label=${quoted(label)}, color=${COLOURS[kind]}${kind === 'unknown' || kind === 'lost' ? ', style=dashed' : ''}];`,
  };
}

/** Mermaid, as Markdown on the usual forges draws it. */
export function mermaidGraph(out: Output): Graph {
  const quoted = (text: string): string =>
    `"${text.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')}"`;
  const signs: Readonly<Record<EdgeKind, string>> = { plain: '', unknown: '? ', lost: '− ', gained: '+ ' };
  return {
    out,
    start: 'graph LR',
    end: '',
    node: (id, label) => `  ${id}[${quoted(label)}]`,
    edge: (from, to, label, kind) => {
      const arrow = kind === 'unknown' || kind === 'lost' ? '-.->' : '-->';
      return `  ${from} ${arrow}|${quoted(signs[kind] + label)}| ${to}`;
    },
  };
}
