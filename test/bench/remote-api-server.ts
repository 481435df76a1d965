/** Starts the benches' API server in its own process, with a kubeconfig that leads to it. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { issue, newAuthority } from '../cluster/certificates.ts';
import type { Order, Report } from './api-server.ts';

export interface RemoteOptions {
  readonly pods: number;
  readonly policies: number;
  readonly services: number;
  /** Whether it streams initial lists; else they are asked for in pages. */
  readonly streams: boolean;
}

export class RemoteApiServer {
  readonly #child: ChildProcess;
  readonly kubeconfig: string;
  /** Average size of a pod on the wire. */
  readonly podBytes: number;

  private constructor(child: ChildProcess, kubeconfig: string, podBytes: number) {
    this.#child = child;
    this.kubeconfig = kubeconfig;
    this.podBytes = podBytes;
  }

  static async start(folder: string, options: RemoteOptions): Promise<RemoteApiServer> {
    const authority = await newAuthority('portent-bench-ca');
    const { certificate, key } = await issue(authority, {
      commonName: 'kube-apiserver',
      ipAddresses: ['127.0.0.1'],
      usage: 'server',
    });
    const child = fork(join(import.meta.dirname, 'api-server.ts'), { execArgv: [] });
    const started = await ask(child, { do: 'start', ...options, certificate, key });
    if (started.done !== 'start') throw new Error('the server did not start');
    const kubeconfig = join(folder, 'kubeconfig');
    const cluster = {
      server: `https://127.0.0.1:${started.port}`,
      'certificate-authority-data': Buffer.from(authority.certificate).toString('base64'),
    };
    const config = {
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [{ name: 'bench', cluster }],
      users: [{ name: 'bench', user: { token: 'bench' } }],
      contexts: [{ name: 'bench', context: { cluster: 'bench', user: 'bench' } }],
      'current-context': 'bench',
    };
    writeFileSync(kubeconfig, JSON.stringify(config));
    return new RemoteApiServer(child, kubeconfig, started.podBytes);
  }

  /** Ends every watch with 410; gives how many there were. */
  async forget(): Promise<number> {
    const report = await ask(this.#child, { do: 'forget' });
    return report.done === 'forget' ? report.watches : 0;
  }

  /** Changes pods at a rate; resolves when all were sent. */
  async events(perSecond: number, seconds: number): Promise<number> {
    const report = await ask(this.#child, { do: 'events', perSecond, seconds });
    return report.done === 'events' ? report.sent : 0;
  }

  stop(): void {
    this.#child.disconnect();
  }
}

async function ask(child: ChildProcess, order: Order): Promise<Report> {
  const answered = once(child, 'message') as Promise<[Report]>;
  const ended = once(child, 'exit').then(([code]) => {
    throw new Error(`the API server of the bench ended with exit code ${code}`);
  });
  child.send(order);
  const [report] = await Promise.race([answered, ended]);
  return report;
}
