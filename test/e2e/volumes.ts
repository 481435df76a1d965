/** Fills folders as the kubelet fills a pod's volumes, with what the API server gives. */
import { chmodSync, chownSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Cluster } from '../cluster/cluster.ts';
import { type Files, MountedFolder } from './mounted.ts';
import type { Pod, Source, Volume } from './pod-types.ts';

/** One volume of a pod that runs here. */
export interface Filled {
  readonly folder: string;
  /** Looks again, as the kubelet does every minute or so. */
  refresh(): Promise<void>;
}

/** Fills a volume into `folder`. Throws for kinds of volumes that no variant of the chart has. */
export async function fill(cluster: Cluster, pod: Pod, volume: Volume, folder: string): Promise<Filled> {
  mkdirSync(folder, { mode: 0o755 });
  if (volume.emptyDir !== undefined) {
    chmodSync(folder, 0o777);
    return { folder, refresh: async () => undefined };
  }
  const read = () => filesOf(cluster, pod, volume);
  const given = volume.projected ?? volume.configMap ?? volume.secret;
  const group = pod.spec.securityContext?.fsGroup;
  // A volume that belongs to a group is readable for it, whatever its mode.
  const mode = (given?.defaultMode ?? 0o644) | (group === undefined ? 0 : 0o440);
  const mounted = new MountedFolder(folder, await read(), mode, (path) => {
    if (group !== undefined && process.getuid?.() === 0) chownSync(path, 0, group);
  });
  return { folder, refresh: async () => mounted.swap(await read()) };
}

async function filesOf(cluster: Cluster, pod: Pod, volume: Volume): Promise<Files> {
  const { configMap, secret, projected } = volume;
  const sources: readonly Source[] | undefined =
    projected?.sources ??
    (configMap !== undefined ? [{ configMap }] : undefined) ??
    (secret !== undefined ? [{ secret: { name: secret.secretName } }] : undefined);
  if (sources === undefined) throw new Error(`volume ${volume.name} is of a kind that is not played here`);
  const all: Record<string, string | Buffer> = {};
  for (const source of sources) Object.assign(all, await filesIn(cluster, pod, source));
  return all;
}

async function filesIn(cluster: Cluster, pod: Pod, source: Source): Promise<Files> {
  const { namespace, name, uid } = pod.metadata;
  const space = `/api/v1/namespaces/${namespace}`;
  const { configMap, secret, downwardAPI, serviceAccountToken: token } = source;
  if (token !== undefined) {
    const path = `${space}/serviceaccounts/${pod.spec.serviceAccountName}/token`;
    const boundObjectRef = { apiVersion: 'v1', kind: 'Pod', name, uid };
    const spec = { audiences: [], expirationSeconds: token.expirationSeconds ?? 3600, boundObjectRef };
    const made = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec };
    const answer = (await get(cluster, 'POST', path, made)) as {
      readonly status: { readonly token: string };
    };
    return { [token.path]: answer.status.token };
  }
  if (downwardAPI !== undefined) {
    return Object.fromEntries(
      downwardAPI.items.map(({ path, fieldRef: { fieldPath } }) => {
        if (fieldPath !== 'metadata.namespace') throw new Error(`${fieldPath} is not played here`);
        return [path, namespace];
      }),
    );
  }
  const wanted = configMap ?? secret;
  const kind = configMap === undefined ? 'secrets' : 'configmaps';
  const encoding = configMap === undefined ? 'base64' : 'utf8';
  const { data = {} } = (await get(cluster, 'GET', `${space}/${kind}/${wanted?.name}`)) as {
    readonly data?: Readonly<Record<string, string>>;
  };
  const items = wanted?.items ?? Object.keys(data).map((key) => ({ key, path: key }));
  return Object.fromEntries(
    items.map(({ key, path }) => {
      if (data[key] === undefined) throw new Error(`${kind} ${wanted?.name} has no ${key}`);
      return [path, Buffer.from(data[key], encoding)];
    }),
  );
}

async function get(cluster: Cluster, method: string, path: string, body?: object): Promise<unknown> {
  const answer = await cluster.request(method, path, body);
  if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.text}`);
  return answer.body;
}

/** Where a volume is kept on this machine. */
export const volumeFolder = (folder: string, { name }: Volume): string => join(folder, name);
