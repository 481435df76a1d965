/** Small clusters from manifests, for tests. */
import { DEFAULT_RULES_CONFIG } from '../../src/decision/enforcement.ts';
import { judge } from '../../src/decision/judge.ts';
import type { Judgement } from '../../src/decision/judgement.ts';
import type { Change, Judged } from '../../src/model/change.ts';
import type { Cni } from '../../src/model/objects.ts';
import { readDocuments } from '../../src/model/parse/documents.ts';
import { load } from '../../src/model/parse/load.ts';
import { type ManifestObject, parseObject } from '../../src/model/parse/manifest.ts';
import { parseNetworkPolicy } from '../../src/model/parse/policy.ts';
import { parseService } from '../../src/model/parse/service.ts';
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
  load(store, rawObjects(text).map(objectOf));
  return store;
}

/** An object of the test's cluster; one that the model does not know is a mistake of the test. */
function objectOf(raw: Raw): ManifestObject {
  const object = parseObject(raw);
  if (object.type === 'other') throw new Error(`the model does not know ${object.apiVersion} ${object.kind}`);
  return object;
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
  if (world.missing !== undefined) store.health = { ...store.health, missing: world.missing };
  return { store, change: changeOf(store, world.operation, world.manifest) };
}

/** What a judge with the standard configuration says in the world, all rules together. */
export function judgeWorld(world: World): Judgement {
  const { store, change } = worldOf(world);
  return judge(store, change, {
    config: { ...DEFAULT_RULES_CONFIG, ...world.settings },
    user: world.user,
    dryRun: true,
    earlier: [],
  });
}
