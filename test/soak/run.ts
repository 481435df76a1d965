/**
 * Asks the real server for a long time (SOAK_SECONDS, ten minutes unless given) and looks at what grows:
 * fails when an answer is not 200, or when memory at the end is far above that after warming up.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { Agent, request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { changes } from '../../scripts/demo-changes.ts';
import { reviewOf } from '../../scripts/demo-review.ts';

const seconds = Number(process.env.SOAK_SECONDS ?? '600');
const folder = mkdtempSync(join(tmpdir(), 'portent-soak-'));
const world = 'test/worlds/guestbook/snapshot';
const local = ['--listen-address', '127.0.0.1', '--listen-port', '0', '--metrics-address', '127.0.0.1'];
const server = spawn(
  process.execPath,
  [
    'dist/portent.js',
    'serve',
    '--snapshot',
    world,
    ...local,
    '--metrics-port',
    '0',
    '--tls-directory',
    folder,
  ],
  { stdio: ['ignore', 'pipe', 'ignore'] },
);

/** MiB growth that is still taken for the ordinary breathing of a garbage collector. */
const ALLOWED_GROWTH = 64;

try {
  const line = await new Promise<string>((resolve, reject) => {
    server.stdout.setEncoding('utf8').once('data', resolve);
    server.once('exit', (code) => reject(new Error(`the server ended with exit code ${code}`)));
  });
  const url = /https:\S+validate/.exec(line)?.[0] ?? '';
  const agent = new Agent({ keepAlive: true, maxSockets: 4, ca: readFileSync(join(folder, 'ca.crt')) });
  const bodies = changes.map((change) => JSON.stringify(reviewOf(change)));
  const begin = Date.now();
  const end = begin + seconds * 1000;
  let asked = 0;
  let warm = 0;
  const client = async (): Promise<void> => {
    while (Date.now() < end) {
      const status = await ask(url, agent, bodies[asked++ % bodies.length] ?? '');
      if (status !== 200) throw new Error(`answer ${asked} was HTTP ${status}`);
      if (warm === 0 && Date.now() - begin > seconds * 250) warm = memory();
    }
  };
  await Promise.all([client(), client(), client(), client()]);
  const last = memory();
  console.log(JSON.stringify({ name: 'soak', value: last, unit: 'MiB', warm, asked, seconds }));
  if (last > warm + ALLOWED_GROWTH) throw new Error(`memory grew from ${warm} to ${last} MiB`);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
} finally {
  server.kill('SIGINT');
  rmSync(folder, { recursive: true, force: true });
}

/** The server's resident memory in MiB. */
function memory(): number {
  const status = readFileSync(`/proc/${server.pid}/status`, 'utf8');
  return Math.round(Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024);
}

function ask(url: string, agent: Agent, body: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json' };
    const call = request(`${url}?timeout=10s`, { method: 'POST', agent, headers }, (answer) => {
      answer.resume().once('end', () => resolve(answer.statusCode ?? 0));
    });
    call.once('error', reject).end(body);
  });
}
