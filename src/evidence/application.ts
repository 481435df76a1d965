import { labelValue } from '../model/labels.ts';
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

/** `app=redis` when both carry it; undefined when no application label joins them. */
export function sharedApplication(one: PodClass, other: PodClass): string | undefined {
  for (const key of APPLICATION_LABELS) {
    const value = labelValue(one.labels, key);
    if (value !== undefined && value !== '' && labelValue(other.labels, key) === value)
      return `${key}=${value}`;
  }
  return undefined;
}

const LEADER = /(^|[-.])(master|primary|leader)($|[-.])/;
const FOLLOWER = /(^|[-.])(slave|secondary|replica|follower|standby)($|[-.])/;

/**
 * Whether `to` follows `from`: a follower opens the connection to its leader, not the other way round,
 * so a leader's "need" of its follower is no evidence.
 */
export function followsCaller(from: PodClass, to: PodClass): boolean {
  return LEADER.test(from.workload.name) && FOLLOWER.test(to.workload.name);
}
