/** An object as the API server sends it. Nothing of it is trusted to be there. */
export type Raw = Readonly<Record<string, unknown>>;

/** What tells one object of a kind from another. */
export interface Identity {
  /** '' for cluster-wide objects. */
  readonly namespace: string;
  readonly name: string;
  readonly version: string;
}

/** Whether it is an object, and neither a list nor nothing. */
export function isRaw(value: unknown): value is Raw {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The object under `key`, or an empty one. */
export function rawAt(value: unknown, key: string): Raw {
  const found = isRaw(value) && Object.hasOwn(value, key) ? value[key] : undefined;
  return isRaw(found) ? found : {};
}

/** The list under `key`, or an empty one. */
export function listAt(value: unknown, key: string): readonly unknown[] {
  const found = isRaw(value) && Object.hasOwn(value, key) ? value[key] : undefined;
  return Array.isArray(found) ? found : [];
}

/** The text under `key`, or ''. */
export function textAt(value: unknown, key: string): string {
  const found = isRaw(value) && Object.hasOwn(value, key) ? value[key] : undefined;
  return typeof found === 'string' ? found : '';
}

/** The strings of the list under `key`. */
export function textsAt(value: unknown, key: string): string[] {
  return listAt(value, key).filter((each) => typeof each === 'string');
}

/** Throws for an object without a name: no API server sends one. */
export function identityOf(raw: unknown): Identity {
  const metadata = rawAt(raw, 'metadata');
  const name = textAt(metadata, 'name');
  if (name === '') throw new Error('the API server sent an object without metadata.name');
  return { namespace: textAt(metadata, 'namespace'), name, version: textAt(metadata, 'resourceVersion') };
}
