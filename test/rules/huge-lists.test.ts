/** Services and selectors with as many entries as a request holds: the work must not grow with their square. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DEFAULT_RULES_CONFIG } from '../../src/decision/enforcement.ts';
import type { Judged } from '../../src/model/change.ts';
import { parseNetworkPolicy } from '../../src/model/parse/policy.ts';
import { parseService } from '../../src/model/parse/service.ts';
import { runRules } from '../../src/rules/run.ts';
import { deployment, service } from '../../src/rules/worlds/manifests.ts';
import { simulate } from '../../src/simulate/simulate.ts';
import { storeOf } from './world.ts';

const MANY = 20_000;
/** Far above what it takes on a slow and busy machine, far below the square of so many entries. */
const MOST_MS = 3000;
/** After so many findings of one rule nobody reads on. */
const MOST_FINDINGS = 8;

const each = <T>(make: (i: number) => T): T[] => Array.from({ length: MANY }, (_, i) => make(i));
const metadata = { name: 'huge', namespace: 'shop' };
const serviceOf = (spec: object) => parseService({ metadata, spec: { selector: { tier: 'x' }, ...spec } });
const policyOf = (podSelector: object, ingress: readonly object[] = []) =>
  parseNetworkPolicy({ metadata, spec: { podSelector, ingress } });
const ports = (make: (i: number) => object) => each((i) => ({ name: `p${i}`, port: i + 1, ...make(i) }));
/** As long as a label may be, and all of one length: the costliest to compare. */
const value = (i: number) => `v${i}`.padEnd(63, 'x');
const asked = (operator: string) => ({
  matchExpressions: each((i) => ({ key: 'app', operator, values: [value(i)] })),
});
const addresses = (first: number) => each((i) => `${first}.0.${i >> 8}.${i & 255}`);

const SHAPES: Readonly<Record<string, readonly [Judged, Judged]>> = {
  'external addresses': [
    serviceOf({ ports: [{ port: 80 }], externalIPs: addresses(1) }),
    serviceOf({ ports: [{ port: 80 }], externalIPs: addresses(2) }),
  ],
  'ports that become others': [
    serviceOf({ type: 'NodePort', ports: ports((i) => ({ nodePort: 40_000 + i })) }),
    serviceOf({
      type: 'NodePort',
      ports: ports((i) => ({ name: `q${i}`, port: 65_535 - i, nodePort: 1 + i })),
    }),
  ],
  'ports by names that no pod has': [
    serviceOf({ ports: ports(() => ({ targetPort: 80 })) }),
    serviceOf({ ports: ports((i) => ({ targetPort: `x${i}` })) }),
  ],
  'labels of a Service': [
    serviceOf({ ports: [{ port: 80 }] }),
    serviceOf({ ports: [{ port: 80 }], selector: Object.fromEntries(each((i) => [`k${i}`, value(i)])) }),
  ],
  'requirements for one key': [policyOf({}), policyOf(asked('In'))],
  'requirements against one key': [policyOf({}), policyOf(asked('NotIn'))],
  'values of the first requirement': [
    policyOf({}),
    policyOf({ matchExpressions: [{ key: 'app', operator: 'In', values: each(value) }] }),
  ],
  'values of a later requirement': [
    policyOf({}),
    policyOf({
      matchExpressions: [
        { key: 'aaa', operator: 'DoesNotExist' },
        { key: 'app', operator: 'NotIn', values: each(value) },
      ],
    }),
  ],
  'rules with a port of their own': [
    policyOf({}),
    policyOf(
      {},
      each((i) => ({ ports: [{ port: i + 1 }] })),
    ),
  ],
  'rules for all pods with a port of their own': [
    policyOf({}),
    policyOf(
      {},
      each((i) => ({ from: [{ podSelector: {} }], ports: [{ port: 3 * (i + 1) }] })),
    ),
  ],
  'ports of a policy': [policyOf({}), policyOf({}, [{ ports: each((i) => ({ port: i + 1 })) }])],
};

const store = storeOf(
  Array.from(
    { length: 40 },
    (_, i) =>
      deployment(
        `shop/app-${i}`,
        `app: ${value(-i)}, tier: x`,
        '{name: http, containerPort: 80}',
        '{name: URL, value: huge.shop}',
      ) + service(`shop/app-${i}`, `app: ${value(-i)}`, '{port: 80}'),
  ).join(''),
);
store.putService(serviceOf({ ports: ports((i) => ({ targetPort: i + 2 })) }));

for (const [shape, [before, after]] of Object.entries(SHAPES)) {
  test(`${MANY} ${shape} are judged in time, in few findings`, () => {
    const begin = performance.now();
    // Stored, the new object is looked up in the indexes of the model as well.
    for (const stored of [false, true]) {
      if (stored && after.kind === 'NetworkPolicy') store.putPolicy(after);
      const runs = runRules(simulate(store, { operation: 'UPDATE', before, after }), {
        settings: DEFAULT_RULES_CONFIG,
      });
      const many = runs.filter(({ findings }) => findings.length > MOST_FINDINGS);
      assert.deepEqual(
        many.map(({ rule }) => rule.id),
        [],
      );
    }
    if (after.kind === 'NetworkPolicy') store.removePolicy(after.namespace, after.name);
    const took = performance.now() - begin;
    assert.ok(took < MOST_MS, `${Math.round(took)} ms`);
  });
}
