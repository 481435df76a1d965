import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Access, openAccess } from '../../src/cluster/access.ts';
import type { Logger } from '../../src/cluster/logger.ts';
import { Policies } from '../../src/cluster/policies.ts';
import type { Consumer } from '../../src/cluster/reflector.ts';
import { Store } from '../../src/model/store.ts';
import { writeKubeconfig } from './harness.ts';
import { ScriptedServer } from './scripted-server.ts';

let server: ScriptedServer;
let access: Access;
let folder: string;
let policies: Policies;
let consumer: Consumer;
/** What the sink is told, and what it answers. */
let told: string[];
let problems: readonly string[];
let warnings: string[];

beforeEach(async () => {
  server = await ScriptedServer.start();
  server.script = ({ json }) => json({});
  folder = mkdtempSync(join(tmpdir(), 'portent-policies-'));
  const path = join(folder, 'config');
  writeKubeconfig(path, { server: server.url }, { token: 't' });
  access = openAccess({ kubeconfigPath: path });
  [told, problems, warnings] = [[], [], []];
  const sink = {
    put: (name: string, spec: unknown) => {
      told.push(`${name} ${JSON.stringify(spec)}`);
      return problems;
    },
    remove: (name: string) => void told.push(`${name} gone`),
  };
  const log: Logger = {
    info: () => undefined,
    warn: (_, message) => void warnings.push(message),
    error: () => undefined,
  };
  policies = new Policies(sink, access, log);
  consumer = policies.kind().consumer(new Store(), 'portent.dev/v1alpha1');
});

afterEach(async () => {
  await policies.stop();
  await access.close();
  await server.stop();
  rmSync(folder, { recursive: true });
});

/** A PortentPolicy whose stored status says this. */
function put(
  generation: number,
  stored?: { readonly ready: boolean; readonly message: string; at?: number },
): void {
  const condition = stored && {
    type: 'Ready',
    status: stored.ready ? 'True' : 'False',
    message: stored.message,
    lastTransitionTime: '2030-01-01T00:00:00Z',
  };
  consumer.put({
    metadata: { name: 'p', generation, resourceVersion: String(generation) },
    spec: { profile: 'strict' },
    ...(stored === undefined
      ? {}
      : { status: { observedGeneration: stored.at ?? generation, conditions: [condition] } }),
  });
}

/** Waits until the status was written so often, and sees that it stays there. */
async function written(times: number): Promise<void> {
  const count = () => server.count('/apis/portent.dev/v1alpha1/portentpolicies/p/status');
  for (let i = 0; i < 100 && count() < times; i++) await sleep(20);
  await sleep(50);
  assert.equal(count(), times);
}

const IN_FORCE = { ready: true, message: 'In force.' };

test('a status is written where there is none, and left alone where it says the same', async () => {
  put(1);
  await written(1);
  put(1, IN_FORCE);
  await written(1);
  assert.deepEqual(told, ['p {"profile":"strict"}', 'p {"profile":"strict"}']);
});

test('one that speaks of an older version, or of what is no longer wrong, is written anew', async () => {
  put(2, { ...IN_FORCE, at: 1 });
  await written(1);
  put(3, { ready: false, message: 'spec.x: no such setting' });
  await written(2);
  problems = ['spec.x: no such setting'];
  put(4, { ready: false, message: 'spec.x: no such setting' });
  await written(2);
});

test('another version of Portent that judges otherwise is not overwritten again and again', async () => {
  put(1);
  await written(1);
  for (let i = 0; i < 5; i++) put(1, { ready: false, message: 'I do not know this rule' });
  await written(1);
});

test('who comes too late lets it be until the next event; another error is logged', async () => {
  server.script = ({ status }) => status(409, 'Conflict');
  put(1);
  await written(1);
  server.script = ({ json }) => json({});
  put(1);
  await written(2);
  assert.deepEqual(warnings, []);
  server.script = ({ status }) => status(403, 'Forbidden');
  put(2);
  await written(3);
  assert.deepEqual(warnings, ['PortentPolicy: its status was not written']);
});

test('one that is gone is no longer written about', async () => {
  put(1, IN_FORCE);
  consumer.remove('', 'p');
  await written(0);
  assert.equal(told.at(-1), 'p gone');
});
