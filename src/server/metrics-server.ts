import { createServer, type Server } from 'node:http';
import type { Metrics } from '../telemetry/metrics.ts';

/** The metrics over plain HTTP, on a port of their own so that a network policy can tell the two apart. */
export function buildMetricsServer(metrics: Metrics): Server {
  const server = createServer((request, response) => {
    const path = (request.url ?? '').split('?', 1)[0];
    const send = (status: number, text: string, type = 'text/plain; charset=utf-8') => {
      response.writeHead(status, { 'content-type': type });
      response.end(request.method === 'HEAD' ? undefined : text);
    };
    // A scrape has no body; whoever sends one is not waited for.
    request.resume();
    if (path !== '/metrics') send(404, 'no such page; the metrics are at /metrics\n');
    else if (request.method !== 'GET' && request.method !== 'HEAD') send(405, 'use GET\n');
    else {
      metrics.text().then(
        (text) => send(200, text, metrics.registry.contentType),
        () => send(500, 'the metrics could not be collected\n'),
      );
    }
  });
  server.headersTimeout = 5000;
  server.requestTimeout = 10_000;
  server.maxConnections = 100;
  return server;
}
