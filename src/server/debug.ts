/** What `/debug/model` shows: where the model comes from and how far it can be trusted. Names of objects at most. */
import type { Snapshot } from '../model/snapshot.ts';

/** How one kind is being followed; times are milliseconds since 1970, 0 = never. */
export interface DebugSource {
  readonly kind: string;
  readonly lastContact: number;
  readonly downSince: number;
  readonly lastErrorAt: number;
  readonly [more: string]: unknown;
}

/** The state of the model and of every source, with times a person can read. */
export function debugModel(snapshot: Snapshot, sources: readonly DebugSource[], now: number): object {
  const { health, cni, podCount } = snapshot;
  const counts = { pods: podCount, namespaces: 0, policies: 0, services: 0, routes: 0 };
  for (const space of snapshot.spaces.values()) {
    counts.namespaces++;
    counts.policies += space.policies.size;
    counts.services += space.services.size;
    counts.routes += space.routes.size;
  }
  return {
    now: timeText(now),
    state: health.state,
    problems: health.problems,
    missing: health.missing ?? [],
    counts: {
      ...counts,
      nodes: snapshot.nodes.size,
      tiers: snapshot.tiers.size,
      foreign: snapshot.foreign.size,
      callbacks: snapshot.callbacks.size,
    },
    cni,
    sources: sources.map((source) => ({
      ...source,
      lastContact: timeText(source.lastContact),
      secondsSinceContact:
        source.lastContact === 0 ? null : Math.round((now - source.lastContact) / 100) / 10,
      downSince: timeText(source.downSince),
      lastErrorAt: timeText(source.lastErrorAt),
    })),
  };
}

function timeText(milliseconds: number): string | null {
  return milliseconds === 0 ? null : new Date(milliseconds).toISOString();
}

/**
 * Whether a connection comes from this machine (or pod: a port-forward does). Only these very addresses: service
 * meshes deliver other pods' connections from 127.0.0.6.
 */
export function isLocal(remoteAddress: string | undefined): boolean {
  return remoteAddress === '127.0.0.1' || remoteAddress === '::1' || remoteAddress === '::ffff:127.0.0.1';
}
