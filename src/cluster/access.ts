/**
 * The way to the API server: credentials from client-node's KubeConfig, HTTP through one shared undici agent.
 * The only file that imports @kubernetes/client-node; its types go no further.
 */
import type { RequestOptions } from 'node:https';
import { type Cluster, KubeConfig, type User } from '@kubernetes/client-node';
import { Agent, type Dispatcher, ProxyAgent } from 'undici';
import { ApiError, apiErrorOf } from './api-error.ts';
import { errorText } from './contact.ts';

/** Where credentials come from. With nothing given: KUBECONFIG, ~/.kube/config, then the pod's service account. */
export interface AccessOptions {
  readonly kubeConfig?: KubeConfig;
  readonly kubeconfigPath?: string;
  readonly context?: string;
}

export interface GetOptions {
  readonly accept?: string;
  readonly signal?: AbortSignal;
  /** Milliseconds until the answer's head must be there. */
  readonly headMs?: number;
  /** Milliseconds of silence in the body after which it is given up. */
  readonly silenceMs?: number;
}

/** A request that changes something, or whose answer is wanted with the server's time. */
export interface CallOptions {
  readonly body?: unknown;
  /** Default: plain JSON. */
  readonly contentType?: string;
  readonly signal?: AbortSignal;
}

/** An answer of 200 or 201. */
export interface CallAnswer {
  readonly body: unknown;
  /** What the API server's clock says, to the second; undefined when it does not say. */
  readonly date: Date | undefined;
}

type Response = Dispatcher.ResponseData;

interface Sending extends GetOptions {
  readonly method?: Dispatcher.HttpMethod;
  readonly text?: string;
  readonly contentType?: string;
}

const JSON_TYPE = 'application/json';
/** How long one call may take: it carries one small object. */
const CALL_MS = 10_000;
const USER_AGENT = 'portent';
/** Reloading credentials may start an exec plug-in; 20 watches that fail together must not start 20. */
const RELOAD_PAUSE_MS = 1_000;

const CREDENTIALS_MS = 60_000;

/** Requests to one API server, by path. */
export class Access {
  readonly #load: () => KubeConfig;
  #config: KubeConfig;
  #loadedAt = Date.now();
  #agent: Dispatcher | undefined;
  /** What the agent was made from; other TLS material needs another agent. */
  #agentKey = '';
  #closed = false;
  #pending: Promise<RequestOptions> | undefined;

  constructor(load: () => KubeConfig) {
    this.#load = load;
    this.#config = load();
  }

  /** The server's URL, for messages. */
  get server(): string {
    return clusterOf(this.#config).server;
  }

  /**
   * Sends one GET and gives the body of a 200. Throws `ApiError` for every other status. After a 401 the
   * credentials are read again, and the request is sent a second time if they are new.
   */
  async get(path: string, options: GetOptions = {}): Promise<Response['body']> {
    return (await this.#sendTwice(path, options)).body;
  }

  /** As `get`, for one small object and any method. */
  async call(
    method: Dispatcher.HttpMethod,
    path: string,
    { body, contentType = JSON_TYPE, signal }: CallOptions = {},
  ): Promise<CallAnswer> {
    const limit = AbortSignal.timeout(CALL_MS);
    const answer = await this.#sendTwice(path, {
      method,
      signal: signal === undefined ? limit : AbortSignal.any([limit, signal]),
      ...(body === undefined ? {} : { text: JSON.stringify(body), contentType }),
    });
    const date = new Date(String(answer.headers.date));
    return {
      body: await answer.body.json(),
      date: Number.isNaN(date.getTime()) ? undefined : date,
    };
  }

  /** As `get`, with the whole body parsed as JSON. */
  async getJson(path: string, options: GetOptions = {}): Promise<unknown> {
    return (await this.get(path, options)).json();
  }

