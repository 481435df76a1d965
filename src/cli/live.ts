import { startFeed } from '../cluster/feed.ts';
import { Store } from '../model/store.ts';
import { Failure } from './failure.ts';
import type { StateOptions } from './options.ts';

/** How long a cluster may take to list everything once. Milliseconds. */
const PATIENCE = 60_000;

/**
 * The live cluster's state, read once.
 * @throws Failure when there is no cluster, or it does not answer in time.
 */
export async function liveStore({ kubeconfig, context }: StateOptions): Promise<Store> {
  const store = new Store();
  const feed = startFeed({
    store,
    ...(kubeconfig === undefined ? {} : { kubeconfigPath: kubeconfig }),
    ...(context === undefined ? {} : { context }),
  });
  let timer: NodeJS.Timeout | undefined;
  try {
    const late = new Promise<false>((resolve) => {
      timer = setTimeout(() => resolve(false), PATIENCE);
    });
    const ready = await Promise.race([feed.whenReady().then(() => true), late]);
    if (!ready) {
      const { problems } = store.health;
      throw new Failure([
        `the cluster could not be read within ${PATIENCE / 1000} s`,
        ...problems.map((problem) => `  ${problem}`),
      ]);
    }
  } finally {
    clearTimeout(timer);
    await feed.stop();
  }
  store.health = { state: 'fixed', problems: [] };
  return store;
}
