/**
 * What Portent says about good manifests. Everything above a note must stand in allowed.ts with its reason;
 * the list may only become shorter.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { DEFAULT_RULES_CONFIG } from '../../src/decision/enforcement.ts';
import { judge, judgeAll } from '../../src/decision/judge.ts';
import type { Change, Judged } from '../../src/model/change.ts';
import { readDocuments } from '../../src/model/parse/documents.ts';
import { parseManifest } from '../../src/model/parse/manifest.ts';
import type { Store } from '../../src/model/store.ts';
import { type Address, parseAddress } from '../../src/netset/addresses.ts';
import { cniOf, storeOf } from '../rules/world.ts';
import { ALLOWED } from './allowed.ts';
import { DATA_CHARTS } from './charts-data.ts';
import { PLATFORM_CHARTS } from './charts-platform.ts';
import { RECIPES } from './recipes.ts';
import { SERVICES } from './services.ts';
import type { NoiseWorld } from './world.ts';

const WORLDS: readonly NoiseWorld[] = [...RECIPES, ...DATA_CHARTS, ...PLATFORM_CHARTS, ...SERVICES];
const context = { config: DEFAULT_RULES_CONFIG, dryRun: false, earlier: [] };
/** Warnings by world. */
const said = new Map<string, number>();

/** The manifests as the API server would take them. */
function objectsOf({ name, manifests }: NoiseWorld): Judged[] {
  const { documents, problems } = readDocuments(manifests, name);
  assert.deepEqual(problems, []);
  return documents.map((document) => {
    const parsed = parseManifest(document, { namespace: 'default' });
    assert.deepEqual(parsed.problems, [], 'the manifest is good');
    const { object } = parsed;
    if (object?.type === 'policy') return object.policy;
    if (object?.type === 'service') return object.service;
    throw new Error(`${name} applies something that is not judged`);
  });
}

function clusterOf({ cluster }: NoiseWorld, more = ''): Store {
  const store = storeOf(cluster + more);
  store.cni = cniOf('yes');
  return store;
}

/** The same with pods that run: on a node, each with an address. */
function running(store: Store): Store {
  store.putNode({ name: 'node-a', labels: [], addresses: [parseAddress('10.9.0.7') as Address] });
  let last = parseAddress('10.244.0.1') as number;
  const pods = [...store.spaces.values()].flatMap((space) => [...space.pods.values()]);
  for (const pod of pods)
    store.putPod({ ...pod, node: 'node-a', addresses: [pod.hostNetwork ? 0x0a090007 : last++] });
  return store;
}

for (const world of WORLDS) {
  describe(world.name, () => {
    for (const [how, start] of [
      ['made one after the other', clusterOf(world)],
      ['made where the pods run', running(clusterOf(world))],
    ] as const) {
      test(how, () => {
        const changes = objectsOf(world).map(
          (after): Change => ({ operation: 'CREATE', before: undefined, after }),
        );
        const { changes: judged, decision } = judgeAll(start, changes, () => context, 'sequence');
        assert.notEqual(decision, 'deny');
        const lines = judged.flatMap(({ change, judgement: { findings } }) =>
          findings
            .filter(({ action }) => action !== 'note')
            .map(({ rule, message }) => ({ object: change.after?.name, rule, message })),
        );
        said.set(world.name, lines.length);
        const allowed = ALLOWED.filter((one) => one.world === world.name);
        assert.deepEqual(
          lines.map(({ object, rule }) => `${object}: ${rule}`),
          allowed.map(({ object, rule }) => `${object}: ${rule}`),
          lines.map(({ object, rule, message }) => `${object}: ${rule}: ${message}`).join('\n'),
        );
      });
    }

    test('applied again as they are', () => {
      const store = clusterOf(world, world.manifests + (world.later ?? ''));
      for (const after of objectsOf(world)) {
        const { findings } = judge(store, { operation: 'UPDATE', before: after, after }, context);
        assert.deepEqual(
          findings
            .filter(({ action }) => action !== 'note')
            .map(({ rule, message }) => `${rule}: ${message}`),
          [],
        );
      }
    });
  });
}

describe('a default deny that arrives a second before its allows', () => {
  const world = WORLDS.find(({ name }) => name === 'default deny for both first') as NoiseWorld;
  const changes = objectsOf(world).map(
    (after): Change => ({ operation: 'CREATE', before: undefined, after }),
  );
  const [first] = changes as [Change];

  test('is warned about by GitOps, never denied', () => {
    const { decision, warnings } = judge(clusterOf(world), first, context);
    assert.equal(decision, 'warn');
    assert.ok(warnings.length > 0);
  });

  test('cuts nobody once its allows are seen with it', () => {
    const { changes: judged } = judgeAll(clusterOf(world), changes, () => context, 'together');
    const rules = judged.flatMap(({ judgement: { findings } }) =>
      findings.filter(({ action }) => action !== 'note').map(({ rule }) => rule),
    );
    assert.deepEqual(
      rules.filter((rule) => rule !== 'namespace-isolated'),
      [],
    );
  });
});

test('the corpus is large enough, its worlds have names of their own, and every allowance is used', (t) => {
  assert.ok(WORLDS.length >= 40, String(WORLDS.length));
  const names = WORLDS.map(({ name }) => name);
  assert.equal(new Set(names).size, names.length);
  assert.deepEqual(
    ALLOWED.filter(({ world }) => !names.includes(world)),
    [],
  );
  const all = [...said.values()].reduce((sum, one) => sum + one, 0);
  t.diagnostic(`${all} warnings in ${WORLDS.length} worlds of good manifests`);
});
