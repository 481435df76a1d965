import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { parseNode } from '../../src/model/parse/node.ts';
import { parseNetworkPolicy } from '../../src/model/parse/policy.ts';
import { parseIngress } from '../../src/model/parse/route.ts';
import { parseService } from '../../src/model/parse/service.ts';
import { parseEndpointSlice } from '../../src/model/parse/slice.ts';
import { same } from '../../src/model/same.ts';
import { Store } from '../../src/model/store.ts';

test('two values say the same when they are deeply equal, and a change of any part shows', () => {
  const leaf = fc.oneof(
    fc.integer({ min: 0, max: 2 }),
    fc.constantFrom('', 'a', 1n, 1, true, null, undefined),
  );
  const { value } = fc.letrec((tie) => ({
    value: fc.oneof(
      leaf,
      fc.array(tie('value'), { maxLength: 2 }),
      fc.dictionary(fc.constantFrom('a', 'b', 'constructor'), tie('value'), { noNullPrototype: true }),
    ),
  }));
  fc.assert(
    fc.property(value, value, (one, other) => {
      assert.equal(same(one, other), isDeepStrictEqual(one, other));
      assert.ok(same(one, structuredClone(one)));
    }),
    { numRuns: 2_000 },
  );
  assert.equal(same(new Map(), new Map()), false, 'what cannot be looked into is only itself');
});

const metadata = { name: 'x', namespace: 'n', labels: { 'kubernetes.io/service-name': 's' } };
const policy = (app: string): unknown => ({
  metadata,
  spec: {
    podSelector: { matchLabels: { app } },
    policyTypes: ['Ingress', 'Egress'],
    ingress: [{ from: [{ podSelector: {} }], ports: [{ port: 80 }] }],
    egress: [
      { to: [{ ipBlock: { cidr: '10.0.0.0/8', except: ['10.1.0.0/16'] } }, { ipBlock: { cidr: '::/0' } }] },
    ],
  },
});
const service = (app: string): unknown => ({
  metadata,
  spec: { selector: { app }, clusterIP: '10.96.0.1', ports: [{ port: 80 }] },
});
const slice = (ip: string): unknown => ({ metadata, endpoints: [{ addresses: [ip, 'fd00::1'] }] });
const node = (zone: string): unknown => ({ metadata: { name: 'x', labels: { zone } } });
const ingress = (path: string): unknown => ({
  metadata,
  kind: 'Ingress',
  spec: { defaultBackend: { service: { name: path, port: { number: 80 } } } },
});

test('what is put again and says nothing new stays the same object; what changed is replaced', () => {
  const store = new Store();
  const space = () => store.spaces.get('n');
  const cases: readonly [string, (change: string) => void, () => unknown][] = [
    ['policy', (c) => store.putPolicy(parseNetworkPolicy(policy(c))), () => space()?.policies.get('x')],
    ['service', (c) => store.putService(parseService(service(c))), () => space()?.services.get('x')],
    ['slice', (c) => store.putSlice(parseEndpointSlice(slice(c))), () => space()?.slices.get('s')?.get('x')],
    ['node', (c) => store.putNode(parseNode(node(c))), () => store.nodes.get('x')],
    ['route', (c) => store.putRoute(parseIngress(ingress(c))), () => space()?.routes.get('Ingress/x')],
  ];
  for (const [kind, put, held] of cases) {
    put('10.0.0.1');
    const first = held();
    assert.ok(first, kind);
    put('10.0.0.1');
    assert.equal(held(), first, kind);
    put('10.0.0.2');
    assert.notEqual(held(), first, kind);
    assert.equal(same(held(), first), false, kind);
  }
  assert.equal(store.serviceAt(0x0a600001)?.name, 'x');
});

test('a slice that says the same under another Service moves there', () => {
  const store = new Store();
  const put = (owner: string): void =>
    store.putSlice(
      parseEndpointSlice({
        metadata: { ...metadata, labels: { 'kubernetes.io/service-name': owner } },
        endpoints: [{ addresses: ['10.0.0.1'] }],
      }),
    );
  for (const owner of ['s', 't', 's']) put(owner);
  const slices = store.spaces.get('n')?.slices;
  assert.deepEqual([...(slices?.keys() ?? [])], ['s']);
});
