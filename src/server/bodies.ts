import type { IncomingMessage } from 'node:http';
import { errorCodes } from 'fastify';
import type { Limits } from './limits.ts';

/** A body gave way to newer ones before all of it was there. */
export class CrowdedError extends Error {
  constructor() {
    super('the body gave way to newer ones');
    this.name = 'CrowdedError';
  }
}

/**
 * Reads bodies, and keeps what they hold together below a limit. Bytes count once they are there, and only while
 * more must come: an announced length costs nothing, and the usual review, which comes in one piece, is never counted.
 * Past the limit the body that has been on its way longest gives way: the API server sends all of one at once.
 */
export class Bodies {
  readonly #limits: Pick<Limits, 'body' | 'bodies'>;
  /** Bytes of the bodies that are on their way. */
  #arrived = 0;
  /** Bytes of the reviews that wait for an answer. */
  #held = 0;
  /** How to end those that are on their way, the oldest first. */
  readonly #arriving = new Set<() => void>();

  constructor(limits: Pick<Limits, 'body' | 'bodies'>) {
    this.#limits = limits;
  }

  /**
   * Reads a body as UTF-8. Errors: those of Fastify for a body that is too large or not as long as announced,
   * CrowdedError, and what the connection failed of, as a 400.
   */
  read(payload: IncomingMessage, done: (error: Error | null, text: string) => void): void {
    const most = this.#limits.body;
    // NaN when sent in chunks: then only its end tells that it is whole.
    const announced = Number(payload.headers['content-length']);
    if (announced > most) {
      done(new errorCodes.FST_ERR_CTP_BODY_TOO_LARGE(), '');
      return;
    }
    const chunks: Buffer[] = [];
    let received = 0;
    let giveWay: (() => void) | undefined;
    const finish = (error: Error | null) => {
      payload.off('data', take).off('end', end).off('error', fail);
      if (giveWay !== undefined) {
        this.#arriving.delete(giveWay);
        this.#arrived -= received;
      }
      done(error, error === null ? textOf(chunks) : '');
    };
    const take = (chunk: Buffer) => {
      received += chunk.length;
      if (giveWay !== undefined) this.#arrived += chunk.length;
      if (received > most) {
        finish(new errorCodes.FST_ERR_CTP_BODY_TOO_LARGE());
        return;
      }
      chunks.push(chunk);
      if (received === announced) return;
      if (giveWay === undefined) {
        giveWay = () => finish(new CrowdedError());
        this.#arriving.add(giveWay);
        this.#arrived += received;
      }
      this.#makeRoom();
    };
    const end = () => {
      const whole = Number.isNaN(announced) || received === announced;
      finish(whole ? null : new errorCodes.FST_ERR_CTP_INVALID_CONTENT_LENGTH());
    };
    const fail = (error: Error) => finish(Object.assign(error, { statusCode: 400 }));
    payload.on('data', take).on('end', end).on('error', fail);
  }

  /** Counts a review that waits for an answer, of so many bytes; false when there is no room. Else `release` it. */
  hold(bytes: number): boolean {
    if (this.#held > 0 && this.#held + bytes > this.#limits.bodies) return false;
    this.#held += bytes;
    this.#makeRoom();
    return true;
  }

  release(bytes: number): void {
    this.#held -= bytes;
  }

  /** One alone may be larger than all may be together. */
  #makeRoom(): void {
    while (this.#arrived + this.#held > this.#limits.bodies && this.#arriving.size > 1) {
      const [oldest] = this.#arriving;
      oldest?.();
    }
  }
}

function textOf(chunks: readonly Buffer[]): string {
  const [first] = chunks;
  return chunks.length === 1 && first !== undefined ? first.toString() : Buffer.concat(chunks).toString();
}
