/** A judgement in steps is the judgement at once, and only long ones have steps. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DEFAULT_RULES_CONFIG } from '../../src/decision/enforcement.ts';
import { judge, judgeInSteps } from '../../src/decision/judge.ts';
import type { Judgement } from '../../src/decision/judgement.ts';
import type { Change } from '../../src/model/change.ts';
import { isSteps } from '../../src/simulate/steps.ts';
import { type RawChange, randomChanges, worstChange } from '../bench/changes.ts';
import { benchCluster, type RawObject } from '../bench/cluster.ts';
import { changeOf, loadCluster } from '../bench/load.ts';

const cluster = benchCluster(6_000, 200);
const store = loadCluster(cluster);
const context = { config: DEFAULT_RULES_CONFIG, dryRun: false, earlier: [] };

function inSteps(change: Change): { steps: number; judgement: Judgement } {
  const judged = judgeInSteps(store, change, context);
  if (!isSteps(judged)) return { steps: 1, judgement: judged };
  for (let steps = 1; ; steps++) {
    const { done, value } = judged.next();
    if (done === true) return { steps, judgement: value };
  }
}

function huge(spec: object): Change {
  const object = { ...worstChange(cluster).object, spec } as RawObject;
  return changeOf({ operation: 'CREATE', object, oldObject: null } satisfies RawChange);
}

const each = <T>(make: (index: number) => T): T[] => Array.from({ length: 1100 }, (_, index) => make(index));

const LONG: Readonly<Record<string, Change>> = {
  'a policy for 500 workloads': changeOf(worstChange(cluster)),
  'a policy of many rules': huge({
    podSelector: {},
    ingress: each((i) => ({
      from: [{ podSelector: { matchLabels: { app: `app-${i}` } } }],
      ports: [{ port: 8000 + i }],
    })),
  }),
  'a policy of many blocks': huge({
    podSelector: {},
    egress: [{ to: each((i) => ({ ipBlock: { cidr: `10.${i >> 8}.${i & 255}.0/25` } })) }],
  }),
  'a policy whose subject has many values': huge({
    podSelector: { matchExpressions: [{ key: 'app', operator: 'In', values: each((i) => `app-${i}`) }] },
  }),
};

for (const [what, change] of Object.entries(LONG)) {
  test(`${what} is judged in steps, to the same end`, () => {
    const { steps, judgement } = inSteps(change);
    assert.ok(steps > 10, `${steps} steps`);
    const { question: _, ...said } = judgement;
    const { question: __, ...atOnce } = judge(store, change, context);
    assert.ok(said.findings.length > 0);
    assert.deepEqual(said, atOnce);
  });
}

test('what people usually change is one step', () => {
  const steps = randomChanges(cluster, 300).map((raw) => inSteps(changeOf(raw)).steps);
  assert.ok(steps.filter((count) => count === 1).length >= 290, steps.join());
});
