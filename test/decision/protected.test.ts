import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DEFAULT_RULES_CONFIG, type RulesConfig } from '../../src/decision/enforcement.ts';
import { judge } from '../../src/decision/judge.ts';
import { policy } from '../../src/rules/worlds/manifests.ts';
import { changeOf, storeOf } from '../rules/world.ts';

const BASELINE = policy('shop/baseline', '  podSelector: {}\n').replace(
  'namespace: shop}',
  'namespace: shop, labels: {portent.dev/protected: "true"}}',
);
const OWNED = { labels: ['portent.dev/protected=true'], users: ['flux'], groups: ['platform'] };

/** What the deletion of the baseline comes to. */
function decide(username: string, groups: string[], config: Partial<RulesConfig> = {}) {
  const store = storeOf(BASELINE);
  const { decision, unchecked } = judge(store, changeOf(store, 'DELETE', BASELINE), {
    config: { ...DEFAULT_RULES_CONFIG, protectedPolicies: OWNED, ...config },
    user: username === '' ? undefined : { username, groups },
    dryRun: false,
    earlier: [],
    rules: undefined,
  });
  return unchecked.length === 0 ? decision : `${decision}, unchecked`;
}

test('who may delete a protected policy', () => {
  const open = { protectedPolicies: { ...OWNED, users: [], groups: [] } };
  const table = {
    stranger: decide('ann', ['system:authenticated']),
    'user named': decide('flux', []),
    'group named': decide('paul', ['x', 'platform']),
    almighty: decide('root', ['system:masters']),
    'stranger, profile advise': decide('ann', [], { profile: 'advise' }),
    'stranger, nobody named': decide('ann', [], open),
    'stranger, nobody named, strict': decide('ann', [], { ...open, profile: 'strict' }),
    'stranger, other label': decide('ann', [], { protectedPolicies: { ...OWNED, labels: ['tier=base'] } }),
    'stranger, label of any value': decide('ann', [], {
      protectedPolicies: { ...OWNED, labels: ['portent.dev/protected'] },
    }),
    'stranger, no labels': decide('ann', [], { protectedPolicies: { ...OWNED, labels: [] } }),
    'stranger, exempted': decide('ann', [], {
      exemptions: [{ rules: ['protected-policy'], users: ['ann'], reason: 'agreed' }],
    }),
    nobody: decide('', []),
  };
  assert.deepEqual(table, {
    stranger: 'deny',
    'user named': 'allow',
    'group named': 'allow',
    almighty: 'allow',
    'stranger, profile advise': 'warn',
    'stranger, nobody named': 'warn',
    'stranger, nobody named, strict': 'deny',
    'stranger, other label': 'allow',
    'stranger, label of any value': 'deny',
    'stranger, no labels': 'allow',
    'stranger, exempted': 'allow',
    nobody: 'allow, unchecked',
  });
});
