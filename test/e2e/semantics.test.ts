/** Rows 30–33 of what a webhook really receives, seen from kubectl; row 29 is in node-ports.test.ts. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Cluster } from '../cluster/cluster.ts';
import { guarded } from './guarded.ts';
import { deployment, documents, namespaceOf, policy, service } from './objects.ts';
import { apply, naming, podsReady, say } from './portent.ts';

const space = 'shop';
const web = 'shop/web';
let cluster: Cluster;

guarded(async (started) => {
  cluster = started;
  const world = documents(
    namespaceOf(space),
    deployment(space, 'web', 2, { app: 'web' }, [], { API: 'http://api:9000/' }),
    deployment(space, 'api', 1, { app: 'api' }, [{ containerPort: 9000 }], {
      DB_URL: 'postgres://db:5432/shop',
    }),
    deployment(space, 'db', 1, { app: 'db' }, [{ containerPort: 5432 }]),
    service(space, 'api', { selector: { app: 'api' }, ports: [{ port: 9000 }] }),
    service(space, 'db', { selector: { app: 'db' }, ports: [{ port: 5432 }] }),
  );
  const made = await apply(cluster, world);
  assert.equal(made.code, 0, made.stderr);
  await podsReady(cluster, space, 4);
});

const selecting = (app: string) => ({ podSelector: { matchLabels: { app } } });
const admitting = (app: string) => ({ ingress: [{ from: [selecting(app)] }] });
const remove = (name: string, ...flags: string[]) =>
  say(cluster, ['delete', 'networkpolicy', name, '-n', space, ...flags]);
const listPath = `/apis/networking.k8s.io/v1/namespaces/${space}/networkpolicies`;

test('row 30: what the API server refuses never reaches the webhook', { timeout: 20_000 }, async () => {
  const refused = [
    policy(space, 'lower', { ...selecting('db'), ingress: [{ ports: [{ protocol: 'tcp', port: 80 }] }] }),
    policy(space, 'outside', {
      ...selecting('db'),
      ingress: [{ from: [{ ipBlock: { cidr: '10.0.0.0/24', except: ['10.1.0.0/32'] } }] }],
    }),
    { ...policy(space, 'old', selecting('db')), apiVersion: 'extensions/v1beta1' },
  ];
  for (const manifest of refused) {
    const said = await apply(cluster, manifest);
    assert.equal(said.code, 1);
    assert.doesNotMatch(said.stderr, /portent/i);
  }
});

test('row 30: a policy without policyTypes arrives with them', { timeout: 20_000 }, async () => {
  // Only egress rules are written, and they allow everything; the default still isolates ingress.
  const said = await apply(
    cluster,
    policy(space, 'typeless', { ...selecting('db'), egress: [{}] }),
    '--dry-run=server',
  );
  assert.equal(said.code, 0, said.stderr);
  assert.ok(naming(said, 'shop/db').length > 0, said.stderr);
});

test('row 31: DELETE is judged from the old object: who gains', { timeout: 30_000 }, async () => {
  assert.equal(
    (await apply(cluster, policy(space, 'db', { ...selecting('db'), ...admitting('api') }))).code,
    0,
  );
  const said = await remove('db');
  assert.equal(said.code, 0, said.stderr);
  assert.match(said.stdout, /"db" deleted/);
  assert.ok(naming(said, 'shop/db').length > 0, said.stderr);
});

test('row 31: deletecollection asks about each object, and each gets its answer', {
  timeout: 30_000,
}, async () => {
  const both = documents(
    policy(space, 'db', { ...selecting('db'), ...admitting('api') }),
    policy(space, 'api', { ...selecting('api'), ...admitting('web') }),
  );
  assert.equal((await apply(cluster, both)).code, 0);
  const answer = await cluster.request('DELETE', listPath);
  assert.equal(answer.status, 200, answer.text);
  for (const workload of ['shop/db', 'shop/api']) {
    assert.ok(
      answer.warnings.some((warning) => warning.includes(workload)),
      answer.warnings.join('\n'),
    );
  }
  const left = await say(cluster, ['get', 'networkpolicy', '-n', space, '-o', 'name']);
  assert.equal(left.stdout, '');
});

test('an update is judged against what is stored, both ways', { timeout: 30_000 }, async () => {
  assert.equal(
    (await apply(cluster, policy(space, 'db', { ...selecting('db'), ...admitting('api') }))).code,
    0,
  );
  const swapped = await apply(cluster, policy(space, 'db', { ...selecting('db'), ...admitting('web') }));
  assert.equal(swapped.code, 0, swapped.stderr);
  assert.match(swapped.stdout, /configured/);
  assert.ok(naming(swapped, 'shop/api', 'shop/db').length > 0, swapped.stderr);
  const same = await apply(cluster, {
    ...policy(space, 'db', { ...selecting('db'), ...admitting('web') }),
    metadata: { name: 'db', namespace: space, labels: { only: 'a-label' } },
  });
  assert.equal(same.code, 0);
  assert.deepEqual(same.warnings, [], 'a label moves no connection');
  assert.equal((await remove('db')).code, 0);
});

test('row 32: warnings are single lines of at most 256 characters, 4,096 in all', {
  timeout: 30_000,
}, async () => {
  // A long name and many losers, so that there is much to say.
  const name = `${'long-'.repeat(40)}name`;
  const answer = await cluster.request(
    'POST',
    `${listPath}?dryRun=All`,
    policy(space, name, { podSelector: {} }),
  );
  assert.equal(answer.status, 201, answer.text);
  assert.ok(answer.warnings.length > 0);
  for (const warning of answer.warnings) {
    assert.ok(warning.length <= 256, `${warning.length}: ${warning}`);
    assert.doesNotMatch(warning, /[\r\n]/);
  }
  assert.ok(answer.warnings.join('').length <= 4096);
  assert.ok(
    answer.warnings.some((warning) => warning.includes(web)),
    answer.warnings.join('\n'),
  );
});

test('row 33: a dry run is answered as the real thing and leaves no trace', { timeout: 40_000 }, async () => {
  const closed = policy(space, 'closed', { ...selecting('db'), policyTypes: ['Ingress'] });
  const dry = await apply(cluster, closed, '--dry-run=server');
  assert.equal(dry.code, 0, dry.stderr);
  // Had the dry run been remembered, nothing would be left for the real one to cut.
  const real = await apply(cluster, closed);
  assert.deepEqual(real.warnings, dry.warnings);
  assert.ok(naming(real, 'shop/db').length > 0, real.stderr);

  const dryDelete = await remove('closed', '--dry-run=server');
  const realDelete = await remove('closed');
  assert.equal(realDelete.code, 0, realDelete.stderr);
  assert.deepEqual(realDelete.warnings, dryDelete.warnings);
});

test('a Service that loses its pods is told of', { timeout: 30_000 }, async () => {
  const said = await apply(
    cluster,
    service(space, 'db', { selector: { app: 'dbb' }, ports: [{ port: 5432 }] }),
  );
  assert.equal(said.code, 0, said.stderr);
  const told = naming(
    said,
    'no-backends',
    'app=dbb',
    'did you mean app=db?',
    'shop/api (env DB_URL) needs it',
  );
  assert.equal(told.length, 1, said.stderr);
  // One cause is told once.
  assert.deepEqual(naming(said, 'shop/api'), told);
});

test('a policy of half a megabyte is judged in time, and so is its update', { timeout: 40_000 }, async () => {
  // An update carries both versions, which is more than what web servers take by default.
  const clients = (count: number) => Array.from({ length: count }, (_, i) => selecting(`client-${i}`));
  const large = (count: number) =>
    policy(space, 'large', {
      ...selecting('db'),
      ingress: [{ from: [...clients(count), selecting('api')] }],
    });
  const size = JSON.stringify(large(11_000)).length;
  assert.ok(size > 500_000, `${size} bytes`);
  const created = await cluster.request('POST', listPath, large(11_000));
  assert.equal(created.status, 201, created.text.slice(0, 500));
  const updated = await cluster.request('PATCH', `${listPath}/large`, large(10_999));
  assert.equal(updated.status, 200, updated.text.slice(0, 500));
  assert.equal((await remove('large')).code, 0);
});

test('a policy of a thousand blocks is judged in time, and so is its update', {
  timeout: 40_000,
}, async () => {
  const blocks = (count: number) =>
    Array.from({ length: count }, (_, i) => ({
      ipBlock: { cidr: `172.16.${i >> 4}.${(i & 15) * 16}/28` },
    }));
  const large = (count: number) =>
    policy(space, 'blocks', {
      ...selecting('db'),
      ingress: [{ from: [...blocks(count), selecting('api')] }],
    });
  const created = await cluster.request('POST', listPath, large(1_000));
  assert.equal(created.status, 201, created.text.slice(0, 500));
  const updated = await cluster.request('PATCH', `${listPath}/blocks`, large(999));
  assert.equal(updated.status, 200, updated.text.slice(0, 500));
  assert.equal((await remove('blocks')).code, 0);
});

test('labels named like members of every object are labels', { timeout: 20_000 }, async () => {
  for (const label of ['constructor', 'toString', 'hasOwnProperty']) {
    const change = policy(space, 'odd', {
      podSelector: { matchLabels: { [label]: 'x' } },
      ingress: [{ from: [{ podSelector: { matchExpressions: [{ key: label, operator: 'Exists' }] } }] }],
    });
    const said = await apply(cluster, change, '--dry-run=server');
    assert.equal(said.code, 0, said.stderr);
    assert.ok(naming(said, 'selects-nothing', `${label}=x`).length > 0, said.stderr);
  }
});
