/** An API server whose node port range is wider than what the organisation allows. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type Cluster, startCluster } from '../cluster/cluster.ts';
import { service } from './objects.ts';
import { apply, type Portent, register, startPortent } from './portent.ts';

let cluster: Cluster;
let portent: Portent;

before(
  async () => {
    cluster = await startCluster({ nodePortRange: '20000-40000' });
    portent = await startPortent(cluster);
    await register(cluster, portent);
  },
  { timeout: 60_000 },
);

after(async () => {
  await portent?.stop();
  await cluster?.stop();
});

const nodePort = (name: string, port?: number) =>
  service('default', name, {
    type: 'NodePort',
    selector: { app: 'demo' },
    ports: [{ port: 80, ...(port === undefined ? {} : { nodePort: port }) }],
  });

test('25000 is denied, with the port, the range and what to do', { timeout: 20_000 }, async () => {
  const said = await apply(cluster, nodePort('low', 25_000));
  assert.equal(said.code, 1);
  assert.match(said.stderr, /admission webhook "validate\.portent\.dev" denied the request/);
  assert.match(said.stderr, /25000/);
  assert.match(said.stderr, /30000.32767/);
  const { code } = await cluster.kubectl(['get', 'service', 'low']);
  assert.equal(code, 1, 'it was not stored');
});

test('30007 passes without a word about the port', { timeout: 20_000 }, async () => {
  const said = await apply(cluster, nodePort('demo', 30_007));
  assert.equal(said.code, 0, said.stderr);
  assert.doesNotMatch(said.stderr, /30007/);
});

test('an update to a port outside is denied, and the old port stays', { timeout: 20_000 }, async () => {
  const said = await apply(cluster, nodePort('demo', 39_000));
  assert.equal(said.code, 1);
  assert.match(said.stderr, /39000/);
  const kept = await cluster.kubectl(['get', 'service', 'demo', '-o', 'jsonpath={.spec.ports[0].nodePort}']);
  assert.equal(kept.stdout, '30007');
});

test('a dry run is denied alike', { timeout: 20_000 }, async () => {
  const said = await apply(cluster, nodePort('dry', 25_001), '--dry-run=server');
  assert.equal(said.code, 1);
  assert.match(said.stderr, /25001/);
});

test('row 29: a Service arrives with the node port that the API server chose', {
  timeout: 40_000,
}, async () => {
  let denied = 0;
  for (let i = 0; i < 8; i++) {
    const said = await apply(cluster, nodePort(`chosen-${i}`));
    if (said.code !== 0) {
      denied++;
      const port = Number(/\b(2\d{4}|3\d{4}|40000)\b/.exec(said.stderr)?.[1]);
      assert.ok(port >= 20_000 && (port < 30_000 || port > 32_767), said.stderr);
      continue;
    }
    const made = await cluster.kubectl([
      'get',
      'service',
      `chosen-${i}`,
      '-o',
      'jsonpath={.spec.ports[0].nodePort}',
    ]);
    const port = Number(made.stdout);
    assert.ok(port >= 30_000 && port <= 32_767, `${port} passed`);
  }
  // Six of seven ports of the wide range are outside; eight inside in a row happen once in six million runs.
  assert.ok(denied > 0);
});
