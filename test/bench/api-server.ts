/**
 * An API server for the benches, in a process of its own (see remote-api-server.ts): a cluster of any size whose
 * pods are made while they are sent, lists streamed or paged, watches, and changes at a given rate.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { benchCluster } from './cluster.ts';
import { randomFrom } from './random.ts';
import { daemonSetText, nodeText, plainTexts, podTemplate, sliceText } from './wire.ts';

/** What the parent asks for. */
export type Order =
  | {
      readonly do: 'start';
      readonly pods: number;
      readonly policies: number;
      readonly services: number;
      readonly streams: boolean;
      readonly certificate: string;
      readonly key: string;
    }
  /** Ends every watch with 410: all kinds are listed again. */
  | { readonly do: 'forget' }
  /** Changes pods, so many a second, each with the time it was sent in its label `sent`. */
  | { readonly do: 'events'; readonly perSecond: number; readonly seconds: number };

/** What it answers, once each order is done. */
export type Report =
  | { readonly done: 'start'; readonly port: number; readonly podBytes: number }
  | { readonly done: 'forget'; readonly watches: number }
  | { readonly done: 'events'; readonly sent: number };

/** Objects of one kind: how many, and the text of each. */
interface Source {
  readonly size: number;
  text(place: number): string;
}

const sources = new Map<string, Source>();
const watches = new Map<string, Set<ServerResponse>>();
let version = 10_000_000;
let streams = true;
let podSource: { text(place: number, sent?: string): string; readonly size: number } | undefined;

process.on('message', (order: Order) => {
  void obey(order).then((report) => process.send?.(report));
});
process.on('disconnect', () => process.exit(0));

async function obey(order: Order): Promise<Report> {
  if (order.do === 'start') return start(order);
  if (order.do === 'forget') return forget();
  return events(order.perSecond, order.seconds);
}

async function start(order: Extract<Order, { do: 'start' }>): Promise<Report> {
  const { pods, policies, services, certificate: cert, key } = order;
  streams = order.streams;
  const podsPerApp = Math.max(1, Math.round(pods / services));
  const cluster = benchCluster(pods, policies, 1, podsPerApp);
  const { namespaces, services: serviceTexts, policies: policyTexts } = plainTexts(cluster);
  const fixed = (texts: readonly string[]): Source => ({ size: texts.length, text: (i) => texts[i] ?? '' });
  // A few templates at a time: the server's own memory is not what is measured.
  const templates = new Map<number, ReturnType<typeof podTemplate>>();
  podSource = {
    size: cluster.apps.length * podsPerApp,
    text: (place, sent) => {
      const app = Math.floor(place / podsPerApp);
      let make = templates.get(app);
      if (make === undefined) {
        if (templates.size > 200) templates.clear();
        make = podTemplate(cluster.apps[app] as (typeof cluster.apps)[number], app);
        templates.set(app, make);
      }
      return make(place, sent === undefined ? 1_000_000 + place : ++version, sent);
    },
  };
  sources.set('/api/v1/pods', podSource);
  sources.set('/api/v1/namespaces', fixed(namespaces));
  sources.set('/api/v1/services', fixed(serviceTexts));
  sources.set('/apis/networking.k8s.io/v1/networkpolicies', fixed(policyTexts));
  sources.set('/api/v1/nodes', { size: 1_000, text: nodeText });
  sources.set('/apis/apps/v1/daemonsets', fixed([daemonSetText()]));
  sources.set('/apis/discovery.k8s.io/v1/endpointslices', {
    size: cluster.apps.length,
    text: (i) => sliceText(cluster.apps[i] as (typeof cluster.apps)[number], i * podsPerApp, podsPerApp),
  });
  const server = createServer({ cert, key }, (request, response) => {
    void answer(request, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  let bytes = 0;
  for (let i = 0; i < 300; i++) bytes += podSource.text((i * 331) % podSource.size).length;
  return { done: 'start', port: (server.address() as AddressInfo).port, podBytes: Math.round(bytes / 300) };
}

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? '/', 'https://server');
  response.setHeader('content-type', 'application/json');
  if (url.pathname === '/apis') {
    response.end(JSON.stringify({ kind: 'APIGroupDiscoveryList', items: [] }));
    return;
  }
  const source = sources.get(url.pathname);
  if (source === undefined) return refuse(response, 404, 'NotFound');
  const { searchParams: query } = url;
  if (query.get('watch') !== 'true') return page(source, query, response);
  if (query.get('sendInitialEvents') === 'true') {
    if (!streams) return refuse(response, 400, 'BadRequest');
    await list(source, response);
  }
  response.flushHeaders();
  const open = watches.get(url.pathname) ?? new Set();
  watches.set(url.pathname, open.add(response));
  response.on('close', () => open.delete(response));
}

function refuse(response: ServerResponse, code: number, reason: string): void {
  response.statusCode = code;
  response.end(JSON.stringify({ kind: 'Status', status: 'Failure', code, reason }));
}

async function list(source: Source, response: ServerResponse): Promise<void> {
  let text = '';
  for (let i = 0; i < source.size; i++) {
    text += `{"type":"ADDED","object":${source.text(i)}}\n`;
    if (text.length < 60_000 && i < source.size - 1) continue;
    if (!response.write(text)) await new Promise((resolve) => response.once('drain', resolve));
    text = '';
    // Events of other kinds go on meanwhile.
    await new Promise((resolve) => setImmediate(resolve));
  }
  const metadata = {
    resourceVersion: String(version),
    annotations: { 'k8s.io/initial-events-end': 'true' },
  };
  response.write(`${JSON.stringify({ type: 'BOOKMARK', object: { metadata } })}\n`);
}

function page(source: Source, query: URLSearchParams, response: ServerResponse): void {
  const from = Number(query.get('continue') ?? 0);
  const limit = Number(query.get('limit') ?? 0) || source.size;
  const end = Math.min(source.size, from + limit);
  const items: string[] = [];
  for (let i = from; i < end; i++) items.push(source.text(i));
  const more = end < source.size ? `,"continue":"${end}"` : '';
  response.end(
    `{"kind":"List","metadata":{"resourceVersion":"${version}"${more}},"items":[${items.join(',')}]}`,
  );
}

function forget(): Report {
  let count = 0;
  const status = { kind: 'Status', status: 'Failure', code: 410, reason: 'Expired', message: 'too old' };
  for (const open of watches.values()) {
    for (const response of open) {
      count++;
      response.end(`${JSON.stringify({ type: 'ERROR', object: status })}\n`);
    }
  }
  return { done: 'forget', watches: count };
}

async function events(perSecond: number, seconds: number): Promise<Report> {
  const random = randomFrom(7);
  const begin = performance.now();
  let sent = 0;
  while (sent < perSecond * seconds) {
    const wait = begin + (sent * 1_000) / perSecond - performance.now();
    if (wait > 0) await sleep(wait);
    if (podSource === undefined) break;
    const place = Math.floor(random() * podSource.size);
    const text = podSource.text(place, String(process.hrtime.bigint()));
    for (const response of watches.get('/api/v1/pods') ?? []) {
      response.write(`{"type":"MODIFIED","object":${text}}\n`);
    }
    sent++;
  }
  return { done: 'events', sent };
}
