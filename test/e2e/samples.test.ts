/** The published samples, applied with kubectl to a cluster whose pods run (on pretended nodes). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Cluster } from '../cluster/cluster.ts';
import { guarded } from './guarded.ts';
import { deployment, documents, namespaceOf, policy, service } from './objects.ts';
import { apply, naming, podsReady } from './portent.ts';

let cluster: Cluster;

guarded((started) => {
  cluster = started;
});

const fromApp = (app: string, port?: number | string) => ({
  from: [{ podSelector: { matchLabels: { app } } }],
  ...(port === undefined ? {} : { ports: [{ port, protocol: 'TCP' }] }),
});

test('Guestbook: a policy for redis cuts its own replication', { timeout: 60_000 }, async () => {
  const redis = (role: string) => ({ app: 'redis', role });
  const space = 'guestbook';
  const world = documents(
    namespaceOf(space),
    deployment(space, 'guestbook', 3, { app: 'guestbook' }, [{ name: 'http-server', containerPort: 3000 }]),
    deployment(space, 'redis-master', 1, redis('master'), [{ name: 'redis', containerPort: 6379 }]),
    deployment(space, 'redis-slave', 2, redis('slave'), [{ name: 'redis', containerPort: 6379 }]),
    deployment(space, 'busybox', 1, { app: 'busybox' }),
    service(space, 'redis-master', { selector: redis('master'), ports: [{ port: 6379 }] }),
    service(space, 'redis-slave', { selector: redis('slave'), ports: [{ port: 6379 }] }),
    service(space, 'guestbook', {
      type: 'LoadBalancer',
      selector: { app: 'guestbook' },
      ports: [{ port: 3000, targetPort: 'http-server', nodePort: 30347 }],
    }),
    {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'Ingress',
      metadata: { name: 'guestbook', namespace: space },
      spec: { defaultBackend: { service: { name: 'guestbook', port: { number: 3000 } } } },
    },
  );
  const made = await apply(cluster, world);
  assert.equal(made.code, 0, made.stderr);
  await podsReady(cluster, space, 7);

  const change = policy(space, 'redis', {
    podSelector: { matchLabels: { app: 'redis' } },
    ingress: [fromApp('guestbook', 6379)],
  });
  const said = await apply(cluster, change);
  assert.equal(said.code, 0, said.stderr);
  assert.match(said.stdout, /networkpolicy\.networking\.k8s\.io\/redis created/);
  assert.ok(naming(said, 'redis-slave', 'redis-master', 'TCP 6379').length > 0, said.stderr);
  const losers = said.warnings.filter((line) => /guestbook\/guestbook\b.*(loses|can no longer)/.test(line));
  assert.deepEqual(losers, [], 'guestbook keeps its access');
});

test('Regions: a second policy undoes the exception of the first', { timeout: 60_000 }, async () => {
  const world = documents(
    namespaceOf('server'),
    namespaceOf('clients', { clients: 'true' }),
    deployment('server', 'server', 1, { app: 'server' }, [{ containerPort: 8888 }]),
    deployment('clients', 'us-east', 1, { region: 'us-east' }),
    deployment('clients', 'us-west', 1, { region: 'us-west' }),
  );
  assert.equal((await apply(cluster, world)).code, 0);
  await podsReady(cluster, 'server', 1);
  await podsReady(cluster, 'clients', 2);
  const { body } = await cluster.request(
    'GET',
    '/api/v1/namespaces/clients/pods?labelSelector=region%3Dus-west',
  );
  const [west] = (body as { readonly items: readonly { readonly status: { readonly podIP: string } }[] })
    .items;
  assert.ok(west);

  const admitsRegions = policy('server', 'regions', {
    podSelector: { matchLabels: { app: 'server' } },
    ingress: [
      {
        from: [{ ipBlock: { cidr: '10.128.0.0/9', except: [`${west.status.podIP}/32`] } }],
        ports: [{ port: 8888 }],
      },
    ],
  });
  const first = await apply(cluster, admitsRegions);
  assert.equal(first.code, 0, first.stderr);
  assert.ok(
    naming(first, `${west.status.podIP}/32`, 'ephemeral').length > 0,
    `addresses of pods change: ${first.stderr}`,
  );

  const allowsAll = policy('server', 'allow-all', {
    podSelector: {},
    policyTypes: ['Ingress', 'Egress'],
    ingress: [{}],
    egress: [{}],
  });
  const second = await apply(cluster, allowsAll);
  assert.equal(second.code, 0, second.stderr);
  assert.ok(naming(second, 'except').length > 0, `policies add up: ${second.stderr}`);
});

test('Database egress: the API server refuses tcp; with TCP the loss of DNS is named', {
  timeout: 60_000,
}, async () => {
  const world = documents(
    namespaceOf('database'),
    deployment('database', 'app', 1, { app: 'app' }),
    deployment('kube-system', 'coredns', 2, { 'k8s-app': 'kube-dns' }, [
      { name: 'dns', containerPort: 53, protocol: 'UDP' },
      { name: 'dns-tcp', containerPort: 53 },
    ]),
    service('kube-system', 'kube-dns', {
      selector: { 'k8s-app': 'kube-dns' },
      ports: [
        { name: 'dns', port: 53, protocol: 'UDP' },
        { name: 'dns-tcp', port: 53 },
      ],
    }),
  );
  assert.equal((await apply(cluster, world)).code, 0);
  await podsReady(cluster, 'database', 1);
  await podsReady(cluster, 'kube-system', 2);
  const egress = (protocol: string) =>
    policy('database', 'db', {
      podSelector: { matchLabels: { app: 'app' } },
      policyTypes: ['Egress'],
      egress: [{ to: [{ ipBlock: { cidr: '10.0.2.0/24' } }], ports: [{ protocol, port: 443 }] }],
    });
  const refused = await apply(cluster, egress('tcp'));
  assert.equal(refused.code, 1);
  assert.match(refused.stderr, /Unsupported value: "tcp": supported values: .*"TCP"/);
  assert.doesNotMatch(refused.stderr, /portent/i);

  const said = await apply(cluster, egress('TCP'));
  assert.equal(said.code, 0, said.stderr);
  assert.ok(naming(said, 'DNS').length > 0, said.stderr);
});

test('Tenant A: an API of 2016 is not served, and nobody is asked', { timeout: 20_000 }, async () => {
  for (const apiVersion of ['net.alpha.kubernetes.io/v1alpha1', 'extensions/v1beta1']) {
    const said = await apply(cluster, {
      ...policy('default', 'tenant-a', { podSelector: {} }),
      apiVersion,
    });
    assert.equal(said.code, 1);
    assert.match(said.stderr, /no matches for kind "NetworkPolicy" in version/);
    assert.doesNotMatch(said.stderr, /portent/i);
  }
});

test('NodePort demo: 30007 is fine, 3000 is refused by the API server itself', {
  timeout: 20_000,
}, async () => {
  const demo = (name: string, nodePort: number) =>
    service('default', name, {
      type: 'NodePort',
      selector: { app: 'demo' },
      ports: [{ port: 80, nodePort }],
    });
  const fine = await apply(cluster, demo('demo', 30007));
  assert.equal(fine.code, 0, fine.stderr);
  assert.deepEqual(naming(fine, '30007'), []);
  const refused = await apply(cluster, demo('demo-3000', 3000));
  assert.equal(refused.code, 1);
  assert.match(
    refused.stderr,
    /3000: provided port is not in the valid range\. The range of valid ports is 30000-32767/,
  );
  assert.doesNotMatch(refused.stderr, /portent/i);
});

test('an empty podSelector that isolates a namespace is called that', { timeout: 40_000 }, async () => {
  const world = documents(
    namespaceOf('shop'),
    deployment('shop', 'web', 2, { app: 'web' }, [{ containerPort: 80 }]),
    deployment('shop', 'db', 1, { app: 'db' }, [{ containerPort: 5432 }]),
  );
  assert.equal((await apply(cluster, world)).code, 0);
  await podsReady(cluster, 'shop', 3);
  const said = await apply(cluster, policy('shop', 'everything', { podSelector: {} }));
  assert.equal(said.code, 0, said.stderr);
  assert.ok(
    naming(said, 'shop').some((line) => /namespace/i.test(line)),
    said.stderr,
  );
  const deleted = await cluster.kubectl(['delete', 'networkpolicy', 'everything', '-n', 'shop']);
  assert.equal(deleted.code, 0, deleted.stderr);
});

test('one apply of several documents sees its own earlier ones', { timeout: 40_000 }, async () => {
  const world = documents(
    namespaceOf('stack'),
    deployment('stack', 'api', 1, { app: 'api' }, [], { DB_URL: 'postgres://db:5432/stack' }),
    deployment('stack', 'other', 1, { app: 'other' }),
    deployment('stack', 'db', 1, { app: 'db' }, [{ containerPort: 5432 }]),
    service('stack', 'db', { selector: { app: 'db' }, ports: [{ port: 5432 }] }),
  );
  assert.equal((await apply(cluster, world)).code, 0);
  await podsReady(cluster, 'stack', 3);
  const selected = { podSelector: { matchLabels: { app: 'db' } } };
  const admits = policy('stack', 'a-admits-api', { ...selected, ingress: [fromApp('api')] });
  const closes = policy('stack', 'b-closes', { ...selected, policyTypes: ['Ingress'] });

  const alone = await apply(cluster, closes, '--dry-run=server');
  assert.ok(naming(alone, 'stack/api').length > 0, `alone it cuts api: ${alone.stderr}`);
  const both = await apply(cluster, documents(admits, closes));
  assert.equal(both.code, 0, both.stderr);
  assert.deepEqual(naming(both, 'stack/api'), [], 'on top of the first it cuts nobody');
});
