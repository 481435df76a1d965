/**
 * What the real `portent serve` weighs: the bundled program against an API server in another process, from its
 * start through reviews, a relist of everything and a stream of changes. Peaks are what the kernel saw (VmHWM).
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'undici';
import { randomChanges } from './changes.ts';
import { benchCluster } from './cluster.ts';
import { print } from './figures.ts';
import { RemoteApiServer, type RemoteOptions } from './remote-api-server.ts';
import { reviewOf } from './review.ts';
import { ask, relists, type ServeProcess, startServe, until } from './serve-process.ts';

const REVIEWS = 2_000;

async function run(options: RemoteOptions): Promise<void> {
  const { pods, policies, services, streams } = options;
  const folder = mkdtempSync(join(tmpdir(), 'portent-bench-'));
  const server = await RemoteApiServer.start(folder, options);
  let serve: ServeProcess | undefined;
  try {
    serve = await startServe(server.kubeconfig, folder);
    const { url, metricsPort, seconds, peak } = serve;
    const how = `${server.podBytes} bytes a pod, lists ${streams ? 'streamed' : 'in pages'}`;
    const figure = (name: string, value: number, unit: string, note: string): void =>
      print({ name, value, unit, pods, policies, note: `${note}; ${how}` });
    figure('sync_seconds', seconds, 's', 'from the start of the process to ready');
    figure('rss_mib', peak(), 'MiB', 'peak until ready');
    const changes = randomChanges(benchCluster(pods, policies, 1, Math.round(pods / services)), REVIEWS);
    await review(url, changes.map(reviewOf));
    figure('rss_mib', peak(), 'MiB', `peak of ${REVIEWS} reviews`);
    const watches = await server.forget();
    await until(async () => relists((await ask(metricsPort, '/metrics')).text) === watches);
    figure('rss_mib', peak(), 'MiB', 'peak of a relist of everything');
    await server.events(200, 20);
    figure('rss_mib', peak(), 'MiB', 'peak of 200 changes a second');
  } finally {
    serve?.stop();
    server.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function review(url: string, bodies: readonly string[]): Promise<void> {
  const client = new Client(url, { connect: { rejectUnauthorized: false } });
  for (const body of bodies) {
    const headers = { 'content-type': 'application/json' };
    const answer = await client.request({ method: 'POST', path: '/validate?timeout=10s', headers, body });
    const text = await answer.body.text();
    if (answer.statusCode !== 200) throw new Error(`answered ${answer.statusCode}: ${text}`);
  }
  await client.close();
}

await run({ pods: 100_000, policies: 10_000, services: 10_000, streams: true });
await run({ pods: 100_000, policies: 10_000, services: 10_000, streams: false });
await run({ pods: 150_000, policies: 10_000, services: 10_000, streams: true });
