import type { DaemonSetFacts, Pod } from '../objects.ts';
import type { Store } from '../store.ts';
import type { ManifestObject } from './manifest.ts';
import type { WorkloadObject } from './workload.ts';

export interface Loaded {
  /** For the detection of the network plug-in. */
  readonly daemonSets: readonly DaemonSetFacts[];
}

/**
 * Puts objects into the store. Namespaces that only occur as names come into being with their contents.
 * A workload stands for its pods where none of them is there; of a Deployment, its ReplicaSets and their pods, only
 * one level does.
 */
export function load(store: Store, objects: Iterable<ManifestObject>): Loaded {
  const daemonSets: DaemonSetFacts[] = [];
  const workloads: WorkloadObject[] = [];
  const endpoints: Extract<ManifestObject, { type: 'endpoints' }>[] = [];
  for (const object of objects) {
    switch (object.type) {
      case 'pod':
        store.putPod(object.pod);
        break;
      case 'workload':
        workloads.push(object.workload);
        if (object.daemonSet !== undefined) daemonSets.push(object.daemonSet);
        break;
      case 'namespace':
        store.putNamespace(object.namespace);
        break;
      case 'policy':
        store.putPolicy(object.policy);
        break;
      case 'service':
        store.putService(object.service);
        break;
      case 'slice':
        store.putSlice(object.slice);
        break;
      case 'endpoints':
        endpoints.push(object);
        break;
      case 'node':
        store.putNode(object.node);
        break;
      case 'route':
        store.putRoute(object.route);
        break;
      case 'tier':
        store.putTier(object.tier);
        break;
      case 'foreign':
        store.putForeign(object.foreign);
        break;
      case 'monitor':
        store.putMonitor(object.monitor);
        break;
      case 'callbacks':
        for (const callback of object.callbacks) store.putCallback(callback);
        break;
      case 'config':
        store.putConfig(object.config);
        break;
      case 'other':
        break;
    }
  }
  for (const { service, slices } of endpoints) {
    for (const slice of slices) {
      // The control plane mirrors Endpoints into slices; both together would count twice.
      const mirrored = [...(store.spaces.get(slice.namespace)?.slices.get(service)?.keys() ?? [])];
      if (mirrored.every((name) => name.startsWith('endpoints/'))) store.putSlice(slice);
    }
  }
  if (workloads.length > 0) standIn(store, workloads);
  return { daemonSets };
}

function standIn(store: Store, workloads: readonly WorkloadObject[]): void {
  const present = new Set<string>();
  for (const space of store.spaces.values()) {
    for (const { workload } of space.pods.values()) present.add(keyOf(workload));
  }
  // A Job that a CronJob made, or a ReplicaSet of a Deployment, with pods: its maker has pods too.
  const makers = new Map<string, string>();
  for (const { workload, owner } of workloads) {
    if (owner === undefined) continue;
    const maker = keyOf({ namespace: workload.namespace, ...owner });
    makers.set(keyOf(workload), maker);
    if (present.has(keyOf(workload))) present.add(maker);
  }
  const known = new Set(workloads.map(({ workload }) => keyOf(workload)));
  const ownersFirst = [
    ...workloads.filter(({ owner }) => owner === undefined),
    ...workloads.filter(({ owner }) => owner !== undefined),
  ];
  for (const { workload, pod } of ownersFirst) {
    const key = keyOf(workload);
    const maker = makers.get(key);
    const made = maker !== undefined && maker !== key && (known.has(maker) || present.has(maker));
    if (pod.replicas === 0 || present.has(key) || made) continue;
    store.putPod(named(store, pod));
    present.add(key);
  }
}

function keyOf({ namespace, kind, name }: { namespace: string; kind: string; name: string }): string {
  return `${namespace}/${kind}/${name}`;
}

/** The pod under the workload's name, or with its kind added when a pod of that name exists. */
function named(store: Store, pod: Pod): Pod {
  const { name, kind } = pod.workload;
  const taken = store.spaces.get(pod.namespace)?.pods;
  return { ...pod, name: taken?.has(name) === true ? `${name}[${kind}]` : name };
}
