/** A rule that is not asked, because a change lacks what it asks for, would have had nothing to say. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { DEFAULT_RULES_CONFIG } from '../../src/decision/enforcement.ts';
import type { Change } from '../../src/model/change.ts';
import type { Store } from '../../src/model/store.ts';
import { RULES } from '../../src/rules/index.ts';
import type { Rule } from '../../src/rules/rule.ts';
import { runRules } from '../../src/rules/run.ts';
import { simulate } from '../../src/simulate/simulate.ts';
import { storeOf } from '../reference/store.ts';
import { worldOf } from '../rules/world.ts';
import { runs } from '../runs.ts';
import { changed } from './changed.ts';

const ALWAYS_ASKED: readonly Rule[] = RULES.map((rule) => ({ ...rule, aspects: [] }));

/** What the rules find, and what they leave unchecked. */
function said(store: Store, change: Change, rules: readonly Rule[]): unknown[] {
  return runRules(simulate(store, change), { settings: DEFAULT_RULES_CONFIG, rules }).flatMap(
    ({ rule, findings, unchecked }) =>
      findings.length === 0 && unchecked === undefined ? [] : [{ rule: rule.id, findings, unchecked }],
  );
}

test('of random changes the rules say the same when each is asked', () => {
  let findings = 0;
  fc.assert(
    fc.property(changed, ({ before, change }) => {
      const store = storeOf(before);
      const all = said(store, change, ALWAYS_ASKED);
      findings += all.length;
      assert.deepEqual(said(store, change, RULES), all);
    }),
    runs(300),
  );
  assert.ok(findings > 300, `${findings} findings are too few to tell`);
});

test("of the examples' worlds too", () => {
  for (const { examples } of RULES) {
    for (const world of [...examples.good, ...examples.bad]) {
      const { store, change } = worldOf(world);
      assert.deepEqual(said(store, change, RULES), said(store, change, ALWAYS_ASKED), world.title);
    }
  }
});
