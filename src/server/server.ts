import type { IncomingMessage } from 'node:http';
import type { Server as HttpsServer } from 'node:https';
import type { SecureContextOptions, TLSSocket } from 'node:tls';
import { type FastifyInstance, type FastifyReply, type FastifyRequest, fastify } from 'fastify';
import { failure } from '../admission/answer.ts';
import { type AdmissionDeps, type Answer, handleReview, type Outcome } from '../admission/handle.ts';
import { type Logger, logReview } from '../telemetry/logger.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import { Bodies, CrowdedError } from './bodies.ts';
import { Callers, type CallersConfig } from './callers.ts';
import { Connections } from './connections.ts';
import { failureOf } from './errors.ts';
import { jsonError } from './json.ts';
import type { LagMeter } from './lag.ts';
import { deadlineOf, type Limits } from './limits.ts';
import type { MemoryMeter } from './memory-meter.ts';
import { type Readiness, readinessText } from './metrics-server.ts';

/** What the webhook's server is made of. */
export interface ServerDeps {
  readonly admission: AdmissionDeps;
  readonly metrics: Metrics;
  readonly logger: Logger;
  readonly limits: Limits;
  readonly lag: LagMeter;
  readonly memory: MemoryMeter;
  /** Whether the model was loaded once, and if not, what is missing. */
  readonly ready: () => Readiness;
  readonly secure: SecureContextOptions;
  /** Left out: everybody may ask for reviews. */
  readonly callers?: CallersConfig;
  /** Told of each denial that was not a dry run, after its answer. */
  readonly denied?: (outcome: Outcome) => void;
}

/** The webhook's server, not listening yet. */
export interface WebhookServer {
  readonly app: FastifyInstance;
  /** Serves another certificate from the next connection on; running ones keep the old one. */
  readonly swap: (secure: SecureContextOptions) => void;
  /** From now on: not ready, and every answer ends its connection, but all are answered. */
  readonly lameDuck: () => void;
  /** What the probes are told. */
  readonly readiness: () => Readiness;
}

const JSON_TYPE = 'application/json; charset=utf-8';
/** Milliseconds an answer may wait for the API server's word on an exemption. */
const MOST_PATIENCE = 2000;
/** Characters of a body whose JSON takes some 3 ms to read. */
const LARGE = 256 * 1024;
const TEXT_TYPE = 'text/plain; charset=utf-8';
const CROWDED = 'Portent reads as much as it may at once (limits.bodies); try again';

const started = Symbol('started');
const size = Symbol('size');
/** When its headers were there, in milliseconds, and how long its body is. */
type Timed = FastifyRequest & { [started]?: number; [size]?: number };

