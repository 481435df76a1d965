/** Rows 23 to 28: what of a Service a policy sees. */
import { test } from 'node:test';
import { expect, node, object, pod, policy, service } from './world.ts';

const SERVER = pod('x/server', { ports: ['http=8080'] });
const WORLD = [SERVER, pod('x/client'), pod('y/other')];
const app = { app: 'server' };
const ingress = (...rules: object[]) => policy('x/np', { podSelector: { matchLabels: app }, ingress: rules });

const slice = (path: string, of: string, addresses: string[], ports: object[]) =>
  object(
    'discovery.k8s.io/v1',
    'EndpointSlice',
    path,
    { addressType: 'IPv4', endpoints: [{ addresses, conditions: { ready: true } }], ports },
    { labels: { 'kubernetes.io/service-name': of } },
  );

test('row 23: a policy sees the target port, not the port of the Service', () => {
  const svc = service('x/svc', { selector: app, ports: [{ port: 80, targetPort: 8080 }] });
  expect([...WORLD, svc, ingress({ ports: [{ port: 8080 }] })], 'x/client -> service:x/svc TCP 80: allowed');
  expect([...WORLD, svc, ingress({ ports: [{ port: 80 }] })], 'x/client -> service:x/svc TCP 80: denied');
});

test('row 23: egress, too, is judged on the pod and its target port', () => {
  const svc = service('x/svc', { selector: app, ports: [{ port: 80, targetPort: 8080 }] });
  const egress = (...to: object[]) =>
    policy('y/np', { podSelector: {}, policyTypes: ['Egress'], egress: to });
  const pods = [{ namespaceSelector: {}, podSelector: { matchLabels: app } }];
  const ask = 'y/other -> service:x/svc TCP 80';
  expect([...WORLD, svc, egress({ to: pods, ports: [{ port: 8080 }] })], `${ask}: allowed`);
  expect([...WORLD, svc, egress({ to: pods, ports: [{ port: 80 }] })], `${ask}: denied`);
});

test('row 24: a targetPort by name is resolved on each pod, and left out it is the port', () => {
  const byName = service('x/svc', { selector: app, ports: [{ port: 80, targetPort: 'http' }] });
  const same = service('x/svc', { selector: app, ports: [{ port: 8080 }] });
  const open = ingress({ ports: [{ port: 8080 }] });
  expect([...WORLD, byName, open], 'x/client -> service:x/svc TCP 80: allowed');
  expect([...WORLD, same, open], 'x/client -> service:x/svc TCP 8080: allowed');
  const closed = ingress({ ports: [{ port: 8081 }] });
  expect([...WORLD, byName, closed], 'x/client -> service:x/svc TCP 80: denied');
  expect([...WORLD, same, closed], 'x/client -> service:x/svc TCP 8080: denied');
});

test('row 24: a headless Service leads straight to the pod, without translating the port', () => {
  const svc = service('x/svc', { clusterIP: 'None', selector: app, ports: [{ port: 80, targetPort: 8080 }] });
  expect([...WORLD, svc, ingress({ ports: [{ port: 80 }] })], 'x/client -> service:x/svc TCP 80: allowed');
  expect([...WORLD, svc, ingress({ ports: [{ port: 8080 }] })], 'x/client -> service:x/svc TCP 80: denied');
});

test('row 25: behind a Service without a selector is what its EndpointSlices say', () => {
  const svc = service('x/db', { ports: [{ name: 'db', port: 5432 }] });
  const outside = slice('x/db-1', 'db', ['192.0.2.10'], [{ name: 'db', port: 15432, protocol: 'TCP' }]);
  const egress = (cidr: string, port: number) =>
    policy('x/np', {
      podSelector: { matchLabels: { app: 'client' } },
      policyTypes: ['Egress'],
      egress: [{ to: [{ ipBlock: { cidr } }], ports: [{ port }] }],
    });
  const ask = 'x/client -> service:x/db TCP 5432';
  expect([...WORLD, svc, outside, egress('192.0.2.0/24', 15432)], `${ask}: allowed`);
  expect([...WORLD, svc, outside, egress('192.0.2.0/24', 5432)], `${ask}: denied`);
  expect([...WORLD, svc, outside, egress('198.51.100.0/24', 15432)], `${ask}: denied`);
});

