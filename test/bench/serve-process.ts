/** The real `portent serve`, bundled, against a kubeconfig, and what it weighs. */
import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { get } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

const SYNC_MS = 240_000;

export interface ServeProcess {
  /** `https://127.0.0.1:PORT`. */
  readonly url: string;
  readonly metricsPort: number;
  /** Seconds from the start of the process until it was ready. */
  readonly seconds: number;
  /** MiB: the most it took since the last time this was asked, as the kernel saw it. */
  peak(): number;
  stop(): void;
}

/** Starts it and waits until it is ready. */
export async function startServe(kubeconfig: string, folder: string): Promise<ServeProcess> {
  const begin = performance.now();
  const listen = '--listen-address 127.0.0.1 --listen-port 0 --metrics-address 127.0.0.1 --metrics-port 0';
  const files = ['--kubeconfig', kubeconfig, '--tls-directory', folder];
  const serve: ChildProcess = spawn(
    process.execPath,
    ['dist/portent.js', 'serve', ...listen.split(' '), ...files],
    { stdio: ['ignore', 'pipe', 'ignore'] },
  );
  const stop = (): void => {
    serve.kill('SIGINT');
  };
  try {
    let said = '';
    serve.stdout?.setEncoding('utf8').on('data', (part: string) => {
      said += part;
    });
    await until(async () => said.includes('metrics on port'));
    const metricsPort = Number(/metrics on port (\d+)/.exec(said)?.[1]);
    await until(async () => (await ask(metricsPort, '/readyz')).status === 200);
    return {
      url: /https:\/\/\S+(?=\/validate)/.exec(said)?.[0] ?? '',
      metricsPort,
      seconds: (performance.now() - begin) / 1_000,
      peak: () => {
        const peak = memory(serve.pid, 'VmHWM');
        writeFileSync(`/proc/${serve.pid}/clear_refs`, '5');
        return peak;
      },
      stop,
    };
  } catch (error) {
    stop();
    throw error;
  }
}

/** A line of the kernel's account of a process, in MiB. */
function memory(pid: number | undefined, line: 'VmHWM'): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(new RegExp(`${line}:\\s+(\\d+)`).exec(status)?.[1]) / 1024;
}

export function relists(text: string): number {
  const counts = [...text.matchAll(/^portent_watch_relists_total\{[^}]*\} (\d+)$/gm)];
  return counts.reduce((sum, [, count]) => sum + Number(count), 0);
}

export async function until(probe: () => Promise<boolean>): Promise<void> {
  const end = Date.now() + SYNC_MS;
  while (!(await probe().catch(() => false))) {
    if (Date.now() > end) throw new Error(`not within ${SYNC_MS / 1_000} s`);
    await sleep(100);
  }
}

export function ask(port: number, path: string): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    get({ host: '127.0.0.1', port, path, agent: false }, (answer) => {
      let text = '';
      answer.setEncoding('utf8').on('data', (part: string) => {
        text += part;
      });
      answer.once('end', () => resolve({ status: answer.statusCode ?? 0, text }));
    }).once('error', reject);
  });
}
