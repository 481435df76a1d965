/** The servers of the benches over HTTPS, each in a process of its own, and one connection to each. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { Client } from 'undici';

const SERVER = fileURLToPath(new URL('./admission-server.ts', import.meta.url));

export class BenchServer {
  readonly #child: ChildProcess;
  readonly #client: Client;

  private constructor(child: ChildProcess, client: Client) {
    this.#child = child;
    this.#client = client;
  }

  /** `args` as admission-server.ts takes them. */
  static async start(...args: string[]): Promise<BenchServer> {
    const child = fork(SERVER, args, { stdio: ['ignore', 'ignore', 'ignore', 'ipc'] });
    const first = await Promise.race([once(child, 'message'), once(child, 'exit')]);
    const { port } = (first[0] ?? {}) as { port?: number };
    if (port === undefined)
      throw new Error(`the ${args[0]} server did not start; run ${SERVER} ${args.join(' ')} by hand`);
    // The servers' certificates are made for this run alone.
    const client = new Client(`https://127.0.0.1:${port}`, { connect: { rejectUnauthorized: false } });
    return new BenchServer(child, client);
  }

  /** Milliseconds from the request to the last byte of its answer. */
  async roundTrip(body: string): Promise<number> {
    const begin = performance.now();
    const answer = await this.#client.request({
      method: 'POST',
      path: '/validate?timeout=10s',
      headers: { 'content-type': 'application/json' },
      body,
    });
    const text = await answer.body.text();
    const time = performance.now() - begin;
    if (answer.statusCode !== 200) throw new Error(`answered ${answer.statusCode}: ${text}`);
    return time;
  }

  /** Bytes of its memory. */
  async rss(): Promise<number> {
    return this.#ask('rss');
  }

  /** The longest time its event loop was held since the last question, in milliseconds; the first only starts it. */
  async held(): Promise<number> {
    return this.#ask('held');
  }

  async #ask(question: 'rss' | 'held'): Promise<number> {
    this.#child.send(question);
    const [answer] = (await once(this.#child, 'message')) as [Record<string, number>];
    return answer[question] ?? Number.NaN;
  }

  async stop(): Promise<void> {
    await this.#client.close();
    this.#child.disconnect();
  }
}
