/** HTTPS round trips of AdmissionReviews on a kept-alive connection, against an empty Fastify handler. */
import { randomChanges } from './changes.ts';
import { benchCluster } from './cluster.ts';
import { print, quantile } from './figures.ts';
import { reviewOf } from './review.ts';
import { BenchServer } from './servers.ts';

const WARM = 3_000;
const COUNTED = 10_000;
/** Requests to one server before it is the other's turn: both see the same weather. */
const TURN = 100;

async function run(pods: number, policies: number): Promise<void> {
  const changes = randomChanges(benchCluster(pods, policies), WARM + COUNTED);
  const bodies = changes.map(reviewOf);
  const portent = await BenchServer.start('portent', String(pods), String(policies));
  const empty = await BenchServer.start('empty');
  try {
    const times = { portent: [] as number[], empty: [] as number[] };
    for (let i = 0; i < bodies.length; i += TURN) {
      const turn = bodies.slice(i, i + TURN);
      for (const [name, server] of [
        ['portent', portent],
        ['empty', empty],
      ] as const) {
        for (const body of turn) {
          const time = await server.roundTrip(body);
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
    print({
      name: 'rss_mib',
      value: (await portent.rss()) / 1024 / 1024,
      unit: 'MiB',
      pods,
      policies,
      note: 'after the requests',
    });
  } finally {
    await Promise.all([portent.stop(), empty.stop()]);
  }
}

await run(10_000, 1_000);
await run(100_000, 10_000);
