/**
 * Whether two objects of the model say the same: plain objects and lists of plain values, as parsers make them.
 * Anything else is the same only as itself.
 */
export function same(one: unknown, other: unknown): boolean {
  if (one === other) return true;
  if (typeof one !== 'object' || typeof other !== 'object' || one === null || other === null) return false;
  if (Array.isArray(one)) return Array.isArray(other) && sameLists(one, other);
  return isPlain(one) && isPlain(other) && sameFields(one, other);
}

/** Whether two lists hold the very same items. */
export function sameItems<T>(one: readonly T[], other: readonly T[]): boolean {
  return one === other || (one.length === other.length && one.every((item, i) => item === other[i]));
}

function sameLists(one: readonly unknown[], other: readonly unknown[]): boolean {
  if (one.length !== other.length) return false;
  for (let i = 0; i < one.length; i++) if (!same(one[i], other[i])) return false;
  return true;
}

function sameFields(one: Fields, other: Fields): boolean {
  const keys = Object.keys(one);
  if (keys.length !== Object.keys(other).length) return false;
  for (const key of keys) if (!Object.hasOwn(other, key) || !same(one[key], other[key])) return false;
  return true;
}

type Fields = Readonly<Record<string, unknown>>;

function isPlain(value: object): value is Fields {
  return Object.getPrototypeOf(value) === Object.prototype;
}
