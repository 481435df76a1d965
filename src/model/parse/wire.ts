/**
 * Looking into JSON that anybody may have written. Nothing here throws, whatever the value is:
 * a value of the wrong type reads as if it were absent, and callers decide what absence means.
 */
export type Fields = Readonly<Record<string, unknown>>;

const NO_FIELDS: Fields = Object.freeze(Object.create(null));
const NO_ITEMS: readonly unknown[] = Object.freeze([]);

/** Whether the value is a JSON object: neither a list nor null. */
export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The value when it is a JSON object, else an object without fields. Read only fixed field names from it. */
export function fields(value: unknown): Fields {
  return isFields(value) ? value : NO_FIELDS;
}

/** The items of a list; none when it is no list. */
export function items(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : NO_ITEMS;
}

/** The value when it is a string, else ''. */
export function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** The strings of a list; what else stands in it is dropped. */
export function texts(value: unknown): string[] {
  return items(value).filter((item) => typeof item === 'string');
}

/** The value when it is a whole number, else 0. */
export function whole(value: unknown): number {
  return Number.isSafeInteger(value) ? (value as number) : 0;
}

/** The value when it is a port number, else 0. */
export function portNumber(value: unknown): number {
  const port = whole(value);
  return port >= 1 && port <= 65535 ? port : 0;
}

/** Go decodes `null` as if the field were not there. */
export function isAbsent(value: unknown): boolean {
  return value === undefined || value === null;
}
