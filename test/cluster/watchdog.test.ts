import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { programs } from './build.ts';
import { waitFor } from './wait.ts';

const program = `
import { startCluster } from ${JSON.stringify(join(import.meta.dirname, 'cluster.ts'))};
const cluster = await startCluster();
cluster.pauseEtcd();
console.log(JSON.stringify({ folder: cluster.folder, url: cluster.url }));
setInterval(() => undefined, 1000);
`;

/** Whether anybody accepts connections there. */
function accepts(url: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(Number(new URL(url).port), '127.0.0.1');
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}

for (const signal of ['SIGKILL', 'SIGINT'] as const) {
  test(`nothing of the cluster outlives a test run ended by ${signal}`, async () => {
    await programs(['etcd', 'kube-apiserver', 'kubectl']);
    const run = spawn(process.execPath, ['--input-type=module', '-e', program], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const ended = once(run, 'exit');
    let line: string | undefined;
    for await (line of createInterface({ input: run.stdout })) break;
    assert.ok(line !== undefined, 'the cluster did not start');
    const { folder, url } = JSON.parse(line);
    assert.ok(existsSync(folder));
    assert.ok(await accepts(url));
    run.kill(signal);
    await ended;
    await waitFor(
      'the servers and the folder are gone',
      async () => !existsSync(folder) && !(await accepts(url)),
      {
        timeout: 5_000,
      },
    );
  });
}
