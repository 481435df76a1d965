/** An API server that does exactly what a test tells it to, for what a real one does too rarely. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Exchange {
  readonly path: string;
  readonly query: URLSearchParams;
  readonly token: string;
  readonly response: ServerResponse;
  /** Writes one watch event. */
  event(type: string, object: unknown): void;
  /** Answers with a Status. */
  status(code: number, reason?: string, message?: string, headers?: Record<string, string>): void;
  /** Answers with JSON. */
  json(body: unknown): void;
}

export type Script = (exchange: Exchange) => void;

export class ScriptedServer {
  readonly #server: Server;
  script: Script = (exchange) => exchange.status(404, 'NotFound');
  /** Paths with their queries, in the order they came. */
  readonly seen: string[] = [];

  private constructor() {
    this.#server = createServer((request, response) => this.#answer(request, response));
  }

  static async start(): Promise<ScriptedServer> {
    const made = new ScriptedServer();
    await new Promise<void>((resolve) => made.#server.listen(0, '127.0.0.1', resolve));
    return made;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  /** The requests so far whose text contains `part`. */
  count(part: string): number {
    return this.seen.filter((each) => each.includes(part)).length;
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const url = new URL(request.url ?? '/', this.url);
    this.seen.push(`${url.pathname}${url.search}`);
    const json = (body: unknown): void => {
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify(body));
    };
    this.script({
      path: url.pathname,
      query: url.searchParams,
      token: (request.headers.authorization ?? '').replace('Bearer ', ''),
      response,
      event: (type, object) => response.write(`${JSON.stringify({ type, object })}\n`),
      status: (code, reason = '', message = '', headers = {}) => {
        response.statusCode = code;
        for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
        json({ kind: 'Status', status: 'Failure', code, reason, message });
      },
      json,
    });
  }
}

/** A namespaced object as a list or an event shows it. */
export function object(name: string, version: number | string, more: Record<string, unknown> = {}): object {
  return { metadata: { namespace: 'default', name, resourceVersion: String(version) }, ...more };
}

/** The bookmark that ends a streamed list, or a plain one. */
export function bookmark(version: number, initialEnd = false): object {
  const annotations = initialEnd ? { 'k8s.io/initial-events-end': 'true' } : {};
  return { metadata: { resourceVersion: String(version), annotations } };
}
