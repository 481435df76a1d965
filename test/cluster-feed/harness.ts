/** What the tests of the feed share. */
import { writeFileSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import type { Timings } from '../../src/cluster/timings.ts';

/** Short enough for tests, long enough for two slow cores. */
export const QUICK: Timings = {
  silenceMs: 10_000,
  listSilenceMs: 1_000,
  headMs: 2_000,
  watchSeconds: [240, 480],
  pauseMs: [20, 100],
  refusedMs: 100,
  staleAfterMs: 300,
  discoveryMs: 100,
};

/** Writes a kubeconfig of one cluster and one user. */
export function writeKubeconfig(path: string, cluster: { readonly server: string }, user: object): void {
  const config = {
    clusters: [{ name: 'c', cluster }],
    users: [{ name: 'u', user }],
    contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
    'current-context': 'x',
  };
  writeFileSync(path, JSON.stringify(config));
}

/** Waits until `probe` holds; throws with `what` and what it last gave when it does not within `timeout` ms. */
export async function until(what: string, probe: () => unknown, timeout = 10_000): Promise<void> {
  const end = Date.now() + timeout;
  for (;;) {
    const last = await probe();
    if (last === true) return;
    if (Date.now() > end) throw new Error(`gave up waiting: ${what}; last: ${JSON.stringify(last)}`);
    await setTimeout(10);
  }
}
