/**
 * What the real `portent serve` weighs: the bundled program against an API server in another process, from its
 * start through reviews, a relist of everything and a stream of changes. Peaks are what the kernel saw (VmHWM).
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { get } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'undici';
import { randomChanges } from './changes.ts';
import { benchCluster } from './cluster.ts';
import { print } from './figures.ts';
import { RemoteApiServer, type RemoteOptions } from './remote-api-server.ts';
import { reviewOf } from './review.ts';

const SYNC_MS = 240_000;
const REVIEWS = 2_000;

async function run(options: RemoteOptions): Promise<void> {
  const { pods, policies, services, streams } = options;
  const folder = mkdtempSync(join(tmpdir(), 'portent-bench-'));
  const server = await RemoteApiServer.start(folder, options);
  const begin = performance.now();
  const listen = '--listen-address 127.0.0.1 --listen-port 0 --metrics-address 127.0.0.1 --metrics-port 0';
  const files = ['--kubeconfig', server.kubeconfig, '--tls-directory', folder];
  const serve = spawn(process.execPath, ['dist/portent.js', 'serve', ...listen.split(' '), ...files], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  let said = '';
  serve.stdout.setEncoding('utf8').on('data', (part: string) => {
    said += part;
  });
  try {
    const how = `${server.podBytes} bytes a pod, lists ${streams ? 'streamed' : 'in pages'}`;
    const figure = (name: string, value: number, unit: string, note: string): void =>
      print({ name, value, unit, pods, policies, note: `${note}; ${how}` });
    /** Prints the peak since the last time, and begins anew. */
    const weigh = (note: string): void => {
      figure('rss_mib', memory(serve.pid, 'VmHWM'), 'MiB', `peak ${note}`);
      writeFileSync(`/proc/${serve.pid}/clear_refs`, '5');
    };
    await until(async () => said.includes('metrics on port'));
    const port = Number(/metrics on port (\d+)/.exec(said)?.[1]);
    await until(async () => (await ask(port, '/readyz')).status === 200);
    figure(
      'sync_seconds',
      (performance.now() - begin) / 1_000,
      's',
      'from the start of the process to ready',
    );
    weigh('until ready');
    const changes = randomChanges(benchCluster(pods, policies, 1, Math.round(pods / services)), REVIEWS);
    await review(/https:\/\/\S+(?=\/validate)/.exec(said)?.[0] ?? '', changes.map(reviewOf));
    weigh(`of ${REVIEWS} reviews`);
    const watches = await server.forget();
    await until(async () => relists((await ask(port, '/metrics')).text) === watches);
    weigh('of a relist of everything');
    await server.events(200, 20);
    weigh('of 200 changes a second');
  } finally {
    serve.kill('SIGINT');
    server.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A line of the kernel's account of a process, in MiB. */
function memory(pid: number | undefined, line: 'VmHWM'): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(new RegExp(`${line}:\\s+(\\d+)`).exec(status)?.[1]) / 1024;
}

function relists(text: string): number {
  const counts = [...text.matchAll(/^portent_watch_relists_total\{[^}]*\} (\d+)$/gm)];
  return counts.reduce((sum, [, count]) => sum + Number(count), 0);
}

async function until(probe: () => Promise<boolean>): Promise<void> {
  const end = Date.now() + SYNC_MS;
  while (!(await probe().catch(() => false))) {
    if (Date.now() > end) throw new Error(`not within ${SYNC_MS / 1_000} s`);
    await sleep(100);
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

function ask(port: number, path: string): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    get({ host: '127.0.0.1', port, path, agent: false }, (answer) => {
      let text = '';
      answer.setEncoding('utf8').on('data', (part: string) => {
        text += part;
      });
      answer.once('end', () => resolve({ status: answer.statusCode ?? 0, text }));
    }).once('error', reject);
  });
}

await run({ pods: 100_000, policies: 10_000, services: 10_000, streams: true });
await run({ pods: 100_000, policies: 10_000, services: 10_000, streams: false });
await run({ pods: 150_000, policies: 10_000, services: 10_000, streams: true });
