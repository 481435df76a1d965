import type { Access } from '../access.ts';
import { ApiError } from '../api-error.ts';
import { type Raw, rawAt, textAt } from '../raw.ts';

/** Where the plug-ins' ConfigMaps are. */
export const CONFIG_NAMESPACE = 'kube-system';

/** The ConfigMaps that say whether a plug-in enforces, and the keys that are read. The chart's Role names the same. */
export const CONFIG_MAPS: ReadonlyMap<string, readonly string[]> = new Map([
  ['cilium-config', ['enable-policy', 'enable-k8s-networkpolicy', 'enable-sctp']],
  ['amazon-vpc-cni', ['enable-network-policy-controller']],
]);

/**
 * The settings, each as `cilium-config/enable-policy`. A ConfigMap that is not there, or may not be read, has none.
 * Throws when the API server does not answer.
 */
export async function readSettings(access: Access): Promise<Map<string, string>> {
  const settings = new Map<string, string>();
  for (const name of CONFIG_MAPS.keys()) {
    try {
      const path = `/api/v1/namespaces/${CONFIG_NAMESPACE}/configmaps/${name}`;
      for (const [key, value] of settingsIn(await access.getJson(path, LIMITS))) settings.set(key, value);
    } catch (error) {
      if (!(error instanceof ApiError) || (error.status !== 404 && error.status !== 403)) throw error;
    }
  }
  return settings;
}

const LIMITS = { headMs: 20_000, silenceMs: 20_000 } as const;

/** What is read of one object; nothing of any but these ConfigMaps. */
export function settingsIn(raw: unknown): [string, string][] {
  const metadata = rawAt(raw, 'metadata');
  const name = textAt(metadata, 'name');
  if (textAt(metadata, 'namespace') !== CONFIG_NAMESPACE) return [];
  const data = rawAt(raw, 'data');
  return (CONFIG_MAPS.get(name) ?? []).flatMap((key): [string, string][] => {
    const value = textAt(data, key).slice(0, 100);
    return value === '' ? [] : [[`${name}/${key}`, value]];
  });
}

/** ConfigMaps that hold these settings and nothing else, for a saved snapshot. */
export function settingsObjects(settings: ReadonlyMap<string, string>): Raw[] {
  return [...CONFIG_MAPS].flatMap(([name, keys]) => {
    const data = keys.flatMap((key) => {
      const value = settings.get(`${name}/${key}`);
      return value === undefined ? [] : [[key, value]];
    });
    if (data.length === 0) return [];
    const metadata = { name, namespace: CONFIG_NAMESPACE };
    return [{ apiVersion: 'v1', kind: 'ConfigMap', metadata, data: Object.fromEntries(data) }];
  });
}
