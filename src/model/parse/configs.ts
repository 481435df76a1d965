import { type Fields, fields, isAbsent, items, text } from './wire.ts';

/** Bound for a pod spec that was written to be expensive. */
const MOST_MENTIONS = 64;
/** ConfigMaps that a cluster puts into every namespace, and into every pod: certificates and nothing else. */
const EVERYWHERE: ReadonlySet<string> = new Set(['kube-root-ca.crt', 'openshift-service-ca.crt']);

/**
 * The ConfigMaps that a pod spec mentions, in its containers' environments and in its volumes: `name`, or `name/key`
 * where only that key reaches the pod. Makes nothing for a pod that mentions none: all are read at each relist.
 */
export function parseConfigs(spec: Fields, containers: readonly Fields[]): readonly string[] {
  let found: Set<string> | undefined;
  for (const { env, envFrom } of containers) {
    for (const each of items(envFrom)) found = withWhole(found, fields(each).configMapRef);
    for (const each of items(env)) {
      const { configMapKeyRef } = fields(fields(each).valueFrom);
      if (isAbsent(configMapKeyRef)) continue;
      found = withKeys(found, configMapKeyRef, [fields(configMapKeyRef).key]);
    }
  }
  for (const volume of items(spec.volumes)) {
    const { configMap, projected } = fields(volume);
    found = withVolume(found, configMap);
    for (const source of items(fields(projected).sources))
      found = withVolume(found, fields(source).configMap);
  }
  return found === undefined ? NO_CONFIGS : sorted(found);
}

/** Of a pod that mentions none. */
export const NO_CONFIGS: readonly string[] = Object.freeze([]);

type Found = Set<string> | undefined;

function withVolume(found: Found, raw: unknown): Found {
  if (isAbsent(raw)) return found;
  const keys = items(fields(raw).items);
  if (keys.length === 0) return withWhole(found, raw);
  return withKeys(
    found,
    raw,
    keys.map((item) => fields(item).key),
  );
}

function withWhole(found: Found, raw: unknown): Found {
  const name = nameOf(raw);
  return name === '' ? found : (found ?? new Set()).add(name);
}

function withKeys(found: Found, raw: unknown, keys: readonly unknown[]): Found {
  const name = nameOf(raw);
  if (name === '') return found;
  const all = found ?? new Set();
  for (const key of keys) all.add(`${name}/${text(key)}`);
  return all;
}

/** '' for one that is in every pod. */
function nameOf(raw: unknown): string {
  if (isAbsent(raw)) return '';
  const name = text(fields(raw).name);
  return EVERYWHERE.has(name) ? '' : name;
}

/** A key of a ConfigMap that is mentioned as a whole says nothing more. */
function sorted(found: ReadonlySet<string>): readonly string[] {
  const needed = [...found].filter((each) => {
    const slash = each.indexOf('/');
    return slash < 0 || !found.has(each.slice(0, slash));
  });
  return needed.sort().slice(0, MOST_MENTIONS);
}
