import { setImmediate } from 'node:timers/promises';
import type { Steps } from '../simulate/steps.ts';

/** Keeps the model as it is until what it gives is called. */
export type HoldModel = () => () => void;

/**
 * Long judgements: one after the other, each in steps between which other reviews are answered. The model is held
 * while one runs, and let go before the next, so that it never stays behind for long (docs/adr/0007).
 */
export class Turns {
  readonly #hold: HoldModel;
  #last: Promise<unknown> = Promise.resolve();

  /** Without `hold` nobody writes to the model. */
  constructor(hold: HoldModel = () => () => {}) {
    this.#hold = hold;
  }

  /** Begins the work when it is its turn, and runs it to its end. Rejects with what it throws. */
  run<T>(begin: () => Steps<T>): Promise<T> {
    const result = this.#last.then(() => this.#walk(begin));
    this.#last = result.catch(() => undefined);
    return result;
  }

  async #walk<T>(begin: () => Steps<T>): Promise<T> {
    // Whoever waits comes first, and the watches bring what they have.
    await setImmediate();
    const release = this.#hold();
    try {
      const steps = begin();
      for (;;) {
        const { done, value } = steps.next();
        if (done === true) return value as T;
        await setImmediate();
      }
    } finally {
      release();
    }
  }
}
