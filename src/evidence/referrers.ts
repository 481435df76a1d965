import type { Reference, Workload } from '../model/objects.ts';
import type { View } from '../model/overlay.ts';
import type { Referrer, SpaceIndex } from './index-of-space.ts';

/** Pods of other namespaces that are looked at for one Service, and workloads of them that are told. */
const MOST_PODS = 4096;
const MOST_WORKLOADS = 256;

export interface Referrers {
  readonly referrers: readonly Referrer[];
  /** False when there are more of them than are looked at. */
  readonly complete: boolean;
}

/** Who names the Service in its own spec or by its ConfigMaps: in its namespace, and in all others, one class for each workload. */
export function referrersOf(
  view: View,
  index: SpaceIndex | undefined,
  namespace: string,
  service: string,
): Referrers {
  const near = index?.referrers.get(`${namespace}/${service}`) ?? [];
  const pods = view.snapshot.podsNaming(namespace, service);
  if (pods.size === 0) return { referrers: near, complete: true };
  const referrers = [...near];
  const seen = new Set<Workload>();
  let left = MOST_PODS;
  for (const pod of pods) {
    if (--left < 0 || seen.size > MOST_WORKLOADS) return { referrers, complete: false };
    if (seen.has(pod.workload)) continue;
    seen.add(pod.workload);
    const podClass = view.classOf(pod);
    if (podClass === undefined) continue;
    const names = (one: Reference): boolean => one.namespace === namespace && one.service === service;
    for (const reference of pod.references.filter(names)) referrers.push({ podClass, reference });
  }
  return { referrers, complete: true };
}
