import { setTimeout as sleep } from 'node:timers/promises';

/** How a wait is bounded, and what can cut it short. */
export interface WaitOptions {
  /** Milliseconds in all (default 20,000). */
  readonly timeout?: number;
  /** Milliseconds between two tries (default 100). */
  readonly interval?: number;
  /** Says why waiting on is useless, such as a server that died. */
  readonly hopeless?: () => string | undefined;
  /** More for the failure message, such as the tail of a log. */
  readonly context?: () => string;
}

/**
 * Tries `probe` until it gives something other than undefined or false, and returns that. An exception counts
 * as "not yet". Throws with what was waited for, the last exception and the context when time is up.
 */
export async function waitFor<T>(
  what: string,
  probe: () => Promise<T | undefined | false> | T | undefined | false,
  options: WaitOptions = {},
): Promise<T> {
  const { timeout = 20_000, interval = 100 } = options;
  const deadline = performance.now() + timeout;
  let last: unknown;
  for (;;) {
    const useless = options.hopeless?.();
    if (useless !== undefined) throw failure(`${what}: ${useless}`, last, options);
    try {
      const result = await within(deadline - performance.now(), probe);
      if (result !== undefined && result !== false) return result;
      last = undefined;
    } catch (error) {
      last = error;
    }
    if (performance.now() + interval > deadline) {
      throw failure(`${what}: not within ${timeout / 1000} s`, last, options);
    }
    await sleep(interval);
  }
}

/** A probe that hangs must not outlive the wait it belongs to. */
async function within<T>(milliseconds: number, probe: () => Promise<T> | T): Promise<T> {
  const timer = new AbortController();
  const late = sleep(Math.max(milliseconds, 1), undefined, { signal: timer.signal }).then(
    () => Promise.reject(new Error('the last try did not return')),
    () => new Promise<never>(() => undefined),
  );
  try {
    return await Promise.race([(async () => probe())(), late]);
  } finally {
    timer.abort();
  }
}

function failure(message: string, cause: unknown, options: WaitOptions): Error {
  const reason = cause === undefined ? '' : `\nlast error: ${cause instanceof Error ? cause.message : cause}`;
  const context = options.context?.() ?? '';
  return new Error(`${message}${reason}${context === '' ? '' : `\n${context}`}`, { cause });
}
