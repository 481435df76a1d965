import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { labelsOf } from '../../src/model/labels.ts';
import { annotatedRanges, extentOf, LOAD_BALANCER_ANNOTATIONS } from '../../src/model/load-balancers.ts';
import { parseService } from '../../src/model/parse/service.ts';

const aws = (name: string): string => `service.beta.kubernetes.io/aws-load-balancer-${name}`;

describe('a load balancer stays inside', () => {
  const inside: readonly (readonly [string, string])[] = [
    [aws('internal'), 'true'],
    [aws('internal'), '0.0.0.0/0'],
    [aws('scheme'), 'internal'],
    [aws('type'), 'external'],
    [aws('type'), 'nlb-ip'],
    ['networking.gke.io/load-balancer-type', 'Internal'],
    ['cloud.google.com/load-balancer-type', 'Internal'],
    ['service.beta.kubernetes.io/azure-load-balancer-internal', 'true'],
    ['service.beta.kubernetes.io/openstack-internal-load-balancer', 'True'],
    ['service.beta.kubernetes.io/alibaba-cloud-loadbalancer-address-type', 'intranet'],
    ['service.beta.kubernetes.io/oci-load-balancer-internal', 'true'],
    ['oci-network-load-balancer.oraclecloud.com/internal', 'true'],
    ['service.beta.kubernetes.io/do-loadbalancer-network', 'INTERNAL'],
    ['service.kubernetes.io/ibm-load-balancer-cloud-provider-ip-type', 'private'],
    ['service.kubernetes.io/qcloud-loadbalancer-internal-subnetid', 'subnet-1'],
    ['service.beta.kubernetes.io/cce-load-balancer-internal-vpc', 'true'],
    ['service.beta.kubernetes.io/scw-loadbalancer-private', 'true'],
    ['load-balancer.hetzner.cloud/disable-public-network', 'true'],
    ['yandex.cloud/load-balancer-type', 'internal'],
  ];
  const outside: readonly (readonly [string, string])[] = [
    [aws('internal'), 'false'],
    [aws('scheme'), 'internet-facing'],
    [aws('type'), 'nlb'],
    ['networking.gke.io/load-balancer-type', 'External'],
    ['service.beta.kubernetes.io/azure-load-balancer-internal', 'false'],
    ['service.beta.kubernetes.io/alibaba-cloud-loadbalancer-address-type', 'internet'],
    ['service.beta.kubernetes.io/do-loadbalancer-network', 'EXTERNAL'],
    ['service.kubernetes.io/ibm-load-balancer-cloud-provider-ip-type', 'public'],
    ['service.kubernetes.io/qcloud-loadbalancer-internal-subnetid', ''],
    ['example.com/internal', 'true'],
  ];

  for (const pair of inside)
    test(`${pair.join(': ')}`, () => assert.equal(extentOf('', labelsOf([pair])), 'inside'));
  for (const pair of outside)
    test(`not by ${pair.join(': ')}`, () => assert.equal(extentOf('', labelsOf([pair])), 'outside'));

  test('what an AWS scheme says comes before the default of its controller', () => {
    const facing = labelsOf([
      [aws('type'), 'external'],
      [aws('scheme'), 'internet-facing'],
    ]);
    assert.equal(extentOf('', facing), 'outside');
  });

  test('every annotation that is read is kept by the parser', () => {
    const annotations = Object.fromEntries(LOAD_BALANCER_ANNOTATIONS.map((name) => [name, 'x']));
    const { annotations: kept } = parseService({ metadata: { name: 'a', annotations }, spec: {} });
    assert.equal(kept.length / 2, new Set(LOAD_BALANCER_ANNOTATIONS).size);
    for (const [name] of [...inside, ...outside.slice(0, -1)]) {
      assert.ok(LOAD_BALANCER_ANNOTATIONS.includes(name), name);
    }
  });
});

describe('a class decides how far a load balancer reaches', () => {
  const NONE = labelsOf([]);
  const FACING = labelsOf([[aws('scheme'), 'internet-facing']]);
  const INTERNAL = labelsOf([[aws('scheme'), 'internal']]);
  const table = [
    // class, without annotations, internet-facing, internal
    ['', 'outside', 'outside', 'inside'],
    ['service.k8s.aws/nlb', 'inside', 'outside', 'inside'],
    ['tailscale', 'inside', 'inside', 'inside'],
    ['networking.gke.io/l4-regional-internal', 'inside', 'inside', 'inside'],
    ['networking.gke.io/l4-regional-external', 'outside', 'outside', 'outside'],
    ['example.com/edge', 'unknown', 'unknown', 'inside'],
    ['constructor', 'unknown', 'unknown', 'inside'],
  ] as const;
  for (const [name, ...extents] of table) {
    test(name === '' ? 'the default' : name, () => {
      assert.deepEqual(
        [NONE, FACING, INTERNAL].map((annotations) => extentOf(name, annotations)),
        extents,
      );
    });
  }

  test('the annotation that opened AWS ones before there was a scheme', () => {
    assert.equal(extentOf('service.k8s.aws/nlb', labelsOf([[aws('internal'), 'false']])), 'outside');
  });

  test('read from a Service of type LoadBalancer only', () => {
    const spec = { loadBalancerClass: 'tailscale', ports: [{ port: 80 }] };
    const classes = ['LoadBalancer', 'NodePort', undefined].map(
      (type) => parseService({ metadata: { name: 'a' }, spec: { ...spec, type } }).loadBalancerClass,
    );
    assert.deepEqual(classes, ['tailscale', '', '']);
  });
});

test('source ranges by annotation, as a list with commas', () => {
  const name = 'service.beta.kubernetes.io/load-balancer-source-ranges';
  assert.deepEqual(annotatedRanges(labelsOf([[name, '198.51.100.0/24, 203.0.113.7/32']])), [
    '198.51.100.0/24',
    '203.0.113.7/32',
  ]);
  assert.deepEqual(annotatedRanges(labelsOf([[name, ' ']])), []);
  assert.deepEqual(annotatedRanges(labelsOf([])), []);
});
