import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { Agent, request } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { policy, review } from './admission/reviews.ts';

const entry = join(import.meta.dirname, '..', 'src', 'cli', 'portent.ts');
let folder: string;
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'portent-main-'));
  const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'default' } };
  writeFileSync(join(folder, 'cluster.yaml'), JSON.stringify(namespace));
});
after(() => rmSync(folder, { recursive: true }));

interface Program {
  readonly child: ChildProcess;
  readonly stdout: () => string;
  readonly stderr: () => string;
  /** Exit code. */
  readonly ended: Promise<number | null>;
}

function portent(
  environment: Record<string, string> = {},
  state = ['--snapshot', join(folder, 'cluster.yaml')],
): Program {
  const child = spawn(process.execPath, [entry, 'serve', ...state], {
    env: {
      PATH: process.env.PATH ?? '',
      PORTENT_LISTEN_ADDRESS: '127.0.0.1',
      PORTENT_LISTEN_PORT: '0',
      PORTENT_METRICS_ADDRESS: '127.0.0.1',
      PORTENT_METRICS_PORT: '0',
      PORTENT_TLS_DIRECTORY: join(folder, 'tls'),
      PORTENT_SHUTDOWN_LAME_DUCK_SECONDS: '1',
      ...environment,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (part) => {
    stdout += String(part);
  });
  child.stderr.on('data', (part) => {
    stderr += String(part);
  });
  const ended = once(child, 'close').then(([code]) => code as number | null);
  return { child, stdout: () => stdout, stderr: () => stderr, ended };
}

/** Waits for the line that says where it serves; gives the ports. */
async function listening(program: Program): Promise<{ url: string; metrics: string; ca: string }> {
  for (let i = 0; i < 500; i++) {
    const parts = /serves (\S+), metrics on port (\d+), authority (\S+)\n/.exec(program.stdout());
    if (parts !== null) {
      const [, url = '', port = '', ca = ''] = parts;
      return { url, metrics: `http://127.0.0.1:${port}`, ca: readFileSync(ca, 'utf8') };
    }
    if (program.child.exitCode !== null) break;
    await sleep(20);
  }
  throw new Error(`it does not listen: ${program.stdout()}${program.stderr()}`);
}

const body = JSON.stringify(review({ object: policy('p'), dryRun: true }));

function ask(url: string, ca: string, agent: Agent): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json' };
    const sent = request(url, { method: 'POST', ca, agent, headers }, (answer) => {
      let text = '';
      answer.setEncoding('utf8').on('data', (part: string) => {
        text += part;
      });
      answer.once('end', () => resolve({ status: answer.statusCode ?? 0, text }));
      answer.once('error', reject);
    });
    sent.once('error', reject);
    sent.end(body);
  });
}

test('it serves, shows its metrics, and SIGTERM under load loses no request and ends with 0', async () => {
  const program = portent();
  const { url, metrics, ca } = await listening(program);
  const agent = new Agent({ keepAlive: true, maxSockets: 4 });
  const failures: unknown[] = [];
  let [count, stopped] = [0, false];
  const workers = Array.from({ length: 4 }, async () => {
    while (!stopped) {
      try {
        const { status, text } = await ask(url, ca, agent);
        if (status !== 200) failures.push(text);
        count++;
      } catch (error) {
        failures.push(error);
      }
    }
  });
  await sleep(300);
  const scraped = await (await fetch(`${metrics}/metrics`)).text();
  assert.match(scraped, /portent_model_state\{state="fixed"\} 1/);
  assert.match(scraped, /portent_certificate_expiry_timestamp_seconds 1\d{9}/);
  assert.equal((await fetch(`${metrics}/readyz`)).status, 200);
  const before = count;
  program.child.kill('SIGTERM');
  await sleep(300);
  const probe = await fetch(`${metrics}/readyz`);
  assert.deepEqual([probe.status, await probe.text()], [503, 'not ready\nshutting down\n']);
  // The probe has failed; whoever asks turns to another replica, well before this one ends.
  stopped = true;
  await Promise.all(workers);
  assert.equal(await program.ended, 0);
  agent.destroy();
  assert.deepEqual(failures, []);
  assert(before > 20 && count > before, `${before}, ${count}`);
});

test('in a pod every line of both streams is JSON, one of them says where it serves', async () => {
  const program = portent({ KUBERNETES_SERVICE_HOST: '10.96.0.1', PORTENT_SHUTDOWN_LAME_DUCK_SECONDS: '0' });
  for (let i = 0; i < 500 && !program.stderr().includes('listening'); i++) await sleep(20);
  program.child.kill('SIGTERM');
  assert.equal(await program.ended, 0);
  assert.equal(program.stdout(), '');
  const lines = program
    .stderr()
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  const at = lines.find(({ msg }) => msg === 'listening');
  assert.match(at?.url ?? '', /^https:\/\/127\.0\.0\.1:\d+\/validate$/);
});

test('SIGINT ends it at once', async () => {
  const program = portent({ PORTENT_SHUTDOWN_LAME_DUCK_SECONDS: '60' });
  await listening(program);
  const start = performance.now();
  program.child.kill('SIGINT');
  assert.equal(await program.ended, 0);
  assert(performance.now() - start < 5000);
});

test('what it cannot start with is one line on standard error and exit code 2', async () => {
  const taken = createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  const { port } = taken.address() as AddressInfo;
  const cases: [Record<string, string>, RegExp][] = [
    [
      { PORTENT_LISTEN_PORT: String(port) },
      /webhook: cannot listen on 127\.0\.0\.1 port \d+: something else listens there/,
    ],
    [
      { PORTENT_METRICS_PORT: String(port) },
      /metrics: cannot listen on 127\.0\.0\.1 port \d+: something else listens there/,
    ],
    [
      { PORTENT_TLS_CERTIFICATE_FILE: join(folder, 'none'), PORTENT_TLS_KEY_FILE: join(folder, 'none') },
      /none: no such file/,
    ],
    [{ PORTENT_TLS_CLIENT_AUTHORITY_FILE: join(folder, 'none') }, /none: no such file/],
    [{ PORTENT_STALE: 'maybe' }, /stale: "maybe": use allow, warn or deny/],
  ];
  for (const [environment, expected] of cases) {
    const program = portent(environment);
    assert.equal(await program.ended, 2, program.stderr());
    assert.match(program.stderr(), expected);
    assert.equal(program.stderr().trim().split('\n').length, 1, program.stderr());
  }
  taken.close();
});

test('a cluster is not followed yet when it is seen that a certificate is missing', async () => {
  const cluster = { name: 'c', cluster: { server: 'https://127.0.0.1:9' } };
  const context = { name: 'c', context: { cluster: 'c', user: 'u' } };
  const users = [{ name: 'u', user: { token: 'none' } }];
  const kubeconfig = join(folder, 'kubeconfig');
  const content = { clusters: [cluster], contexts: [context], users, 'current-context': 'c' };
  writeFileSync(kubeconfig, JSON.stringify({ apiVersion: 'v1', kind: 'Config', ...content }));
  const program = portent({ PORTENT_TLS_CLIENT_AUTHORITY_FILE: join(folder, 'none') }, [
    '--kubeconfig',
    kubeconfig,
  ]);
  assert.equal(await program.ended, 2, program.stderr());
  assert.match(program.stderr(), /^error: .*none: no such file\n$/);
});
