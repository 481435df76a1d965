/** How Events about denials are bounded, against a server that plays the API server. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Denial, type DenialEvents, type EventsOptions, openEvents } from '../../src/cluster/events.ts';
import { waitFor } from '../cluster/wait.ts';
import { writeKubeconfig } from './harness.ts';
import { ScriptedServer } from './scripted-server.ts';

let server: ScriptedServer;
let folder: string;
let events: DenialEvents;
let complaints: string[];

beforeEach(async () => {
  server = await ScriptedServer.start();
  server.script = ({ json }) => json({});
  folder = mkdtempSync(join(tmpdir(), 'portent-events-'));
  complaints = [];
});

afterEach(async () => {
  await events.stop();
  await server.stop();
  rmSync(folder, { recursive: true });
});

function open(limits: NonNullable<EventsOptions['limits']> = {}): void {
  const kubeconfigPath = join(folder, 'config');
  writeKubeconfig(kubeconfigPath, { server: server.url }, {});
  const nothing = () => undefined;
  const logger = {
    info: nothing,
    error: nothing,
    warn: (fields: object, message: string) => complaints.push(`${message} ${JSON.stringify(fields)}`),
  };
  events = openEvents({ kubeconfigPath, limits, logger });
}

const denial = (name: string): Denial => ({
  kind: 'NetworkPolicy',
  namespace: 'shop',
  name,
  operation: 'create',
  note: 'create denied',
});
const all = '/apis/events.k8s.io/v1/namespaces/shop/events';
const until = (what: string, written: number) =>
  waitFor(what, () => events.counts().written >= written, { timeout: 5_000, interval: 10 });

test('nothing is sent while the caller has not gone on', () => {
  open();
  events.record(denial('a'));
  assert.deepEqual(server.seen, []);
  assert.deepEqual(events.counts(), { written: 0, failed: 0, dropped: 0 });
});

test('the same denial again and again is one Event that counts', async () => {
  open();
  for (let i = 0; i < 50; i++) events.record(denial('a'));
  await until('the Event', 1);
  assert.deepEqual(server.seen, [all]);
  events.record(denial('a'));
  await until('its count', 2);
  assert.match(server.seen[1] ?? '', new RegExp(`^${all}/portent\\.[0-9a-f]{20}$`));
  assert.equal(server.seen.length, 2);
});

test('a burst is cut off, and goes on as tokens come back', async () => {
  open({ burst: 3, refillMs: 200 });
  for (let i = 0; i < 5; i++) events.record(denial(`n-${i}`));
  await until('the burst', 3);
  await sleep(60);
  assert.equal(server.seen.length, 3);
  await until('the rest', 5);
  assert.equal(server.seen.length, 5);
});

test('more different denials than are remembered are counted and dropped', async () => {
  open({ series: 4 });
  for (let i = 0; i < 10; i++) events.record(denial(`n-${i}`));
  assert.equal(events.counts().dropped, 6);
  await until('the others', 4);
  assert.equal(server.seen.length, 4);
});

test('a denial that is forgotten, or whose Event is gone, is a new Event', async () => {
  open({ forgetMs: 50 });
  events.record(denial('a'));
  await until('the first', 1);
  await sleep(80);
  events.record(denial('a'));
  await until('the second', 2);
  assert.deepEqual(server.seen, [all, all]);

  server.script = ({ path, status, json }) => (path === all ? json({}) : status(404, 'NotFound'));
  events.record(denial('a'));
  await until('the third', 3);
  assert.equal(server.seen.length, 4);
  assert.equal(server.seen[3], all);
});

test('what cannot be written is counted, told once and not tried again', async () => {
  open();
  server.script = ({ status }) => status(403, 'Forbidden', 'events is forbidden');
  for (let i = 0; i < 6; i++) events.record(denial(`n-${i}`));
  await waitFor('the failures', () => events.counts().failed === 6, { timeout: 5_000, interval: 10 });
  await sleep(50);
  assert.equal(server.seen.length, 6);
  assert.equal(complaints.length, 1);
  assert.match(complaints[0] ?? '', /Events about denials cannot be written.*events is forbidden/);
});

test('after the end nothing is sent, and what waits is given up', async () => {
  open({ burst: 1, refillMs: 50 });
  for (let i = 0; i < 3; i++) events.record(denial(`n-${i}`));
  await until('the first', 1);
  await events.stop();
  events.record(denial('late'));
  await sleep(150);
  assert.equal(server.seen.length, 1);
});
