/** The changes people make, as AdmissionReview requests would carry them. */
import { type App, type BenchCluster, type RawObject, randomPolicy, serviceOf } from './cluster.ts';
import { pick, randomFrom } from './random.ts';

export interface RawChange {
  readonly operation: 'CREATE' | 'UPDATE' | 'DELETE';
  readonly object: RawObject | null;
  readonly oldObject: RawObject | null;
}

/** `count` random creates, updates and deletes of policies, one in eight of a Service. */
export function randomChanges(cluster: BenchCluster, count: number, seed = 7): RawChange[] {
  const random = randomFrom(seed);
  const ofSpace = new Map<string, App[]>();
  for (const app of cluster.apps) {
    const here = ofSpace.get(app.namespace);
    if (here === undefined) ofSpace.set(app.namespace, [app]);
    else here.push(app);
  }
  const changes: RawChange[] = [];
  for (let i = 0; i < count; i++) {
    const dice = random();
    if (dice < 0.125) changes.push(serviceChange(random, cluster, i));
    else if (dice < 0.5) {
      const namespace = pick(random, cluster.spaces);
      const object = randomPolicy(random, `new-${i}`, namespace, ofSpace.get(namespace) ?? []);
      changes.push({ operation: 'CREATE', object, oldObject: null });
    } else {
      const oldObject = pick(random, cluster.policies);
      const { name, namespace = '' } = oldObject.metadata;
      if (dice < 0.75) changes.push({ operation: 'DELETE', object: null, oldObject });
      else {
        const object = randomPolicy(random, name, namespace, ofSpace.get(namespace) ?? []);
        changes.push({ operation: 'UPDATE', object, oldObject });
      }
    }
  }
  return changes;
}

function serviceChange(random: () => number, cluster: BenchCluster, i: number): RawChange {
  const service = serviceOf(pick(random, cluster.apps));
  if (random() < 0.5) return { operation: 'DELETE', object: null, oldObject: service };
  const object = { ...service, metadata: { ...service.metadata, name: `new-${i}` } };
  return { operation: 'CREATE', object, oldObject: null };
}

/** The worst change: an empty selector in the largest namespace. */
export function worstChange(cluster: BenchCluster): RawChange {
  const object: RawObject = {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name: 'default-deny', namespace: cluster.spaces[0] ?? 'team-0', uid: 'x' },
    spec: { podSelector: {}, policyTypes: ['Ingress', 'Egress'] },
  };
  return { operation: 'CREATE', object, oldObject: null };
}