  /** Ends every connection. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#agent?.destroy();
  }

  async #sendTwice(path: string, options: Sending): Promise<Response> {
    try {
      return await this.#send(path, options);
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 401 || !this.#reload()) throw error;
      return this.#send(path, options);
    }
  }

  async #send(path: string, options: Sending): Promise<Response> {
    const cluster = clusterOf(this.#config);
    const https = await inTime(this.#credentials(), options.signal);
    if (this.#closed) throw new Error('the connection to the API server is closed');
    const agent = this.#agentFor(cluster, https);
    const base = new URL(cluster.server);
    const prefix = base.pathname.replace(/\/+$/, '');
    const { method = 'GET', text, contentType } = options;
    const answer = await agent.request({
      origin: base.origin,
      path: `${prefix}${path}`,
      method,
      body: text ?? null,
      headers: {
        ...headersOf(https),
        ...(contentType === undefined ? {} : { 'content-type': contentType }),
        accept: options.accept ?? JSON_TYPE,
        'user-agent': USER_AGENT,
      },
      signal: options.signal ?? null,
      headersTimeout: options.headMs ?? 60_000,
      bodyTimeout: options.silenceMs ?? 60_000,
    });
    const { statusCode, headers, body } = answer;
    if (statusCode === 200 || (statusCode === 201 && method !== 'GET')) return answer;
    throw await apiErrorOf(statusCode, headers, body);
  }

  /** One attempt for all who ask meanwhile: it may run an exec plug-in, and twenty watches start at once. */
  #credentials(): Promise<RequestOptions> {
    if (this.#pending !== undefined) return this.#pending;
    const https: RequestOptions = { headers: {} };
    const pending = this.#config
      .applyToHTTPSOptions(https)
      .then(() => https, withWords)
      .finally(() => {
        if (this.#pending === pending) this.#pending = undefined;
      });
    this.#pending = pending;
    return pending;
  }

  #reload(): boolean {
    if (Date.now() - this.#loadedAt < RELOAD_PAUSE_MS) return true;
    this.#loadedAt = Date.now();
    try {
      this.#config = this.#load();
      this.#pending = undefined;
      return true;
    } catch {
      // A file that is just being replaced: the next attempt finds it.
      return false;
    }
  }

  #agentFor(cluster: Cluster, https: RequestOptions): Dispatcher {
    const { ca, cert, key, rejectUnauthorized, servername } = https;
    const made = JSON.stringify([
      cluster.server,
      cluster.proxyUrl,
      String(ca),
      String(cert),
      String(key),
      rejectUnauthorized,
      servername,
    ]);
    if (this.#agent !== undefined && this.#agentKey === made) return this.#agent;
    // Watches that run on the old agent end by themselves within minutes, and then it closes.
    void this.#agent?.close().catch(() => undefined);
    const tls = definedOf({ ca, cert, key, rejectUnauthorized, servername });
    // HTTP/1.1: one connection a watch, so that one stuck connection cannot silence every kind at once.
    const common = { allowH2: false, keepAliveTimeout: 30_000, connections: null };
    const connect = { ...tls, keepAlive: true, keepAliveInitialDelay: 30_000, timeout: 10_000 };
    this.#agent =
      cluster.proxyUrl === undefined
        ? new Agent({ ...common, connect })
        : new ProxyAgent({ ...common, uri: proxyOf(cluster.proxyUrl), requestTls: tls });
    this.#agentKey = made;
    return this.#agent;
  }
}

/** Finds credentials. Throws, in words for the person who configured them, when there are none that work. */
export function openAccess(options: AccessOptions = {}): Access {
  return new Access(() => loadConfig(options));
}

/** What went wrong with a command's first request, in words: a refused connection alone names no cluster. */
export function unreachable(access: Access, error: unknown): Error {
  if (error instanceof ApiError) return error;
  return new Error(`the cluster ${access.server} cannot be asked: ${errorText(error)}`, { cause: error });
}

/** An exec plug-in that ends without a word to standard error is an error without a message. */
function withWords(error: unknown): never {
  if (error instanceof Error && error.message.trim() !== '') throw error;
  throw new Error('the kubeconfig gives no credentials: its exec plug-in failed and did not say why');
}

/** The credentials, unless they take too long (an exec plug-in that asks a person) or nobody waits any more. */
async function inTime<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  const limit = AbortSignal.timeout(CREDENTIALS_MS);
  const either = signal === undefined ? limit : AbortSignal.any([limit, signal]);
  either.throwIfAborted();
  let stop = (): void => undefined;
  const aborted = new Promise<never>((_, reject) => {
    const onAbort = (): void => {
      const late = new Error(`no credentials within ${CREDENTIALS_MS / 1_000} s: does an exec plug-in hang?`);
      reject(limit.aborted ? late : either.reason);
    };
    either.addEventListener('abort', onAbort);
    stop = () => either.removeEventListener('abort', onAbort);
  });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    stop();
  }
}

