import { type Document, isSeq, stringify, visit } from 'yaml';

/** How the author of a manifest writes. */
export interface Style {
  /** Whether a list stands further in than the key it belongs to. */
  readonly indentedLists: boolean;
}

/** What else counts as a boolean or number in YAML 1.1 is quoted: kubectl reads that. */
const SAFE = { lineWidth: 0, compat: 'yaml-1.1' } as const;

/** How the text around is written. */
export function styleOf(document: Document, text: string): Style {
  let indentedLists = false;
  visit(document, {
    Pair(_, { key, value }) {
      if (!isSeq(value) || value.flow === true || value.range == null) return undefined;
      const start = (key as { range?: [number, number, number] } | null)?.range?.[0];
      if (start === undefined) return undefined;
      const column = (place: number): number => place - text.lastIndexOf('\n', place - 1);
      indentedLists = column(value.range[0]) > column(start);
      return visit.BREAK;
    },
  });
  return { indentedLists };
}

/** The value in lines, each `column` spaces in, without the last line break. */
export function writeBlock(value: unknown, column: number, { indentedLists }: Style): string {
  const lines = stringify(value, { ...SAFE, indentSeq: indentedLists }).trimEnd();
  return lines.replace(/^(?=.)/gm, ' '.repeat(column));
}

/** The value on one line, with spaces and quotes as in what was there. */
export function writeFlow(value: unknown, before: string): string {
  const json = /^[{[]\s*"/.test(before);
  if (json) return JSON.stringify(value, null, /\n( +)/.exec(before)?.[1]?.length);
  const written = stringify(value, {
    ...SAFE,
    collectionStyle: 'flow',
    flowCollectionPadding: /[{[] /.test(before),
    singleQuote: before.includes("'"),
  });
  return written.trimEnd();
}
