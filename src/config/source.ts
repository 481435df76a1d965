import { parseDocument } from 'yaml';
import type { Problem } from './errors.ts';

/** A file's text, and its name in errors. */
export interface Source {
  readonly name: string;
  readonly text: string;
}

/** The settings in a YAML or JSON text (JSON is YAML); notes what cannot be read, with line and column. */
export function parseText(source: Source, problems: Problem[]): { [key: string]: unknown } {
  const document = parseDocument(source.text, {
    uniqueKeys: true,
    prettyErrors: false,
    // What is wrong is said here, and not by the library on standard error.
    logLevel: 'error',
  });
  for (const error of document.errors) {
    const before = source.text.slice(0, error.pos[0]).split('\n');
    const column = (before.at(-1)?.length ?? 0) + 1;
    problems.push({ path: `line ${before.length}, column ${column}`, text: error.message });
  }
  if (document.errors.length > 0) return {};
  let value: unknown;
  try {
    value = document.toJS({ maxAliasCount: 100 });
  } catch (error) {
    problems.push({ path: '', text: error instanceof Error ? error.message : String(error) });
  }
  // An empty file says nothing, and that is allowed.
  if (value === null || value === undefined) return {};
  if (typeof value === 'object' && !Array.isArray(value)) return value as { [key: string]: unknown };
  problems.push({ path: '', text: 'the file must hold settings, such as "log: {level: info}"' });
  return {};
}
