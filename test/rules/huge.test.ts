/** Policies as large as the API server takes them: no rule's work may grow with the square of their size. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { DEFAULT_RULES_CONFIG } from '../../src/decision/enforcement.ts';
import type { Change } from '../../src/model/change.ts';
import { parseNetworkPolicy } from '../../src/model/parse/policy.ts';
import { RULES } from '../../src/rules/index.ts';
import { runRules } from '../../src/rules/run.ts';
import { deployment, service } from '../../src/rules/worlds/manifests.ts';
import { simulate } from '../../src/simulate/simulate.ts';
import { storeOf } from './world.ts';

const MANY = 4000;
/** Far above what one rule takes on a slow and busy machine, far below the square of so many peers. */
const MOST_MS = 2500;

const each = <T>(make: (i: number) => T): T[] => Array.from({ length: MANY }, (_, i) => make(i));
const block = (i: number) => `203.${(i >> 8) & 255}.${i & 255}.0/24`;
const label = (value: string) => ({ matchLabels: { app: value } });

/** Lists of peers, all in one rule, or each in a rule of its own. */
const PEERS: Readonly<Record<string, readonly object[]>> = {
  blocks: each((i) => ({ ipBlock: { cidr: block(i) } })),
  'single addresses': each((i) => ({ ipBlock: { cidr: `10.7.${(i >> 8) & 255}.${i & 255}/32` } })),
  'whole families': each((i) => ({ ipBlock: { cidr: i % 2 === 0 ? '0.0.0.0/0' : '::/0' } })),
  pairs: each((i) => (i % 2 === 0 ? { namespaceSelector: {} } : { podSelector: label(`x${i}`) })),
  'labels anywhere': each((i) => ({ namespaceSelector: {}, podSelector: label(`app-${i}`) })),
  'whole namespaces': each((i) => ({
    namespaceSelector: { matchExpressions: [{ key: `x${i}`, operator: 'DoesNotExist' }] },
  })),
};

const names = Array.from({ length: 8 }, (_, i) => `app-${i}`);
const store = storeOf(
  ['shop', 'ops', 'edge']
    .flatMap((space) =>
      names.map(
        (name) =>
          deployment(
            `${space}/${name}`,
            `app: ${name}`,
            '{containerPort: 80}',
            '{name: DB, value: app-1.shop}',
          ) + service(`${space}/${name}`, `app: ${name}`, '{port: 80}', '  type: LoadBalancer\n'),
      ),
    )
    .join(''),
);

function policyOf(ingress: readonly object[], name: string) {
  const labels = { 'portent.dev/protected': 'true', name };
  const metadata = { name: 'huge', namespace: 'shop', labels };
  return parseNetworkPolicy({ metadata, spec: { podSelector: {}, ingress } });
}

for (const [shape, peers] of Object.entries(PEERS)) {
  for (const layout of ['in one rule', 'in rules of their own'] as const) {
    describe(`${MANY} ${shape} ${layout}`, () => {
      const ingress = layout === 'in one rule' ? [{ from: peers }] : peers.map((peer) => ({ from: [peer] }));
      const after = policyOf(ingress, 'after');
      const before = policyOf(ingress.toReversed(), 'before');
      const changes: readonly Change[] = [
        { operation: 'CREATE', before: undefined, after },
        { operation: 'UPDATE', before, after },
      ];
      for (const change of changes) {
        test(`${change.operation} is judged in time by every rule`, () => {
          const slow: string[] = [];
          for (const rule of RULES) {
            const simulation = simulate(store, change);
            const begin = performance.now();
            runRules(simulation, {
              settings: DEFAULT_RULES_CONFIG,
              user: { username: 'ann', groups: [] },
              rules: [rule],
            });
            const took = performance.now() - begin;
            if (took > MOST_MS) slow.push(`${rule.id}: ${Math.round(took)} ms`);
          }
          assert.deepEqual(slow, []);
        });
      }
    });
  }
}
