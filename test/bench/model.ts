/** The model from watch events: what it weighs, how long it takes to build and to keep. */
import { benchCluster, podOf } from './cluster.ts';
import { collect, print, quantile } from './figures.ts';
import { loadCluster, put } from './load.ts';
import { pick, randomFrom } from './random.ts';

const EVENTS = 50_000;

function run(pods: number, policies: number): void {
  const cluster = benchCluster(pods, policies);
  const size = { pods, policies };
  // What the program itself weighs is not the model's.
  loadCluster(benchCluster(1_000, 100));
  collect();
  const empty = process.memoryUsage().heapUsed;
  const start = performance.now();
  const store = loadCluster(cluster);
  for (const space of store.spaces.values()) space.classes();
  print({ name: 'model_build_seconds', value: (performance.now() - start) / 1000, unit: 's', ...size });
  collect();
  const bytes = (process.memoryUsage().heapUsed - empty) / pods;
  print({
    name: 'model_bytes_per_pod',
    value: bytes,
    unit: 'bytes',
    ...size,
    note: 'everything in the model',
  });
  const random = randomFrom(3);
  const times: number[] = [];
  for (let i = 0; i < EVENTS; i++) {
    const app = pick(random, cluster.apps);
    const number = Math.floor(random() * pods);
    const dice = random();
    const raw = dice < 0.98 ? podOf(app, number) : pick(random, cluster.policies);
    const text = JSON.stringify(raw);
    const begin = performance.now();
    if (dice < 0.2) store.removePod(app.namespace, raw.metadata.name);
    else put(store, text);
    times.push(performance.now() - begin);
    // Requests come between events, and want the classes of where something happens.
    if (i % 10 === 0) store.spaces.get(app.namespace)?.classes();
  }
  print({ name: 'model_event_p99', value: quantile(times, 0.99), unit: 'ms', ...size });
}

run(10_000, 1_000);
run(100_000, 10_000);