function loadConfig(options: AccessOptions): KubeConfig {
  const config = new KubeConfig();
  // A copy, so that authenticators that remember a rejected token are made afresh on every load.
  if (options.kubeConfig !== undefined) config.loadFromString(options.kubeConfig.exportConfig());
  else fill(config, options.kubeconfigPath);
  if (options.context !== undefined) {
    if (config.getContextObject(options.context) === null) {
      throw new Error(`the kubeconfig has no context named ${options.context}`);
    }
    config.setCurrentContext(options.context);
  }
  const cluster = clusterOf(config);
  if (!cluster.server.startsWith('http:')) return config;
  return plainHttp(config, cluster);
}

/** Of what is wrong with the text only the first line is told: the rest quotes lines, and those may hold a token. */
function fill(config: KubeConfig, path: string | undefined): void {
  try {
    if (path === undefined) config.loadFromDefault();
    else config.loadFromFile(path);
  } catch (error) {
    const isMissing = error instanceof Error && 'code' in error && error.code === 'ENOENT';
    const [reason] = isMissing ? ['no such file'] : errorText(error).split('\n', 1);
    throw new Error(`${path ?? 'kubeconfig'}: ${reason}`);
  }
}

function clusterOf(config: KubeConfig): Cluster {
  const cluster = config.getCurrentCluster();
  if (cluster === null) {
    throw new Error(
      'no cluster to connect to: the kubeconfig has no current context (choose one with --context)',
    );
  }
  return cluster;
}

/**
 * `kubectl proxy` speaks plain HTTP on the loopback address, and client-node refuses plain HTTP unless TLS
 * verification is off. Anywhere else the refusal stands: a token would cross the network in the clear.
 */
function plainHttp(config: KubeConfig, cluster: Cluster): KubeConfig {
  const host = new URL(cluster.server).hostname;
  if (host !== 'localhost' && host !== '[::1]' && !/^127\./.test(host)) return config;
  const user: User = config.getCurrentUser() ?? { name: 'nobody' };
  const copy = new KubeConfig();
  copy.loadFromClusterAndUser({ ...cluster, skipTLSVerify: true }, user);
  return copy;
}

function proxyOf(url: string): string {
  if (url.startsWith('http:') || url.startsWith('https:')) return url;
  throw new Error(`the kubeconfig's proxy-url ${url} is not supported: use an http or https proxy`);
}

function headersOf(https: RequestOptions): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(https.headers ?? {})) {
    // A token file that ends in a line break is common, and a line break in a header is an error.
    if (value !== undefined) headers[name] = String(value).trim();
  }
  if (typeof https.auth === 'string') {
    headers.Authorization = `Basic ${Buffer.from(https.auth).toString('base64')}`;
  }
  return headers;
}

function definedOf<T extends object>(values: T): { [K in keyof T]?: NonNullable<T[K]> } {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: NonNullable<T[K]>;
  };
}
