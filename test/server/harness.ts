/** A webhook on 127.0.0.1 over real HTTPS, and clients to try it with. */
import type { IncomingHttpHeaders } from 'node:http';
import { Agent, request } from 'node:https';
import type { AddressInfo } from 'node:net';
import { Writable } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import type { AdmissionDeps } from '../../src/admission/handle.ts';
import { Recent } from '../../src/admission/recent.ts';
import { Turns } from '../../src/admission/turns.ts';
import { RULE_IDS } from '../../src/rules/index.ts';
import type { CallersConfig } from '../../src/server/callers.ts';
import type { Limits } from '../../src/server/limits.ts';
import { buildServer, type WebhookServer } from '../../src/server/server.ts';
import { createLog } from '../../src/telemetry/logger.ts';
import { Metrics } from '../../src/telemetry/metrics.ts';
import { secureOptions } from '../../src/tls/check.ts';
import { issueServing, type KeyPair, newAuthority } from '../../src/tls/issue.ts';
import { cluster, judgeWith } from '../admission/reviews.ts';

export const LIMITS: Limits = {
  body: 7 * 1024 ** 2,
  inFlight: 64,
  connections: 1000,
  headerSeconds: 5,
  bodySeconds: 10,
  idleSeconds: 60,
  lagSeconds: 2,
  bodies: 64 * 1024 ** 2,
  memoryPercent: 90,
};

/** One authority for all tests of a file. */
export const authority: KeyPair = await newAuthority();
const serving = await issueServing(authority, ['127.0.0.1', 'localhost']);

export interface Harness {
  readonly webhook: WebhookServer;
  readonly metrics: Metrics;
  readonly port: number;
  readonly url: string;
  readonly log: () => string;
  /** Sets what the lag meter says, in seconds. */
  lag: number;
  /** Sets what the memory meter says: 1 = at the limit. */
  memory: number;
  close(): Promise<void>;
}

export interface HarnessOptions {
  readonly limits?: Partial<Limits>;
  readonly admission?: Partial<AdmissionDeps>;
  readonly metrics?: Metrics;
  readonly ready?: () => { ready: boolean; detail: readonly string[] };
  readonly callers?: CallersConfig;
}

/** Builds and listens. */
export async function harness(options: HarnessOptions = {}): Promise<Harness> {
  let log = '';
  const sink = new Writable({
    write(chunk, _encoding, done) {
      log += String(chunk);
      done();
    },
  });
  const store = cluster();
  const metrics = options.metrics ?? new Metrics({ rules: RULE_IDS, version: 'test' });
  const state = { lag: 0, memory: 0 };
  const webhook = buildServer({
    admission: {
      snapshot: () => store,
      judge: judgeWith('rules: {node-port-range: deny}'),
      recent: new Recent(),
      turns: new Turns(),
      now: () => performance.now(),
      ...options.admission,
    },
    metrics,
    logger: createLog('info', sink).logger,
    limits: { ...LIMITS, ...options.limits },
    lag: { seconds: () => state.lag, stop: () => {} },
    memory: { share: () => state.memory, stop: () => {} },
    ready: options.ready ?? (() => ({ ready: true, detail: [] })),
    secure: secureOptions(serving),
    ...(options.callers === undefined ? {} : { callers: options.callers }),
  });
  await webhook.app.listen({ host: '127.0.0.1', port: 0 });
  const { port } = webhook.app.server.address() as AddressInfo;
  return {
    webhook,
    metrics,
    port,
    url: `https://127.0.0.1:${port}`,
    log: () => log,
    get memory() {
      return state.memory;
    },
    set memory(share) {
      state.memory = share;
    },
    get lag() {
      return state.lag;
    },
    set lag(seconds) {
      state.lag = seconds;
    },
    close: async () => {
      webhook.app.server.closeAllConnections();
      await webhook.app.close();
    },
  };
}

export interface Reply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  /** Serial number of the certificate it came under. */
  readonly serial: string;
}

export interface SendOptions {
  readonly method?: string;
  readonly headers?: Record<string, string | number>;
  readonly agent?: Agent;
  /** Whom to trust instead of the tests' authority. */
  readonly ca?: string;
}

/** An agent that trusts the tests' authority and, like the API server, keeps its connections. */
export function keepAlive(maxSockets = 100): Agent {
  return new Agent({ ca: authority.certificate, keepAlive: true, maxSockets });
}

/** One request; POST of JSON unless told otherwise. */
export function send(url: string, body?: string | Buffer, options: SendOptions = {}): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const method = options.method ?? (body === undefined ? 'GET' : 'POST');
    const type = body === undefined ? {} : { 'content-type': 'application/json' };
    const sent = request(
      url,
      {
        method,
        headers: { ...type, ...options.headers },
        ca: options.ca ?? authority.certificate,
        ...(options.agent === undefined ? { agent: false } : { agent: options.agent }),
      },
      (answer) => {
        let text = '';
        const { serialNumber } = (answer.socket as TLSSocket).getPeerCertificate();
        answer.setEncoding('utf8').on('data', (part: string) => {
          text += part;
        });
        answer.once('error', reject);
        answer.once('end', () => {
          resolve({ status: answer.statusCode ?? 0, headers: answer.headers, text, serial: serialNumber });
        });
      },
    );
    sent.once('error', reject);
    sent.end(body);
  });
}
