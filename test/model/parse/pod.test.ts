import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Interner } from '../../../src/model/intern.ts';
import type { Pod } from '../../../src/model/objects.ts';
import { parsePod } from '../../../src/model/parse/index.ts';

function pod(raw: { metadata?: object; spec?: object; status?: object; portent?: object }): Pod {
  const found = parsePod({ ...raw, metadata: { name: 'web-0', namespace: 'shop', ...raw.metadata } });
  assert.ok(found !== undefined);
  return found;
}

test('row 18: ended pods do not count, terminating and address-less ones do', () => {
  for (const phase of ['Succeeded', 'Failed']) {
    assert.equal(parsePod({ metadata: { name: 'a' }, status: { phase } }), undefined);
  }
  for (const phase of ['Pending', 'Running', 'Unknown', undefined]) {
    assert.deepEqual(
      pod({ metadata: { deletionTimestamp: '2026-01-01T00:00:00Z' }, status: { phase } }).addresses,
      [],
    );
  }
});

test('row 14: a pod has the addresses of both families; hostNetwork is kept', () => {
  const found = pod({
    spec: { hostNetwork: true, nodeName: 'n1' },
    status: { podIPs: [{ ip: '10.0.0.1' }, { ip: 'fd00::1' }] },
  });
  assert.deepEqual(found.addresses, [0x0a000001, 0xfd000000000000000000000000000001n]);
  assert.equal(found.hostNetwork, true);
  assert.equal(found.node, 'n1');
  assert.deepEqual(pod({ status: { podIP: '10.0.0.2' } }).addresses, [0x0a000002]);
});

test('row 10: named ports of every container and of native sidecars, not of init containers', () => {
  const ports = (name: string, containerPort: number, protocol?: string) => ({
    ports: [{ name, containerPort, protocol }],
  });
  const found = pod({
    spec: {
      containers: [ports('http', 80), ports('dns', 53, 'UDP'), { ports: [{ containerPort: 9 }] }],
      initContainers: [{ ...ports('mesh', 15001), restartPolicy: 'Always' }, ports('setup', 1)],
    },
  });
  assert.deepEqual(found.namedPorts, [
    { name: 'http', protocol: 'TCP', port: 80 },
    { name: 'dns', protocol: 'UDP', port: 53 },
    { name: 'mesh', protocol: 'TCP', port: 15001 },
  ]);
});

test('ready is the Ready condition, and nothing else', () => {
  const ready = (conditions: unknown) => pod({ status: { conditions } }).ready;
  assert.equal(ready([{ type: 'Ready', status: 'True' }]), true);
  assert.equal(
    ready([
      { type: 'Ready', status: 'False' },
      { type: 'Initialized', status: 'True' },
    ]),
    false,
  );
  assert.equal(ready(undefined), false);
});

test('the workload is what a person calls the pods', () => {
  const owned = (kind: string, name: string, labels: object = {}, controller = true) =>
    pod({ metadata: { labels, ownerReferences: [{ kind, name, controller }] } }).workload;
  assert.deepEqual(owned('ReplicaSet', 'web-5d4c8', { 'pod-template-hash': '5d4c8' }), {
    namespace: 'shop',
    kind: 'Deployment',
    name: 'web',
  });
  assert.deepEqual(owned('ReplicaSet', 'web-5d4c8').kind, 'ReplicaSet');
  assert.deepEqual(owned('Job', 'load-1').name, 'load-1');
  assert.deepEqual(owned('StatefulSet', 'db').kind, 'StatefulSet');
  for (const bare of [owned('Node', 'n1'), owned('ReplicaSet', 'web', {}, false), pod({}).workload]) {
    assert.deepEqual(bare, { namespace: 'shop', kind: 'Pod', name: 'web-0' });
  }
});

test('pods of one ReplicaSet share labels, workload, ports and references', () => {
  const make = (name: string) =>
    pod({
      metadata: {
        name,
        labels: { app: 'web', 'pod-template-hash': 'abc' },
        ownerReferences: [{ kind: 'ReplicaSet', name: 'web-abc', controller: true }],
      },
      spec: {
        containers: [
          { ports: [{ name: 'http', containerPort: 80 }], env: [{ name: 'DB_HOST', value: 'db' }] },
        ],
      },
    });
  const [a, b] = [make('web-1'), make('web-2')];
  assert.equal(a.labels, b.labels);
  assert.equal(a.workload, b.workload);
  assert.equal(a.namedPorts, b.namedPorts);
  assert.equal(a.references, b.references);
  assert.equal(a.references.length, 1);
});

test('an endless stream of unique labels does not fill the interner', () => {
  const interner = new Interner(100);
  for (let i = 0; i < 5000; i++)
    parsePod({ metadata: { name: `p${i}`, labels: { unique: `${i}` } } }, interner);
  assert.ok(interner.size <= 6 * 200, `${interner.size} values remembered`);
  const first = interner.labels([
    ['a', '1'],
    ['b', '2'],
  ]);
  assert.equal(
    interner.labels([
      ['b', '2'],
      ['a', '1'],
    ]),
    first,
  );
});

test('a saved pod brings its workload and references along', () => {
  const found = pod({
    portent: {
      workload: { kind: 'Deployment', name: 'web' },
      references: [{ namespace: 'shop', service: 'db', port: 5432, source: 'env DB_HOST' }],
    },
  });
  assert.equal(found.workload.kind, 'Deployment');
  assert.deepEqual(found.references, [
    { namespace: 'shop', service: 'db', port: 5432, source: 'env DB_HOST' },
  ]);
});
