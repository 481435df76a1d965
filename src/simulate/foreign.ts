import type { ForeignPolicy } from '../model/objects.ts';
import type { View } from '../model/overlay.ts';
import type { Snapshot } from '../model/snapshot.ts';
import type { ExplainEnd } from './ends.ts';

/** The caveat for verdicts that policies of another project, only noticed by Portent, could change. */
export function foreignCaveat(view: View, ...ends: readonly ExplainEnd[]): string | undefined {
  if (view.snapshot.foreign.size === 0) return undefined;
  const namespaces = new Set<string>(['']);
  for (const end of ends) {
    if (end.kind === 'service') namespaces.add(end.service.namespace);
    if (end.kind === 'pods') for (const pod of end.pods) namespaces.add(pod.namespace);
  }
  return foreignCaveatIn(view.snapshot, namespaces, () => true);
}

/** The same for whole namespaces, '' being the cluster's own policies, and for some kinds of such policies. */
export function foreignCaveatIn(
  snapshot: Snapshot,
  namespaces: Iterable<string>,
  counts: (policy: ForeignPolicy) => boolean,
): string | undefined {
  for (const namespace of namespaces) {
    for (const policy of snapshot.foreignIn(namespace)) {
      if (!counts(policy)) continue;
      const name = namespace === '' ? policy.name : `${namespace}/${policy.name}`;
      return `${policy.kind} ${name} may change this; Portent does not read its rules`;
    }
  }
  return undefined;
}
