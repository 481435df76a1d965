/** Small clusters from manifests, for tests. */
import type { Change, Judged } from '../../src/model/change.ts';
import type { Cni } from '../../src/model/objects.ts';
import { readDocuments } from '../../src/model/parse/documents.ts';
import { parseNamespace } from '../../src/model/parse/namespace.ts';
import { parsePod } from '../../src/model/parse/pod.ts';
import { parseNetworkPolicy } from '../../src/model/parse/policy.ts';
import { parseIngress } from '../../src/model/parse/route.ts';
import { parseService } from '../../src/model/parse/service.ts';
import { parseWorkload } from '../../src/model/parse/workload.ts';
import { Store } from '../../src/model/store.ts';
import type { World } from '../../src/rules/rule.ts';

interface Raw {
  readonly kind: string;
}

export function rawObjects(text: string): Raw[] {
  const { documents, problems } = readDocuments(text, 'test');
  if (problems.length > 0) throw new Error(`the test's manifest is wrong: ${JSON.stringify(problems)}`);
  return documents.map(({ raw }) => raw as Raw);
}

export function storeOf(text: string): Store {
  const store = new Store();
  for (const raw of rawObjects(text)) {
    switch (raw.kind) {
      case 'Namespace':
        store.putNamespace(parseNamespace(raw));
        break;
      case 'NetworkPolicy':
        store.putPolicy(parseNetworkPolicy(raw));
        break;
      case 'Service':
        store.putService(parseService(raw));
        break;
      case 'Ingress':
        store.putRoute(parseIngress(raw));
        break;
      case 'Pod': {
        const pod = parsePod(raw);
        if (pod === undefined) throw new Error('the pod does not count');
        store.putPod(pod);
        break;
      }
      default: {
        const { pod } = parseWorkload(raw);
        if (pod === undefined) throw new Error(`no pod for ${raw.kind}`);
        store.putPod(pod);
      }
    }
  }
  return store;
}

export function judgedOf(manifest: string): Judged {
  const raw = rawObjects(manifest)[0];
  if (raw === undefined) throw new Error('no object');
  return raw.kind === 'Service' ? parseService(raw) : parseNetworkPolicy(raw);
}

/** A change against a store; the old object of an update or deletion is the store's. */
export function changeOf(store: Store, operation: Change['operation'], manifest: string): Change {
  const after = judgedOf(manifest);
  if (operation === 'CREATE') return { operation, before: undefined, after };
  const space = store.spaces.get(after.namespace);
  const before = after.kind === 'Service' ? space?.services.get(after.name) : space?.policies.get(after.name);
  if (before === undefined) throw new Error(`${after.namespace}/${after.name} is not in the cluster`);
  return operation === 'UPDATE' ? { operation, before, after } : { operation, before, after: undefined };
}

export function cniOf(enforces: 'yes' | 'no' | 'unknown'): Cni {
  return {
    name: enforces === 'unknown' ? 'unknown' : 'example',
    enforcesIngress: enforces,
    enforcesEgress: enforces,
    blocksMatchPods: enforces === 'unknown' ? 'unknown' : 'yes',
    evidence: enforces === 'unknown' ? [] : ['DaemonSet kube-system/example'],
  };
}

export function worldOf(world: World): { store: Store; change: Change } {
  const store = storeOf(world.cluster);
  store.cni = cniOf(world.enforces ?? 'unknown');
  return { store, change: changeOf(store, world.operation, world.manifest) };
}
