import { distance } from '../../distance.ts';
import { type Path, shown } from '../problem.ts';
import { isFields } from '../wire.ts';
import { FIELD_TABLE } from './field-table.ts';
import type { Report } from './report.ts';

type TypeFields = ReadonlyMap<string, string>;

let table: ReadonlyMap<string, TypeFields> | undefined;

/** Whether the table knows the fields of this type (for a kind: its name). */
export function knowsFields(type: string): boolean {
  return types().has(type);
}

/** Reports every field of the object that its type does not have, and every value of the wrong type. */
export function checkFields(type: string, value: unknown, path: Path, report: Report): void {
  check(type, value, [...path], report);
}

function types(): ReadonlyMap<string, TypeFields> {
  table ??= new Map(
    FIELD_TABLE.trim()
      .split('\n')
      .map((line) => {
        const [name = '', ...fields] = line.split(' ');
        return [name, new Map(fields.map((field) => field.split(':') as [string, string]))];
      }),
  );
  return table;
}

/** `path` is one list for the whole walk, written to and taken back: nearly all fields are right. */
function check(code: string, value: unknown, path: (string | number)[], report: Report): void {
  if (value === null || value === undefined || code === '*') return;
  if (code[0] === '[') {
    if (Array.isArray(value)) {
      const item = code.slice(1);
      for (let i = 0; i < value.length; i++) checkAt(i, item, value[i], path, report);
    } else wrong(path, 'a list', value, report);
    return;
  }
  if (code[0] === '{') {
    if (isFields(value)) {
      const item = code.slice(1);
      for (const key of Object.keys(value)) checkAt(key, item, value[key], path, report);
    } else wrong(path, 'an object', value, report);
    return;
  }
  const known = code.length > 1 ? types().get(code) : undefined;
  if (known === undefined) checkSimple(code, value, path, report);
  else if (!isFields(value)) wrong(path, 'an object', value, report);
  else {
    for (const key of Object.keys(value)) {
      const field = known.get(key);
      if (field !== undefined) checkAt(key, field, value[key], path, report);
      else report([...path, key], `unknown field "${short(key)}"`, suggestion(key, known));
    }
  }
}

function checkAt(
  step: string | number,
  code: string,
  value: unknown,
  path: (string | number)[],
  report: Report,
): void {
  path.push(step);
  check(code, value, path, report);
  path.pop();
}

function checkSimple(code: string, value: unknown, path: Path, report: Report): void {
  switch (code) {
    case 's':
      if (typeof value !== 'string') wrong(path, 'a string', value, report);
      return;
    case 'b':
      if (typeof value !== 'boolean') wrong(path, 'true or false', value, report);
      return;
    case 'i':
    case 'l': {
      const limit = code === 'i' ? 2 ** 31 : 2 ** 63;
      if (!Number.isInteger(value) || (value as number) >= limit || (value as number) < -limit) {
        wrong(path, 'a whole number', value, report);
      }
      return;
    }
    case 'n':
      if (typeof value !== 'number') wrong(path, 'a number', value, report);
      return;
    case 'p':
      if (typeof value !== 'string' && !Number.isInteger(value))
        wrong(path, 'a whole number or a name', value, report);
      return;
    case 'q':
      if (typeof value !== 'string' && typeof value !== 'number') wrong(path, 'a quantity', value, report);
      return;
  }
}

function wrong(path: Path, wanted: string, value: unknown, report: Report): void {
  if (wanted !== 'a string' || typeof value === 'object') {
    const number = wanted === 'a whole number' && typeof value === 'string' && /^\d{1,9}$/.test(value);
    report(
      path,
      `must be ${wanted}, not ${shown(value)}`,
      number ? `Write ${value} without quotes` : undefined,
    );
  } else if (typeof value === 'boolean') {
    report(
      path,
      `must be a string, not ${value} (YAML reads yes, no, on, off, y and n so too)`,
      'Write it in quotes',
    );
  } else report(path, `must be a string, not ${shown(value)}`, 'Write it in quotes');
}

function suggestion(key: string, known: TypeFields): string | undefined {
  let best: string | undefined;
  let least = 3;
  for (const name of known.keys()) {
    const edits = name.toLowerCase() === key.toLowerCase() ? 0 : distance(key, name, least);
    if (edits < least && edits * 2 <= name.length) {
      least = edits;
      best = name;
    }
  }
  return best === undefined ? undefined : `Did you mean ${best}?`;
}

function short(key: string): string {
  return shown(key).slice(1, -1).slice(0, 60);
}
