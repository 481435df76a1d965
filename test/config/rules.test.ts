import assert from 'node:assert/strict';
import { test } from 'node:test';
import { configOf } from '../../src/config/config.ts';
import { DEFAULT_RULES_CONFIG, Enforcement, type RulesConfig } from '../../src/decision/enforcement.ts';
import { labelsOf } from '../../src/model/labels.ts';
import { Store } from '../../src/model/store.ts';
import { DEFAULT_BUDGET } from '../../src/simulate/budget.ts';

test('the judge takes the configuration as it is, and the first override that fits counts', () => {
  const text = `
rules:
  quiet: off
  isolated:
    action: deny
    overrides:
      - {namespaces: [payments], action: warn}
      - {namespaceSelector: {matchLabels: {tier: sandbox}}, action: note}
      - {namespaceSelector: {matchExpressions: [{key: tier, operator: Exists}]}, action: off}
exemptions:
  - {rules: ['*'], namespaces: [payments], reason: agreed}
`;
  const config: RulesConfig = configOf({ file: { name: 'c', text } });
  const store = new Store();
  const put = (name: string, tier: string) =>
    store.putNamespace({
      name,
      labels: tier === '' ? [] : labelsOf([['tier', tier]]),
      terminating: false,
    });
  put('payments', 'sandbox');
  put('play', 'sandbox');
  put('tiered', 'gold');
  put('other', '');
  const rulingOf = (namespace: string) =>
    new Enforcement(config, store, { kind: 'Service', namespace }, undefined).rule(
      'isolated',
      'high',
      'note',
    );
  assert.deepEqual(
    ['payments', 'play', 'tiered', 'other'].map((namespace) => rulingOf(namespace).action),
    ['note', 'note', 'off', 'deny'],
  );
  assert.equal(rulingOf('payments').exemption?.reason, 'agreed');
  assert(
    new Enforcement(config, store, { kind: 'Service', namespace: 'other' }, undefined).isOff('quiet', 'deny'),
  );
});

test('the budget of a server is that of every other command', () => {
  assert.equal(configOf().budget, DEFAULT_BUDGET);
});

test('what the judge does without a configuration is what an empty one says', () => {
  const config = configOf();
  const keys = Object.keys(DEFAULT_RULES_CONFIG) as (keyof RulesConfig)[];
  assert.deepEqual(Object.fromEntries(keys.map((key) => [key, config[key]])), DEFAULT_RULES_CONFIG);
});
