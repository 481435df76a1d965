import type { PodClass } from '../model/snapshot.ts';

/** Labels that name the application a pod belongs to (Kubernetes' recommended labels, and plain `app`). */
export const APPLICATION_LABELS: readonly string[] = Object.freeze([
  'app.kubernetes.io/part-of',
  'app.kubernetes.io/instance',
  'app.kubernetes.io/name',
  'app',
]);

/** An application label shared by more classes than this says nothing about who talks to whom. */
export const LARGEST_APPLICATION = 24;

const LEADER = /(^|[-.])(master|primary|leader)($|[-.])/;
const FOLLOWER = /(^|[-.])(slave|secondary|replica|follower|standby)($|[-.])/;

/**
 * Whether `to` follows `from`: a follower opens the connection to its leader, not the other way round,
 * so a leader's "need" of its follower is no evidence.
 */
export function followsCaller(from: PodClass, to: PodClass): boolean {
  return LEADER.test(from.workload.name) && FOLLOWER.test(to.workload.name);
}
