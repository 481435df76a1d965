import type { Change, Judged } from '../../src/model/change.ts';
import { parseNamespace } from '../../src/model/parse/namespace.ts';
import { parsePod } from '../../src/model/parse/pod.ts';
import { parseNetworkPolicy } from '../../src/model/parse/policy.ts';
import { parseService } from '../../src/model/parse/service.ts';
import { Store } from '../../src/model/store.ts';
import type { RawChange } from './changes.ts';
import type { BenchCluster, RawObject } from './cluster.ts';

/** Puts an object into the model the way the watch does: from the text of its JSON. */
export function put(store: Store, text: string): void {
  const raw = JSON.parse(text) as RawObject;
  switch (raw.kind) {
    case 'Pod': {
      const pod = parsePod(raw);
      if (pod !== undefined) store.putPod(pod);
      return;
    }
    case 'Namespace':
      store.putNamespace(parseNamespace(raw));
      return;
    case 'Service':
      store.putService(parseService(raw));
      return;
    case 'NetworkPolicy':
      store.putPolicy(parseNetworkPolicy(raw));
      return;
    default:
      throw new Error(`no place for ${raw.kind}`);
  }
}

export function loadCluster(cluster: BenchCluster): Store {
  const store = new Store();
  for (const list of [cluster.namespaces, cluster.pods, cluster.services, cluster.policies]) {
    for (const raw of list) put(store, JSON.stringify(raw));
  }
  store.cni = {
    name: 'Calico',
    enforcesIngress: 'yes',
    enforcesEgress: 'yes',
    blocksMatchPods: 'yes',
    evidence: ['stated by the bench'],
  };
  return store;
}

export function changeOf(raw: RawChange): Change {
  const judged = (object: RawObject | null): Judged | undefined => {
    if (object === null) return undefined;
    return object.kind === 'Service' ? parseService(object) : parseNetworkPolicy(object);
  };
  return { operation: raw.operation, before: judged(raw.oldObject), after: judged(raw.object) } as Change;
}
