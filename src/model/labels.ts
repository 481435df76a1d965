/**
 * Labels as one flat, frozen array `[key, value, key, value, …]` sorted by key.
 * A `Map` for each pod would cost five times as much memory, and an object keyed by labels
 * written by strangers invites `__proto__`.
 */
export type Labels = readonly string[];

/** The label set of an object without labels. */
export const NO_LABELS: Labels = Object.freeze([]);

/**
 * Builds labels from key/value pairs. Later pairs win over earlier ones with the same key.
 */
export function labelsOf(pairs: Iterable<readonly [string, string]>): Labels {
  const byKey = new Map<string, string>(pairs);
  if (byKey.size === 0) return NO_LABELS;
  const flat: string[] = [];
  for (const key of [...byKey.keys()].sort()) flat.push(key, byKey.get(key) as string);
  // A grown array keeps room for more; a sliced one is as long as it is.
  return Object.freeze(flat.slice());
}

/** The value under `key`, or undefined when the key is absent. `''` is a value. */
export function labelValue(labels: Labels, key: string): string | undefined {
  for (let i = 0; i < labels.length; i += 2) if (labels[i] === key) return labels[i + 1];
  return undefined;
}

/** `labels` with `key` set to `value` (replacing what was there). */
export function withLabel(labels: Labels, key: string, value: string): Labels {
  return labelsOf([...labelPairs(labels), [key, value]]);
}

/** The labels as `[key, value]` pairs in key order. */
export function labelPairs(labels: Labels): [string, string][] {
  const pairs: [string, string][] = [];
  for (let i = 0; i < labels.length; i += 2) pairs.push([labels[i] as string, labels[i + 1] as string]);
  return pairs;
}

/** `key=value,key=value` in key order, as kubectl prints labels. */
export function labelText(labels: Labels): string {
  return labelPairs(labels)
    .map(([key, value]) => `${key}=${value}`)
    .join(',');
}
