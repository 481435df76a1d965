/** Ready fixes in clusters nobody thought of. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { edited } from '../../src/cli/fix/edit.ts';
import { isGone } from '../../src/cli/fix/gone.ts';
import { patched } from '../../src/cli/fix/patched.ts';
import { DEFAULT_RULES_CONFIG } from '../../src/decision/enforcement.ts';
import { judge } from '../../src/decision/judge.ts';
import type { JudgedFinding } from '../../src/decision/judgement.ts';
import type { Judged } from '../../src/model/change.ts';
import { parseNetworkPolicy } from '../../src/model/parse/policy.ts';
import { parseService } from '../../src/model/parse/service.ts';
import type { WorldObject } from '../reference/objects.ts';
import { storeOf } from '../reference/store.ts';
import { runs } from '../runs.ts';
import { policy, service } from './policies.ts';
import { world } from './worlds.ts';

function parse(raw: WorldObject): Judged {
  return raw.kind === 'Service' ? parseService(raw) : parseNetworkPolicy(raw);
}

test('a patch fits the manifest it is for, can be written into it, and its finding goes away', () => {
  let fixes = 0;
  const seen = new Set<string>();
  fc.assert(
    fc.property(world, fc.oneof(policy('fresh'), service('fresh')), (made, raw) => {
      const spaces = made.objects.filter(({ kind }) => kind === 'Namespace');
      fc.pre(spaces.some(({ metadata }) => metadata.name === raw.metadata.namespace));
      const store = storeOf(made);
      const findingsOf = (object: unknown): readonly JudgedFinding[] => {
        const change = {
          operation: 'CREATE',
          before: undefined,
          after: parse(object as WorldObject),
        } as const;
        return judge(store, change, { config: DEFAULT_RULES_CONFIG, dryRun: true, earlier: [] }).findings;
      };
      const findings = findingsOf(raw);
      for (const finding of findings) {
        const { rule, message, patch } = finding;
        if (patch === undefined) continue;
        fixes++;
        seen.add(rule);
        const what = `${rule}: ${message} ${JSON.stringify(patch)}`;
        const right = patched(raw, patch);
        assert.ok(right !== undefined, `fits: ${what}`);
        assert.ok(edited(JSON.stringify(raw, null, 2), 1, patch) !== undefined, `can be written: ${what}`);
        assert.ok(isGone(finding, findingsOf(right)), `goes away: ${what}`);
      }
    }),
    runs(300),
  );
  assert.ok(fixes > 0 && seen.size >= 3, [...seen].join());
});