/** Builds the webhook's server: HTTP/1.1 over TLS 1.3, one review at a time, nothing kept open for ever. */
export function buildServer(deps: ServerDeps): WebhookServer {
  const { limits, metrics, logger } = deps;
  let leaving = false;
  const callers = deps.callers === undefined ? undefined : new Callers(deps.callers.names);
  const secured = (secure: SecureContextOptions): SecureContextOptions =>
    deps.callers === undefined ? secure : { ...secure, ca: deps.callers.authority };
  const app = fastify({
    https: {
      ...secured(deps.secure),
      // Asked for and not demanded: health is for everybody, and a refusal in words can be understood.
      requestCert: callers !== undefined,
      rejectUnauthorized: false,
      // Node looks for late requests only every 30 s by default.
      connectionsCheckingInterval: 500,
      headersTimeout: limits.headerSeconds * 1000,
      handshakeTimeout: limits.headerSeconds * 1000,
      ALPNProtocols: ['http/1.1'],
    },
    bodyLimit: limits.body,
    requestTimeout: limits.bodySeconds * 1000,
    keepAliveTimeout: limits.idleSeconds * 1000,
    onProtoPoisoning: 'remove',
    onConstructorPoisoning: 'remove',
    return503OnClosing: false,
    forceCloseConnections: 'idle',
    exposeHeadRoutes: true,
    clientErrorHandler(error, socket) {
      if (error.code === 'ECONNRESET' || socket.destroyed) return;
      const late = error.code === 'ERR_HTTP_REQUEST_TIMEOUT';
      metrics.malformed(late ? 'timeout' : 'http');
      const status = late ? '408 Request Timeout' : '400 Bad Request';
      if (socket.writable)
        socket.write(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
      socket.destroy();
    },
  });
  const server = app.server as unknown as HttpsServer;
  const connections = new Connections(server, limits.connections);
  const bodies = new Bodies(limits);

  app.removeAllContentTypeParsers();
  const parse = app.getDefaultJsonParser('remove', 'remove');
  app.addContentTypeParser('application/json', (request: Timed, payload: IncomingMessage, done) => {
    bodies.read(payload, (failed, body) => {
      if (failed !== null) return done(failed);
      request[size] = body.length;
      const read = (end: (error: Error | null, value?: unknown) => void): void => {
        parse(request, body, (error, value) =>
          end(error === null || body === '' ? error : jsonError(body), value),
        );
      };
      // What takes long to read takes as long to judge: whoever waits is answered before and in between.
      if (body.length > LARGE)
        setImmediate(read, (...ended: Parameters<typeof done>) => setImmediate(done, ...ended));
      else read(done);
    });
  });

  app.addHook('onRequest', (_request, reply, done) => {
    if (leaving) reply.header('connection', 'close');
    done();
  });
  app.setErrorHandler((error, request, reply) => {
    if (error instanceof CrowdedError) {
      shed(reply, 'memory', 503, 'ServiceUnavailable', CROWDED);
      return;
    }
    const failed = failureOf(error, limits);
    if (failed.malformed === undefined) logger.error({ err: error, url: request.url }, 'request failed');
    else metrics.malformed(failed.malformed);
    return reply.code(failed.status).header('content-type', JSON_TYPE).send(failed.body);
  });
  app.setNotFoundHandler((request, reply) => {
    const known = PATHS.get(request.url.split('?', 1)[0] ?? '');
    const text = known === undefined ? 'no such page; reviews go to POST /validate' : `use ${known}`;
    if (known !== undefined) reply.header('allow', known);
    const status = known === undefined ? 404 : 405;
    const reason = known === undefined ? 'NotFound' : 'MethodNotAllowed';
    return refuse(reply, status, reason, text);
  });

  /** Refuses a review before its body is read. */
  const admit = (request: Timed, reply: FastifyReply, done: () => void): void => {
    request[started] = performance.now();
    if (callers?.isKnown(request.raw.socket as TLSSocket) === false) {
      metrics.malformed('caller');
      const text = 'reviews are for the API server: no client certificate that is known here';
      refuse(reply, 403, 'Forbidden', text);
      return;
    }
    const lag = deps.lag.seconds();
    if (lag > limits.lagSeconds) {
      shed(reply, 'lag', 503, 'ServiceUnavailable', `Portent is ${lag.toFixed(1)} s late; try again`);
      return;
    }
    if (deps.memory.share() * 100 > limits.memoryPercent) {
      shed(reply, 'memory', 503, 'ServiceUnavailable', 'Portent is short of memory; try again');
      return;
    }
    done();
  };
  const shed = (
    reply: FastifyReply,
    reason: 'lag' | 'in_flight' | 'memory' | 'deadline',
    status: number,
    name: string,
    text: string,
  ): void => {
    metrics.shed(reason);
    refuse(reply.header('retry-after', '1'), status, name, text);
  };

  app.post('/validate', { onRequest: admit }, (request: Timed, reply) => {
    const start = request[started] ?? performance.now();
    if (request.raw.socket.destroyed) {
      metrics.shed('gone');
      reply.send('');
      return;
    }
    const deadline = deadlineOf(request.url);
    if (deadline !== undefined && performance.now() - start > deadline) {
      shed(reply, 'deadline', 503, 'ServiceUnavailable', 'the deadline of the review is over');
      return;
    }
    const answer = handleReview(request.body, deps.admission);
    if (answer.later === undefined) {
      give(reply, answer, start);
      // What is no review makes nobody known.
      if (answer.status === 200) connections.answered(request.raw.socket);
      return;
    }
    if (metrics.inFlight >= limits.inFlight) {
      const text = `${limits.inFlight} reviews at once at most wait for an answer (limits.inFlight); try again`;
      shed(reply, 'in_flight', 429, 'TooManyRequests', text);
      return;
    }
    const bytes = request[size] ?? 0;
    if (!bodies.hold(bytes)) {
      shed(reply, 'memory', 503, 'ServiceUnavailable', CROWDED);
      return;
    }
    metrics.inFlight++;
    connections.hold(request.raw.socket);
    const left = (deadline ?? Number.POSITIVE_INFINITY) - (performance.now() - start);
    // Handed to Fastify: what goes wrong then is its error too, and not the end of the process.
    return answer
      .later(Math.min(MOST_PATIENCE, left / 2))
      .then((late) => give(reply, late, start))
      .finally(() => {
        metrics.inFlight--;
        bodies.release(bytes);
        connections.release(request.raw.socket);
      });
  });
  const give = (reply: FastifyReply, answer: Answer, start: number): void => {
    // Asked again: its body may have come in after the server began to leave.
    if (leaving) reply.header('connection', 'close');
    reply.code(answer.status).header('content-type', JSON_TYPE).send(answer.response);
    try {
      record(answer, start, deps);
    } catch (error) {
      // It is answered, and nobody waits for the count.
      logger.error({ err: error }, 'a review was not recorded');
    }
  };

  app.get('/healthz', (_request, reply) => reply.header('content-type', TEXT_TYPE).send('ok\n'));
  app.get('/livez', (_request, reply) => reply.header('content-type', TEXT_TYPE).send('ok\n'));
  app.get('/readyz', (_request, reply) => {
    const now = readiness();
    return reply
      .code(now.ready ? 200 : 503)
      .header('content-type', TEXT_TYPE)
      .send(readinessText(now));
  });
  const readiness = () => (leaving ? LEAVING : deps.ready());

  return {
    app,
    swap: (secure) => server.setSecureContext(secured(secure)),
    lameDuck: () => {
      leaving = true;
    },
    readiness,
  };
}

/** Answers that something was not done, as the API server reads it. */
function refuse(reply: FastifyReply, status: number, reason: string, text: string): FastifyReply {
  return reply
    .code(status)
    .header('content-type', JSON_TYPE)
    .send(failure(status, reason, text));
}

const LEAVING: Readiness = { ready: false, detail: ['shutting down'] };

const PATHS = new Map([
  ['/validate', 'POST'],
  ['/healthz', 'GET'],
  ['/livez', 'GET'],
  ['/readyz', 'GET'],
]);

/** Counts and logs an answer that is on its way. */
function record(answer: Answer, start: number, { metrics, logger, denied }: ServerDeps): void {
  const { outcome, problem } = answer;
  if (problem !== undefined) {
    metrics.malformed(problem.reason);
    logger.warn({ reason: problem.text }, 'review refused');
  }
  if (outcome === undefined) return;
  const milliseconds = performance.now() - start;
  metrics.review({ ...outcome, seconds: milliseconds / 1000 });
  if (outcome.decision !== 'skip') {
    metrics.phase('parse', outcome.parse / 1000);
    metrics.phase('judge', outcome.judge / 1000);
  }
  if (outcome.exemptions.length > 0) recordExemptions(outcome, metrics, logger);
  const { uid, operation, object, decision, dryRun, error } = outcome;
  if (decision === 'deny' && !dryRun) denied?.(outcome);
  if (error !== undefined) logger.error({ uid, operation, object, err: error }, 'review failed');
  const rules = [...new Set(outcome.findings.map(({ rule }) => rule))];
  logReview(logger, {
    uid,
    operation,
    object,
    decision,
    rules,
    dryRun,
    milliseconds: Math.round(milliseconds * 100) / 100,
  });
}

/** Every exemption leaves a line that says who used it, on what and why. Dry runs are not counted. */
function recordExemptions(outcome: Outcome, metrics: Metrics, logger: Logger): void {
  const { uid, object, user, dryRun } = outcome;
  for (const { source, result, rules, reason, until } of outcome.exemptions) {
    logger.info({ uid, object, user, dryRun, source, result, rules, reason, until }, 'exemption');
    if (!dryRun) metrics.exemption(rules, result);
  }
}
