/** Whole models as values that can be compared. */
import assert from 'node:assert/strict';
import { setTimeout } from 'node:timers/promises';
import { loadLive } from '../../src/cluster/snapshot-live.ts';
import { labelPairs } from '../../src/model/labels.ts';
import type { Snapshot } from '../../src/model/snapshot.ts';
import { Store } from '../../src/model/store.ts';
import { until } from './harness.ts';

/** Everything the model holds, as text that is equal for equal models. */
export function contents(snapshot: Snapshot): Record<string, unknown> {
  const plain = (value: unknown): unknown =>
    JSON.parse(JSON.stringify(value, (_, each) => (typeof each === 'bigint' ? `${each}` : each)));
  const sorted = (map: ReadonlyMap<string, unknown>): [string, unknown][] =>
    [...map].sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, value]) => [key, plain(value)]);
  const spaces = [...snapshot.spaces.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  return {
    nodes: sorted(snapshot.nodes),
    tiers: sorted(snapshot.tiers),
    foreign: sorted(snapshot.foreign),
    callbacks: sorted(snapshot.callbacks),
    cni: snapshot.cni,
    pods: snapshot.podCount,
    spaces: spaces.map(({ name, labels, known, terminating, pods, policies, services, slices, routes }) => ({
      name,
      labels: labelPairs(labels),
      known,
      terminating,
      pods: sorted(pods),
      policies: sorted(policies),
      services: sorted(services),
      slices: [...slices]
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([service, ofService]) => [service, sorted(ofService)]),
      routes: sorted(routes),
    })),
  };
}

/** The followed model becomes equal to a fresh list of everything, object by object, within `timeout` ms. */
export async function sameAsListed(
  snapshot: Snapshot,
  kubeconfigPath: string,
  timeout = 30_000,
): Promise<void> {
  let fresh: unknown;
  let followed: unknown;
  const equal = async (): Promise<boolean> => {
    const store = new Store();
    await loadLive(store, { kubeconfigPath });
    fresh = contents(store);
    await setTimeout(100);
    followed = contents(snapshot);
    return JSON.stringify(fresh) === JSON.stringify(followed);
  };
  await until('the model equals a fresh list', equal, timeout).catch((error: unknown) => {
    assert.deepEqual(followed, fresh);
    throw error;
  });
}
