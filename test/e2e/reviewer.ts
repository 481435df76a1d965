/** Reviews asked of pods, each on a new connection, as an API server would that had none yet. */
import type { X509Certificate } from 'node:crypto';
import { request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect, type TLSSocket } from 'node:tls';
import { review } from '../admission/reviews.ts';
import { waitFor } from '../cluster/wait.ts';
import type { Installed } from './installed.ts';
import type { RunningPod } from './pod.ts';

/** What a review came to. */
export interface Reviewed {
  readonly status: number;
  readonly text: string;
  /** The certificate it came under. */
  readonly certificate: X509Certificate;
}

/** How the API server names and trusts the webhook. */
export interface Trust {
  readonly servername: string;
  readonly ca: string;
}

/** Asks a pod about a new object; rejects when its certificate is not trusted. */
export async function ask(
  installed: Installed,
  pod: RunningPod,
  trust: Trust,
  object: object,
): Promise<Reviewed> {
  const plain = await installed.network.connect(pod.address, pod.port('webhook'));
  const socket = await secured(connect({ socket: plain, ...trust }));
  try {
    const certificate = socket.getPeerX509Certificate();
    if (certificate === undefined) throw new Error('no certificate');
    return { certificate, ...(await posted(socket, JSON.stringify(review({ object, dryRun: true })))) };
  } finally {
    socket.destroy();
  }
}

function secured(socket: TLSSocket): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    socket.once('secureConnect', () => resolve(socket)).once('error', reject);
    socket.setTimeout(5_000, () => socket.destroy(new Error('no handshake within 5 s')));
  });
}

function posted(socket: TLSSocket, body: string): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const sent = request(
      {
        method: 'POST',
        path: '/validate',
        headers: { 'content-type': 'application/json' },
        createConnection: () => socket,
      },
      (answer) => {
        let text = '';
        answer.setEncoding('utf8').on('data', (part: string) => {
          text += part;
        });
        answer.once('error', reject);
        answer.once('end', () => resolve({ status: answer.statusCode ?? 0, text }));
      },
    );
    sent.once('error', reject);
    sent.end(body);
  });
}

/** Does something again and again until the signal, each time after the one before, and keeps what was wrong. */
export class Repeated {
  readonly failures: string[] = [];
  #count = 0;
  /** Settles after what was under way at the signal. */
  readonly done: Promise<void>;

  constructor(pause: number, signal: AbortSignal, work: () => Promise<void>) {
    this.done = this.#run(pause, signal, work);
  }

  async #run(pause: number, signal: AbortSignal, work: () => Promise<void>): Promise<void> {
    while (!signal.aborted) {
      await work().catch((error: unknown) => void this.failures.push(String(error)));
      this.#count++;
      await sleep(pause, undefined, { signal }).catch(() => undefined);
    }
  }

  /** Waits until it was done once more, from the beginning. */
  async again(): Promise<void> {
    // One may be under way that began before.
    const enough = this.#count + 2;
    await waitFor('it is done again', () => this.#count >= enough, { interval: 20 });
  }
}
