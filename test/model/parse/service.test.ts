import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  parseEndpointSlice,
  parseEndpoints,
  parseReviewed,
  parseService,
} from '../../../src/model/parse/index.ts';

const service = (spec: unknown) => parseService({ metadata: { name: 's', namespace: 'n' }, spec });

test('defaults of a Service', () => {
  const found = service({ ports: [{ port: 80 }], selector: { app: 'web' } });
  assert.equal(found.type, 'ClusterIP');
  assert.equal(found.headless, false);
  assert.equal(found.externalTrafficPolicy, 'Cluster');
  assert.equal(found.internalTrafficPolicy, 'Cluster');
  assert.equal(found.publishNotReady, false);
  assert.deepEqual(found.selector?.requirements, [{ key: 'app', operator: 'In', values: ['web'] }]);
  assert.deepEqual(found.ports, [{ name: '', protocol: 'TCP', port: 80, targetPort: 80, nodePort: 0 }]);
});

test('row 24: targetPort by name, by number, or missing', () => {
  const target = (targetPort: unknown) => service({ ports: [{ port: 80, targetPort }] }).ports[0]?.targetPort;
  assert.equal(target('http'), 'http');
  assert.equal(target(8080), 8080);
  for (const missing of [undefined, null, 0, '']) assert.equal(target(missing), 80);
});

test('row 24: headless; addresses of both families', () => {
  assert.equal(service({ clusterIP: 'None' }).headless, true);
  assert.equal(service({ clusterIPs: ['None'] }).headless, true);
  assert.deepEqual(service({ clusterIP: 'None' }).clusterIPs, []);
  assert.deepEqual(
    service({ clusterIP: '10.0.0.1', clusterIPs: ['10.0.0.1', 'fd00::1'] }).clusterIPs.length,
    2,
  );
});

test('row 25: no selector and an empty one are none; an ExternalName has none whatever it says', () => {
  for (const selector of [undefined, null, {}]) assert.equal(service({ selector }).selector, undefined);
  const alias = service({ type: 'ExternalName', externalName: 'db.example.test', selector: { a: 'b' } });
  assert.equal(alias.selector, undefined);
  assert.equal(alias.externalName, 'db.example.test');
});

test('row 22: an invalid selector of a stored Service is reported and selects nothing', () => {
  const { object, problems } = parseReviewed({ spec: { selector: { a: 1 } } }, 'Service');
  assert.notEqual(object?.selector, undefined);
  assert.deepEqual(problems, ['spec.selector: matchLabels a is not a string']);
  assert.deepEqual(parseReviewed(undefined, 'Service'), { problems: ['the object is missing'] });
});

test('EndpointSlices: a port without number is every port, an endpoint without condition is ready', () => {
  const slice = parseEndpointSlice({
    metadata: { name: 's-1', namespace: 'n', labels: { 'kubernetes.io/service-name': 's' } },
    ports: [{ name: 'a', port: 80 }, { protocol: 'UDP' }, { port: 'x' }],
    endpoints: [
      { addresses: ['10.0.0.1'], targetRef: { kind: 'Pod', name: 'web' } },
      { addresses: ['10.0.0.2'], conditions: { ready: false } },
    ],
  });
  assert.equal(slice.service, 's');
  assert.deepEqual(slice.ports, [
    { name: 'a', protocol: 'TCP', port: 80 },
    { name: '', protocol: 'UDP', port: 0 },
  ]);
  assert.deepEqual([slice.ready, slice.notReady], [[0x0a000001], [0x0a000002]]);
});

test('Endpoints read as one slice for each subset', () => {
  const slices = parseEndpoints({
    metadata: { name: 's', namespace: 'n' },
    subsets: [
      { addresses: [{ ip: '10.0.0.1' }], notReadyAddresses: [{ ip: '10.0.0.2' }], ports: [{ port: 80 }] },
      { addresses: [{ ip: '10.0.0.3' }] },
    ],
  });
  assert.deepEqual(
    slices.map(({ service: owner, ready, notReady }) => [owner, ready, notReady]),
    [
      ['s', [0x0a000001], [0x0a000002]],
      ['s', [0x0a000003], []],
    ],
  );
});
