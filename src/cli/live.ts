import type { AccessOptions } from '../cluster/access.ts';
import { type LoadLiveOptions, loadLive } from '../cluster/snapshot-live.ts';
import { Store } from '../model/store.ts';
import type { StateOptions } from './options.ts';

/**
 * The live cluster's state, read once. What could not be read is told on standard error, and stays in the
 * model's health.
 */
export async function liveStore(options: StateOptions, more: LoadLiveOptions = {}): Promise<Store> {
  const store = new Store();
  const { problems } = await loadLive(store, { ...more, ...accessOf(options) });
  for (const problem of problems) process.stderr.write(`warning: not read: ${problem}\n`);
  return store;
}

/** The kubeconfig and context the options name; without them the usual rules hold. */
export function accessOf({ kubeconfig, context }: StateOptions): AccessOptions {
  return {
    ...(kubeconfig === undefined ? {} : { kubeconfigPath: kubeconfig }),
    ...(context === undefined ? {} : { context }),
  };
}
