import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { DEFAULT_RULES_CONFIG } from '../../src/decision/enforcement.ts';
import { RULES } from '../../src/rules/index.ts';
import { runRules } from '../../src/rules/run.ts';
import { simulate } from '../../src/simulate/simulate.ts';
import { worldOf } from './world.ts';

for (const rule of RULES) {
  describe(rule.id, () => {
    for (const [kind, worlds] of Object.entries(rule.examples)) {
      for (const world of worlds) {
        test(`${kind}: ${world.title}`, () => {
          const { store, change } = worldOf(world);
          const simulation = simulate(store, change);
          const [run] = runRules(simulation, {
            settings: { ...DEFAULT_RULES_CONFIG, ...world.settings },
            user: world.user,
            rules: [rule],
          });
          assert.ok(run, 'the rule looks at this kind and operation');
          assert.ok(
            run.findings.length > 0 || world.findings.length === 0,
            `the rule finds nothing here: write check() in src/rules/${rule.id}.ts`,
          );
          assert.deepEqual(
            run.findings.map(({ subject, message, severity, standard: action, patch }) => ({
              subject,
              message,
              severity,
              action,
              ...(patch === undefined ? {} : { patch }),
            })),
            world.findings.map((finding) => ({ severity: rule.severity, action: rule.action, ...finding })),
          );
          assert.equal(run.unchecked, world.unchecked);
          for (const { fix, link } of run.findings) {
            assert.notEqual(fix, '');
            assert.equal(link, `docs/rules/${rule.id}.md`);
          }
        });
      }
    }
  });
}

test('every rule has its catalogue entry once, and two examples of both kinds', () => {
  assert.equal(new Set(RULES.map(({ id }) => id)).size, RULES.length);
  for (const { id, title, summary, why, fix, examples, limits } of RULES) {
    for (const words of [title, summary, why, fix, ...limits]) {
      assert.doesNotMatch(words, /^<.*>$/, `write the words of src/rules/${id}.ts`);
    }
    const enough = examples.good.length >= 2 && examples.bad.length >= 2;
    assert.ok(enough, `write two good and two bad examples in src/rules/${id}.ts`);
    assert.ok(limits.length > 0, `write in src/rules/${id}.ts when the rule is wrong`);
  }
});
