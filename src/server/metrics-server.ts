import { createServer, type Server } from 'node:http';
import type { Metrics } from '../telemetry/metrics.ts';
import { Connections } from './connections.ts';
import { isLocal } from './debug.ts';

/** What the probes of a pod are told. */
export interface Readiness {
  readonly ready: boolean;
  readonly detail: readonly string[];
}

/**
 * Metrics and probes over plain HTTP, on a port of their own so that a network policy can tell the two apart,
 * and so that a probe is answered however busy the webhook's connections are. `/debug/model` shows what `debug`
 * gives, to this machine alone.
 */
export function buildMetricsServer(
  metrics: Metrics,
  readiness: () => Readiness,
  debug: () => object,
): Server {
  const server = createServer({ connectionsCheckingInterval: 500 }, (request, response) => {
    const send = (status: number, text: string, type = 'text/plain; charset=utf-8') => {
      response.writeHead(status, { 'content-type': type });
      response.end(request.method === 'HEAD' ? undefined : text);
    };
    // A scrape has no body; whoever sends one is not waited for.
    request.resume();
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.setHeader('allow', 'GET');
      return send(405, 'use GET\n');
    }
    switch ((request.url ?? '').split('?', 1)[0]) {
      case '/metrics':
        metrics.text().then(
          (text) => send(200, text, metrics.registry.contentType),
          () => send(500, 'the metrics could not be collected\n'),
        );
        return;
      case '/healthz':
      case '/livez':
        return send(200, 'ok\n');
      case '/readyz': {
        const now = readiness();
        return send(now.ready ? 200 : 503, readinessText(now));
      }
      case '/debug/model':
        if (!isLocal(request.socket.remoteAddress)) {
          return send(403, 'shown to this machine only: kubectl port-forward to the metrics port\n');
        }
        return send(200, `${JSON.stringify(debug(), null, 2)}\n`, 'application/json');
      default:
        return send(404, 'no such page; there are /metrics, /healthz, /readyz and /debug/model\n');
    }
  });
  server.headersTimeout = 5000;
  server.requestTimeout = 10_000;
  new Connections(server, CONNECTIONS);
  return server;
}

/** Connections at once: however many are held open, the kubelet's probes get in. */
const CONNECTIONS = 100;

/** `ok`, or what is missing, one thing a line. */
export function readinessText({ ready, detail }: Readiness): string {
  return `${[ready ? 'ok' : 'not ready', ...detail].join('\n')}\n`;
}
