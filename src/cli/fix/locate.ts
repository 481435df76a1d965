import { isMap, isSeq, LineCounter, type Node, parseAllDocuments } from 'yaml';

/** Where an object stands in a file: the document as an interval of the text, and the way to the object in it. */
export interface Place {
  readonly start: number;
  readonly end: number;
  readonly path: readonly (string | number)[];
}

/** Files of which a fix is shown are looked at once for each finding. */
let last: { readonly file: string; readonly places: ReadonlyMap<number, Place> } | undefined;

/** The object that begins on this line, be it a document or an item of a `List`. */
export function locate(file: string, line: number): Place | undefined {
  if (last?.file !== file) last = { file, places: placesOf(file) };
  return last.places.get(line);
}

function placesOf(file: string): ReadonlyMap<number, Place> {
  const lines = new LineCounter();
  const places = new Map<number, Place>();
  const documents = parseAllDocuments(file, { lineCounter: lines, logLevel: 'silent' });
  if (!Array.isArray(documents)) return places;
  for (const { contents, range } of documents) {
    const [start, , end] = range;
    const walk = (node: Node | null, path: Place['path']): void => {
      if (node?.range == null) return;
      const { line } = lines.linePos(node.range[0]);
      const items: unknown = isMap(node) ? node.get('items', true) : node;
      // The first object of a line: what is in a list of one line cannot be told apart by lines.
      if (isMap(node) && !isSeq(items)) {
        if (!places.has(line)) places.set(line, { start, end, path });
      } else if (isSeq(items) && path.length < 16) {
        const prefix = isMap(node) ? [...path, 'items'] : path;
        for (const [i, item] of items.items.entries()) walk(item as Node, [...prefix, i]);
      }
    };
    walk(contents, []);
  }
  return places;
}
