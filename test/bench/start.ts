/**
 * From start to listening and to ready, of the bundled program, as a pod starts it: the certificates are there, and
 * so is what Node compiled before (the image brings it).
 */
import { spawn } from 'node:child_process';
import { globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { get } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startCluster } from '../cluster/cluster.ts';
import { freePorts } from '../cluster/ports.ts';
import { print, quantile } from './figures.ts';

const RUNS = 9;
const READY_WITHIN_MS = 30_000;
const root = join(import.meta.dirname, '..', '..');
const guestbook = join(root, 'test', 'worlds', 'guestbook', 'snapshot');

/** Milliseconds from the start of the process. */
interface Start {
  readonly listening: number;
  readonly ready: number;
}

async function startOnce(args: readonly string[], directory: string): Promise<Start> {
  const [port = 0, metricsPort = 0] = await freePorts(2);
  const begin = performance.now();
  const child = spawn(process.execPath, [join(root, 'dist', 'portent.js'), 'serve', ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      PATH: process.env.PATH,
      NODE_COMPILE_CACHE: join(directory, 'cache'),
      PORTENT_LISTEN_ADDRESS: '127.0.0.1',
      PORTENT_LISTEN_PORT: String(port),
      PORTENT_METRICS_ADDRESS: '127.0.0.1',
      PORTENT_METRICS_PORT: String(metricsPort),
      PORTENT_TLS_DIRECTORY: directory,
    },
  });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (part: string) => {
    said += part;
  });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  try {
    const listening = await new Promise<number>((resolve, reject) => {
      child.stdout.once('data', () => resolve(performance.now() - begin));
      child.once('exit', (code) => reject(new Error(`portent serve ended with ${code}: ${said}`)));
    });
    while (!(await isReady(metricsPort))) {
      if (performance.now() - begin > READY_WITHIN_MS) throw new Error(`not ready: ${said}`);
      await sleep(5);
    }
    return { listening, ready: performance.now() - begin };
  } finally {
    child.kill('SIGINT');
    await ended;
  }
}

function isReady(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    get({ host: '127.0.0.1', port, path: '/readyz', agent: false }, (answer) => {
      answer.resume();
      resolve(answer.statusCode === 200);
    }).once('error', () => resolve(false));
  });
}

async function starts(args: readonly string[], directory: string): Promise<readonly Start[]> {
  // The first start makes the certificates and fills the caches.
  await startOnce(args, directory);
  const measured: Start[] = [];
  for (let run = 0; run < RUNS; run++) measured.push(await startOnce(args, directory));
  return measured;
}

const middle = (values: readonly number[]): number => quantile(values, 0.5);

const cluster = await startCluster();
const directory = mkdtempSync(join(tmpdir(), 'portent-bench-'));
try {
  const objects = globSync('*.yaml', { cwd: guestbook }).map((name) =>
    readFileSync(join(guestbook, name), 'utf8'),
  );
  await cluster.apply(objects.join('\n---\n'));
  const live = await starts([`--kubeconfig=${cluster.kubeconfigPath}`], directory);
  const note = 'the guestbook on a real API server; median of 9';
  print({
    name: 'start_listening_ms',
    value: middle(live.map(({ listening }) => listening)),
    unit: 'ms',
    note,
  });
  print({ name: 'start_ready_ms', value: middle(live.map(({ ready }) => ready)), unit: 'ms', note });
} finally {
  rmSync(directory, { recursive: true, force: true });
  await cluster.stop();
}
