/** HTTPS round trips of AdmissionReviews on a kept-alive connection, against an empty Fastify handler. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { Client } from 'undici';
import { randomChanges } from './changes.ts';
import { benchCluster } from './cluster.ts';
import { print, quantile } from './figures.ts';
import { reviewOf } from './review.ts';

const WARM = 3_000;
const COUNTED = 10_000;
/** Requests to one server before it is the other's turn: both see the same weather. */
const TURN = 100;
const SERVER = fileURLToPath(new URL('./admission-server.ts', import.meta.url));

interface Started {
  readonly child: ChildProcess;
  readonly client: Client;
}

async function run(pods: number, policies: number): Promise<void> {
  const changes = randomChanges(benchCluster(pods, policies), WARM + COUNTED);
  const bodies = changes.map(reviewOf);
  const portent = await startServer(['portent', String(pods), String(policies)]);
  const empty = await startServer(['empty']);
  try {
    const times = { portent: [] as number[], empty: [] as number[] };
    for (let i = 0; i < bodies.length; i += TURN) {
      const turn = bodies.slice(i, i + TURN);
      for (const [name, { client }] of [
        ['portent', portent],
        ['empty', empty],
      ] as const) {
        for (const body of turn) {
          const time = await roundTrip(client, body);
          if (i >= WARM) times[name].push(time);
        }
      }
    }
    const size = { pods, policies, unit: 'ms' };
    for (const [name, share] of [
      ['admission_p50', 0.5],
      ['admission_p99', 0.99],
    ] as const) {
      print({ name, value: quantile(times.portent, share), baseline: quantile(times.empty, share), ...size });
    }
    portent.child.send('figures');
    const [{ rss }] = (await once(portent.child, 'message')) as [{ rss: number }];
    print({
      name: 'rss_mib',
      value: rss / 1024 / 1024,
      unit: 'MiB',
      pods,
      policies,
      note: 'after the requests',
    });
  } finally {
    for (const { child, client } of [portent, empty]) {
      await client.close();
      child.disconnect();
    }
  }
}

async function startServer(args: string[]): Promise<Started> {
  const child = fork(SERVER, args, { stdio: ['ignore', 'ignore', 'ignore', 'ipc'] });
  const first = await Promise.race([once(child, 'message'), once(child, 'exit')]);
  const { port } = (first[0] ?? {}) as { port?: number };
  if (port === undefined)
    throw new Error(`the ${args[0]} server did not start; run ${SERVER} ${args.join(' ')} by hand`);
  // The servers' certificates are made for this run alone.
  const client = new Client(`https://127.0.0.1:${port}`, { connect: { rejectUnauthorized: false } });
  return { child, client };
}

async function roundTrip(client: Client, body: string): Promise<number> {
  const begin = performance.now();
  const answer = await client.request({
    method: 'POST',
    path: '/validate?timeout=5s',
    headers: { 'content-type': 'application/json' },
    body,
  });
  const text = await answer.body.text();
  const time = performance.now() - begin;
  if (answer.statusCode !== 200) throw new Error(`answered ${answer.statusCode}: ${text}`);
  return time;
}

await run(10_000, 1_000);
await run(100_000, 10_000);
