/**
 * A real API server (etcd and kube-apiserver, no controllers) with 20,000 pods: how long `portent serve` takes to
 * have them, what it weighs, how old a followed model is, and whether it equals a fresh list, object by object.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Agent, request } from 'undici';
import { startFeed } from '../../src/cluster/feed.ts';
import type { Pod } from '../../src/model/objects.ts';
import { Store } from '../../src/model/store.ts';
import { type Cluster, startCluster } from '../cluster/cluster.ts';
import { sameAsListed } from '../cluster-feed/contents.ts';
import { podOf } from './cluster.ts';
import { print, quantile } from './figures.ts';
import { type ServeProcess, startServe } from './serve-process.ts';

const PODS = 20_000;
const SPACES = 20;
const AT_ONCE = 24;
/** Pods whose way into the model is timed. */
const TIMED = 2_000;

class TimedStore extends Store {
  /** When the model had a pod first, by name. */
  readonly seen = new Map<string, number>();

  override putPod(pod: Pod): void {
    super.putPod(pod);
    if (!this.seen.has(pod.name)) this.seen.set(pod.name, performance.now());
  }
}

async function create(cluster: Cluster, api: Agent, number: number): Promise<{ name: string; at: number }> {
  const namespace = `bench-${number % SPACES}`;
  const { metadata, spec } = podOf({ namespace, name: `app-${number % 1_000}` }, number) as unknown as {
    metadata: { name: string; labels: object };
    spec: { containers: object[] };
  };
  const body = {
    metadata: { name: metadata.name, labels: metadata.labels },
    spec: { containers: spec.containers.map((each) => ({ ...each, volumeMounts: [] })) },
  };
  const { statusCode, body: answer } = await request(`${cluster.url}/api/v1/namespaces/${namespace}/pods`, {
    dispatcher: api,
    method: 'POST',
    headers: { authorization: `Bearer ${cluster.adminToken}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  const text = await answer.text();
  if (statusCode !== 201) throw new Error(`pod ${number}: HTTP ${statusCode} ${text.slice(0, 300)}`);
  return { name: metadata.name, at: performance.now() };
}

const folder = mkdtempSync(join(tmpdir(), 'portent-bench-'));
const cluster = await startCluster();
const api = new Agent({ connect: { ca: cluster.caPem }, connections: AT_ONCE });
let serve: ServeProcess | undefined;
try {
  for (let i = 0; i < SPACES; i++) {
    await cluster.request('POST', '/api/v1/namespaces', { metadata: { name: `bench-${i}` } });
  }
  let next = 0;
  const createUntil = async (end: number, created: (pod: { name: string; at: number }) => void) => {
    const worker = async (): Promise<void> => {
      while (next < end) created(await create(cluster, api, next++));
    };
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
  };
  await createUntil(PODS - TIMED, () => undefined);
  const store = new TimedStore();
  const feed = startFeed({ kubeconfigPath: cluster.kubeconfigPath, store });
  await feed.whenReady();
  const begin = performance.now();
  const ages: { name: string; at: number }[] = [];
  await createUntil(PODS, (pod) => ages.push(pod));
  const rate = Math.round(TIMED / ((performance.now() - begin) / 1_000));
  serve = await startServe(cluster.kubeconfigPath, folder);
  const size = { pods: PODS, policies: 0 };
  print({ name: 'real_sync_seconds', value: serve.seconds, unit: 's', ...size, note: 'real API server' });
  print({
    name: 'rss_mib',
    value: serve.peak(),
    unit: 'MiB',
    ...size,
    note: 'real API server, peak until ready',
  });
  await sameAsListed(feed.snapshot, cluster.kubeconfigPath, 60_000);
  const late = ages.map(({ name, at }) => (store.seen.get(name) ?? Number.NaN) - at);
  if (feed.snapshot.podCount !== PODS || late.some(Number.isNaN)) throw new Error('pods are missing');
  const note = `real API server, ${rate} creations a second; answer to the creator until the model has it`;
  print({ name: 'real_fresh_p50', value: Math.max(0, quantile(late, 0.5)), unit: 'ms', ...size, note });
  print({ name: 'real_fresh_p99', value: Math.max(0, quantile(late, 0.99)), unit: 'ms', ...size, note });
  print({ name: 'model_equal', value: 1, unit: 'bool', ...size, note: 'to a fresh list, object by object' });
  await feed.stop();
} finally {
  serve?.stop();
  await api.destroy();
  await cluster.stop();
  rmSync(folder, { recursive: true, force: true });
}