test('row 25: an ExternalName is a DNS alias that no policy can judge', () => {
  const alias = service('x/alias', { type: 'ExternalName', externalName: 'db.example.test' });
  expect(
    [
      ...WORLD,
      alias,
      policy('x/np', { podSelector: { matchLabels: { app: 'client' } }, policyTypes: ['Egress'] }),
    ],
    'x/client -> service:x/alias TCP 5432: unknown',
  );
});

test('row 26: blocks of clients behind a NodePort or LoadBalancer hold only with externalTrafficPolicy Local', () => {
  const block = ingress({ from: [{ ipBlock: { cidr: '192.0.2.0/24' } }] });
  const ask = '192.0.2.1 -> service:x/svc TCP 80';
  for (const type of ['NodePort', 'LoadBalancer']) {
    const svc = (externalTrafficPolicy: string) =>
      service('x/svc', {
        type,
        externalTrafficPolicy,
        selector: app,
        ports: [{ port: 80, targetPort: 8080 }],
      });
    expect([...WORLD, svc('Cluster'), block], `${ask}: unknown`);
    expect([...WORLD, svc('Local'), block], `${ask}: allowed`);
    expect([...WORLD, svc('Local'), block], '198.51.100.1 -> service:x/svc TCP 80: denied');
    // Who is let in whatever the address is let in with any address.
    expect([...WORLD, svc('Cluster'), ingress({})], `${ask}: allowed`);
  }
});

test('row 27: what the API server calls is reached from node addresses that no selector matches', () => {
  const hook = service('x/svc', { selector: app, ports: [{ port: 443, targetPort: 8080 }] });
  const nodes = [node('node-1', '192.168.0.1'), node('control-plane', '192.168.0.10')];
  const selectors = ingress({ from: [{ namespaceSelector: {} }], ports: [{ port: 8080 }] });
  const block = ingress({ from: [{ ipBlock: { cidr: '192.168.0.10/32' } }], ports: [{ port: 8080 }] });
  const cut = ingress({ from: [{ ipBlock: { cidr: '192.168.0.10/32' } }], ports: [{ port: 443 }] });
  const ask = '192.168.0.10 -> x/server TCP 8080';
  expect([...WORLD, ...nodes, hook, selectors], `${ask}: denied`);
  expect([...WORLD, ...nodes, hook, block], `${ask}: allowed`, { blocksMatchPods: 'yes' });
  expect([...WORLD, ...nodes, hook, cut], `${ask}: denied`);
});

test('row 28: kubernetes.default leads to node addresses and the API server’s own port', () => {
  const world = [
    ...WORLD,
    service('default/kubernetes', {
      clusterIP: '10.96.0.1',
      clusterIPs: ['10.96.0.1'],
      ports: [{ name: 'https', port: 443, targetPort: 6443 }],
    }),
    slice(
      'default/kubernetes',
      'kubernetes',
      ['192.168.0.10'],
      [{ name: 'https', port: 6443, protocol: 'TCP' }],
    ),
  ];
  const egress = (cidr: string, port: number) =>
    policy('x/np', {
      podSelector: { matchLabels: { app: 'client' } },
      policyTypes: ['Egress'],
      egress: [{ to: [{ ipBlock: { cidr } }], ports: [{ port }] }],
    });
  const ask = 'x/client -> service:default/kubernetes TCP 443';
  expect([...world, egress('192.168.0.10/32', 6443)], `${ask}: allowed`);
  expect([...world, egress('192.168.0.10/32', 443)], `${ask}: denied`);
  expect([...world, egress('10.96.0.1/32', 443)], `${ask}: denied`);
});
