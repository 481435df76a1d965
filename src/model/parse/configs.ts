import { type Fields, fields, items, text } from './wire.ts';

/** Bound for a pod spec that was written to be expensive. */
const MOST_MENTIONS = 64;
/** ConfigMaps that a cluster puts into every namespace, and into every pod: certificates and nothing else. */
const EVERYWHERE: ReadonlySet<string> = new Set(['kube-root-ca.crt', 'openshift-service-ca.crt']);

/**
 * The ConfigMaps that a pod spec mentions, in its containers' environments and in its volumes: `name`, or `name/key`
 * where only that key reaches the pod.
 */
export function parseConfigs(spec: Fields, containers: readonly Fields[]): string[] {
  const found = new Set<string>();
  const add = (raw: unknown, keys: readonly unknown[] = []): void => {
    const name = text(fields(raw).name);
    if (name === '' || EVERYWHERE.has(name)) return;
    if (keys.length === 0) found.add(name);
    else for (const key of keys) found.add(`${name}/${text(key)}`);
  };
  const addVolume = (raw: unknown): void => {
    const keys = items(fields(raw).items).map((item) => fields(item).key);
    add(raw, keys);
  };
  for (const { env, envFrom } of containers) {
    for (const each of items(envFrom)) add(fields(each).configMapRef);
    for (const each of items(env)) {
      const reference = fields(fields(fields(each).valueFrom).configMapKeyRef);
      add(reference, [reference.key]);
    }
  }
  for (const volume of items(spec.volumes)) {
    const { configMap, projected } = fields(volume);
    addVolume(configMap);
    for (const source of items(fields(projected).sources)) addVolume(fields(source).configMap);
  }
  const needed = [...found].filter((each) => {
    const slash = each.indexOf('/');
    return slash < 0 || !found.has(each.slice(0, slash));
  });
  return needed.sort().slice(0, MOST_MENTIONS);
}
