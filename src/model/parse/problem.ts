/** Where something stands in an object: `['spec', 'ingress', 0, 'ports']`. */
export type Path = readonly (string | number)[];

/** Something wrong with a document, for the person who wrote it. */
export interface Problem {
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** `spec.ingress[0].ports[0].protocol`, or '' for the document itself. */
  readonly path: string;
  readonly message: string;
  /** What to write instead, when that is known. */
  readonly fix?: string;
}

/** One object as written, and where it stands. */
export interface RawDocument {
  readonly raw: unknown;
  readonly file: string;
  readonly line: number;
  /** The line of a field, or of the nearest thing around it that is written down. Computed when asked. */
  lineOf(path: Path): number;
}

/** `spec.ingress[0].ports`; keys that are no plain words stand in brackets. */
export function pathText(path: Path): string {
  let text = '';
  for (const step of path) {
    if (typeof step === 'number') text += `[${step}]`;
    else if (!/^[\w-]+$/.test(step)) text += `[${printable(step)}]`;
    else text += text === '' ? step : `.${step}`;
  }
  return text;
}

/** `file:line: path: message. fix`, on one line. */
export function problemText(problem: Problem): string {
  const { file, line, path, message, fix } = problem;
  const where = path === '' ? '' : `${path}: `;
  return `${file}:${line}: ${where}${message}${fix === undefined ? '' : `. ${fix}`}`;
}

/** A value as it would be written, short and on one line, whatever it is. */
export function shown(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object' && value !== null) return 'an object';
  return printable(JSON.stringify(value) ?? String(value));
}

/** Control and invisible characters would let a manifest write into a terminal. */
function printable(text: string): string {
  const clean = text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '?');
  return clean.length > 80 ? `${clean.slice(0, 77)}…` : clean;
}
