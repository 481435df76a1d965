import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Interner } from '../../src/model/intern.ts';
import { parsePod } from '../../src/model/parse/pod.ts';
import { Store } from '../../src/model/store.ts';

/** Parsed with pools of its own, as if the model's had forgotten everything. */
function pod(change: { ready?: boolean; label?: string; ip?: string; env?: string; networks?: string }) {
  const { ready = true, label = 'a', ip = '10.0.0.1', env = 'db', networks } = change;
  const parsed = parsePod(
    {
      metadata: {
        name: 'web',
        namespace: 'n',
        labels: { app: label, 'run-id': 'x' },
        ...(networks === undefined ? {} : { annotations: { 'k8s.v1.cni.cncf.io/networks': networks } }),
      },
      spec: {
        containers: [
          { ports: [{ name: 'http', containerPort: 80 }], env: [{ name: 'DB_HOST', value: env }] },
        ],
      },
      status: { podIPs: [{ ip }], conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }] },
    },
    new Interner(),
  );
  assert.ok(parsed);
  return parsed;
}

test('a pod that says nothing new stays the same object, one that changed shares what did not', () => {
  const store = new Store();
  store.putPod(pod({}));
  const held = () => store.spaces.get('n')?.pods.get('web');
  const first = held();
  assert.ok(first);
  const [before] = store.spaces.get('n')?.classes() ?? [];
  store.putPod(pod({}));
  assert.equal(held(), first);
  assert.equal(store.spaces.get('n')?.classes()[0], before, 'its class stays too');
  store.putPod(pod({ ready: false }));
  const second = held();
  assert.equal(second?.ready, false);
  for (const field of ['name', 'labels', 'addresses', 'workload', 'namedPorts', 'references'] as const) {
    assert.equal(second?.[field], first[field], field);
  }
  for (const change of [{ label: 'b' }, { ip: '10.0.0.2' }, { env: 'cache' }, { networks: 'vlan' }]) {
    store.putPod(pod(change));
    assert.deepEqual(held(), pod(change), JSON.stringify(change));
  }
  assert.equal(store.podCount, 1);
  assert.equal(store.podAt(0x0a000001)?.name, 'web');
  store.putPod(pod({ ip: '10.0.0.9' }));
  assert.equal(store.podAt(0x0a000001), undefined);
});
