import assert from 'node:assert/strict';
import { test } from 'node:test';
import { slim } from '../../../src/cluster/slim.ts';
import { parsePod } from '../../../src/model/parse/index.ts';
import { Store } from '../../../src/model/store.ts';

function podWith(networks: unknown, name = 'a') {
  return {
    metadata: { name, namespace: 'shop', annotations: { 'k8s.v1.cni.cncf.io/networks': networks } },
  };
}

test('the additional networks of a pod, as both forms of the annotation write them', () => {
  const read = (written: unknown) => parsePod(podWith(written))?.networks;
  const table: readonly (readonly [unknown, string])[] = [
    ['', ''],
    ['fast', 'shop/fast'],
    ['storage/fast@net1, slow ,', 'shop/slow, storage/fast'],
    ['fast,fast@net2', 'shop/fast'],
    ['[{"name":"fast"},{"name":"slow","namespace":"storage","ips":["10.0.0.1"]}]', 'shop/fast, storage/slow'],
    ['[]', ''],
    ['[{"namespace":"storage"}, 7, null]', ''],
    ['[{"name":', ''],
    ['a,b,c,d,e,f,g', 'shop/a, shop/b, shop/c, shop/d, shop/e, 2 more'],
    [7, ''],
    [undefined, ''],
  ];
  assert.deepEqual(
    table.map(([written]) => [written, read(written)]),
    table,
  );
  assert.equal(parsePod({ metadata: { name: 'a', namespace: 'shop' } })?.networks, '');
});

test('a hostile annotation stays short', () => {
  assert.ok((parsePod(podWith('x'.repeat(200_000)))?.networks.length ?? 0) <= 200);
});

test('a saved pod keeps the names and nothing else of the annotation', () => {
  const raw = podWith('[{"name":"fast","cni-args":{"password":"hunter2"}}]');
  const saved = slim(raw, 'v1', 'Pod');
  assert.ok(!JSON.stringify(saved).includes('hunter2'));
  assert.equal(parsePod(saved)?.networks, 'shop/fast');
});

test('pods with and without additional networks are not alike', () => {
  const store = new Store();
  for (const raw of [podWith('fast', 'a-0'), podWith('fast', 'a-1'), podWith('', 'a-2')]) {
    const owner = { ownerReferences: [{ kind: 'StatefulSet', name: 'a', controller: true }] };
    const pod = parsePod({ metadata: { ...raw.metadata, ...owner } });
    assert.ok(pod !== undefined);
    store.putPod(pod);
  }
  const classes = store.spaces.get('shop')?.classes() ?? [];
  assert.deepEqual(
    classes.map(({ pods }) => pods.length),
    [2, 1],
  );
});
