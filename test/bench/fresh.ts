/**
 * How old the model is: from the moment an API server in another process writes a change into its watch until the
 * model shows it, at 200 changes a second among 10,000 pods. Both processes read the machine's one clock.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startFeed } from '../../src/cluster/feed.ts';
import { labelValue } from '../../src/model/labels.ts';
import type { Pod } from '../../src/model/objects.ts';
import { Store } from '../../src/model/store.ts';
import { keepQuick } from '../../src/server/latency.ts';
import { keepSmall } from '../../src/server/memory.ts';
import { print, quantile } from './figures.ts';
import { RemoteApiServer } from './remote-api-server.ts';

const PER_SECOND = 200;
const SECONDS = 20;

/** Notes the age of each change when the model has it. */
class TimedStore extends Store {
  readonly ages: number[] = [];

  override putPod(pod: Pod): void {
    super.putPod(pod);
    const sent = labelValue(pod.labels, 'sent') ?? '0';
    if (sent !== '0') this.ages.push(Number(process.hrtime.bigint() - BigInt(sent)) / 1e6);
  }
}

// As the program does, whose collections count in what is measured.
keepSmall();
const size = { pods: 10_000, policies: 1_000 };
const folder = mkdtempSync(join(tmpdir(), 'portent-bench-'));
const server = await RemoteApiServer.start(folder, { ...size, services: 1_000, streams: true });
const store = new TimedStore();
const feed = startFeed({ kubeconfigPath: server.kubeconfig, store });
try {
  await feed.whenReady();
  keepQuick();
  await server.events(PER_SECOND, 5);
  await sleep(500);
  store.ages.length = 0;
  const before = process.cpuUsage();
  const sent = await server.events(PER_SECOND, SECONDS);
  const { user, system } = process.cpuUsage(before);
  await sleep(500);
  const { ages } = store;
  if (ages.length !== sent) throw new Error(`${sent} changes were sent, the model saw ${ages.length}`);
  const note = `${PER_SECOND} changes a second of ${server.podBytes} bytes, written to model`;
  print({ name: 'fresh_p50', value: quantile(ages, 0.5), unit: 'ms', ...size, note });
  print({ name: 'fresh_p99', value: quantile(ages, 0.99), unit: 'ms', ...size, note });
  print({ name: 'fresh_cpu', value: (user + system) / 1_000 / sent, unit: 'ms a change', ...size, note });
  print({ name: 'fresh_max', value: quantile(ages, 1), unit: 'ms', ...size, note });
} finally {
  await feed.stop();
  server.stop();
  rmSync(folder, { recursive: true, force: true });
}
