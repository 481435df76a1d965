/**
 * The main job in a minute: the real server, with a saved cluster state instead of a cluster, is asked about
 * changes as an API server would ask it, and what kubectl would show is shown. Fails when an answer is not what
 * it should be.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { changes, type DemoChange } from './demo-changes.ts';
import { reviewOf } from './demo-review.ts';

/** Milliseconds that the server may take to listen, and to answer. */
const PATIENCE = 15_000;

const colour = process.stdout.isTTY === true && process.env.NO_COLOR === undefined;
const paint = (code: number, text: string): string => (colour ? `\u001b[${code}m${text}\u001b[0m` : text);

interface Review {
  readonly response: {
    readonly uid: string;
    readonly allowed: boolean;
    readonly warnings?: readonly string[];
    readonly status?: { readonly message?: string };
  };
}

const folder = mkdtempSync(join(tmpdir(), 'portent-demo-'));
const server = spawn(
  process.execPath,
  [
    'dist/portent.js',
    'serve',
    ...['--snapshot', 'test/worlds/guestbook/snapshot'],
    ...['--listen-address', '127.0.0.1', '--listen-port', '0'],
    ...['--metrics-address', '127.0.0.1', '--metrics-port', '0'],
    ...['--tls-directory', folder, '--log-level', 'error'],
  ],
  // In a pod the server would say in its log where it listens.
  { stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, KUBERNETES_SERVICE_HOST: undefined } },
);

try {
  const { url, authority } = await listening(server);
  console.log(`A guestbook with redis behind it, in a cluster with Calico. Portent listens on ${url}\n`);
  const ca = readFileSync(authority);
  let failed = 0;
  for (const change of changes) failed += (await show(change, url, ca)) ? 0 : 1;
  if (failed > 0) throw new Error(`${failed} of ${changes.length} answers were not what they should be`);
  console.log(`All ${changes.length} answers were as they should be. How to run it in a cluster: README.md`);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
} finally {
  server.kill('SIGINT');
  rmSync(folder, { recursive: true, force: true });
}

/** Waits for the line that says where the server listens. */
function listening(child: ChildProcess): Promise<{ url: string; authority: string }> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('the server did not start in time')), PATIENCE);
    let text = '';
    child.stdout?.setEncoding('utf8').on('data', (part: string) => {
      text += part;
      const found = /serves (https:\S+?),.* authority (.+)\n/.exec(text);
      if (found === null) return;
      clearTimeout(timer);
      resolve({ url: found[1] ?? '', authority: found[2] ?? '' });
    });
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`the server ended with exit code ${code}`)));
  });
}

/** Sends one change, prints what kubectl would print, and says whether the answer is as expected. */
async function show(change: DemoChange, url: string, ca: Buffer): Promise<boolean> {
  const { title, operation, object, expected } = change;
  console.log(paint(1, title));
  console.log(paint(36, `$ kubectl ${operation === 'DELETE' ? 'delete' : 'apply'} -f ${change.file}`));
  const { response } = await ask(change, url, ca);
  const lines = (response.warnings ?? []).map((warning) => `Warning: ${warning}`);
  const name = `${object.kind === 'Service' ? 'service' : 'networkpolicy.networking.k8s.io'}/${object.metadata.name}`;
  if (response.allowed) {
    const verb = { CREATE: 'created', UPDATE: 'configured', DELETE: 'deleted' }[operation];
    lines.push(`${name} ${verb}`);
  } else {
    lines.push(
      `Error from server (Forbidden): error when creating "${change.file}": admission webhook ` +
        `"validate.portent.dev" denied the request: ${response.status?.message ?? ''}`,
    );
  }
  for (const line of lines)
    console.log(paint(line.startsWith('Error') ? 31 : line.startsWith('W') ? 33 : 0, line));
  const text = lines.join('\n');
  const missing = expected.filter((words) => !words.test(text));
  const isRight = missing.length === 0 && response.allowed === change.allowed;
  if (response.allowed !== change.allowed) {
    console.error(`NOT AS EXPECTED: it should have been ${change.allowed ? 'allowed' : 'denied'}`);
  }
  for (const words of missing) console.error(`NOT AS EXPECTED: nothing in the answer matches ${words}`);
  console.log();
  return isRight;
}

function ask(change: DemoChange, url: string, ca: Buffer): Promise<Review> {
  const body = JSON.stringify(reviewOf(change));
  return new Promise((resolve, reject) => {
    const call = request(
      `${url}?timeout=10s`,
      { method: 'POST', ca, headers: { 'content-type': 'application/json' }, timeout: PATIENCE },
      (answer) => {
        let text = '';
        answer.setEncoding('utf8').on('data', (part: string) => {
          text += part;
        });
        answer.once('error', reject);
        answer.once('end', () => {
          if (answer.statusCode === 200) resolve(JSON.parse(text) as Review);
          else reject(new Error(`the webhook answered ${answer.statusCode}: ${text}`));
        });
      },
    );
    call.once('timeout', () => call.destroy(new Error('the webhook did not answer in time')));
    call.once('error', reject);
    call.end(body);
  });
}
