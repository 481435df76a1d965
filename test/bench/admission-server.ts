/** The two servers of the admission bench, each in a process of its own: `portent PODS POLICIES` or `empty`. */
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { fastify } from 'fastify';
import { configOf } from '../../src/config/config.ts';
import { start } from '../../src/main.ts';
import { keepQuick } from '../../src/server/latency.ts';
import { keepSmall } from '../../src/server/memory.ts';
import { createLog } from '../../src/telemetry/logger.ts';
import { benchCluster } from './cluster.ts';
import { loadCluster } from './load.ts';

const [what, pods, policies] = process.argv.slice(2);

async function portent(): Promise<number> {
  // As `portent serve` does.
  keepSmall();
  const directory = mkdtempSync(join(tmpdir(), 'portent-bench-'));
  const config = configOf({
    environment: {
      PORTENT_LISTEN_ADDRESS: '127.0.0.1',
      PORTENT_LISTEN_PORT: '0',
      PORTENT_METRICS_ADDRESS: '127.0.0.1',
      PORTENT_METRICS_PORT: '0',
      PORTENT_TLS_DIRECTORY: directory,
    },
  });
  const snapshot = loadCluster(benchCluster(Number(pods), Number(policies)));
  const running = await start({ config, version: 'bench', snapshot }, createLog('info'));
  await running.loaded;
  keepQuick();
  await running.rehearse();
  return running.port;
}

/** What every webhook on Fastify pays: TLS, HTTP, the body's JSON, an answer. */
async function empty(): Promise<number> {
  const { selfMade } = await import('../../src/tls/directory.ts');
  const directory = mkdtempSync(join(tmpdir(), 'portent-bench-'));
  await selfMade(directory, []);
  const read = (name: string): string => readFileSync(join(directory, name), 'utf8');
  const app = fastify({
    https: { cert: read('tls.crt'), key: read('tls.key'), minVersion: 'TLSv1.3' },
    bodyLimit: 7 * 1024 * 1024,
  });
  app.post('/validate', async (request) => {
    const { request: review } = request.body as { request: { uid: string } };
    return {
      apiVersion: 'admission.k8s.io/v1',
      kind: 'AdmissionReview',
      response: { uid: review.uid, allowed: true },
    };
  });
  await app.listen({ host: '127.0.0.1', port: 0 });
  const address = app.server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

const port = await (what === 'empty' ? empty() : portent());
process.send?.({ port });
/** Looked at each millisecond, and only from the first question on: it takes time itself. */
const delay = monitorEventLoopDelay({ resolution: 1 });
process.on('message', (question) => {
  if (question === 'rss') process.send?.({ rss: process.memoryUsage().rss });
  else {
    process.send?.({ held: delay.max / 1e6 });
    delay.enable();
    delay.reset();
  }
});
process.on('disconnect', () => process.exit(0));
