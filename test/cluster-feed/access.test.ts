import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { openAccess } from '../../src/cluster/access.ts';
import { discover } from '../../src/cluster/discovery.ts';
import { writeKubeconfig } from './harness.ts';
import { ScriptedServer } from './scripted-server.ts';

let server: ScriptedServer;
let folder: string;
let path: string;
/** The Authorization headers' tokens, in order. */
let tokens: string[];

function kubeconfig(user: object, url = server.url): void {
  writeKubeconfig(path, { server: url }, user);
}

beforeEach(async () => {
  server = await ScriptedServer.start();
  folder = await mkdtemp(join(tmpdir(), 'portent-access-'));
  path = join(folder, 'config');
  tokens = [];
  server.script = ({ token, json }) => {
    tokens.push(token);
    json({});
  };
});

afterEach(async () => {
  await server.stop();
  await rm(folder, { recursive: true });
});

test('an exec plug-in that fails without a word is put into words', async () => {
  kubeconfig({ exec: { apiVersion: 'client.authentication.k8s.io/v1', command: '/bin/false' } });
  const access = openAccess({ kubeconfigPath: path });
  await assert.rejects(access.getJson('/api'), /exec plug-in failed and did not say why/);
  await access.close();
});

test('an exec plug-in runs once for many requests that start together', async () => {
  const log = join(folder, 'runs');
  const credential = {
    apiVersion: 'client.authentication.k8s.io/v1',
    kind: 'ExecCredential',
    status: { token: 'made' },
  };
  const program = `require('fs').appendFileSync(${JSON.stringify(log)}, 'x'); console.log(${JSON.stringify(JSON.stringify(credential))})`;
  kubeconfig({
    exec: { apiVersion: credential.apiVersion, command: process.execPath, args: ['-e', program] },
  });
  const access = openAccess({ kubeconfigPath: path });
  await Promise.all(Array.from({ length: 12 }, () => access.getJson('/api')));
  await access.close();
  assert.equal(readFileSync(log, 'utf8'), 'x');
  assert.deepEqual(new Set(tokens), new Set(['made']));
});

test('an exec plug-in that hangs can be given up', async () => {
  kubeconfig({ exec: { command: process.execPath, args: ['-e', 'setTimeout(() => {}, 1000)'] } });
  const access = openAccess({ kubeconfigPath: path });
  const controller = new AbortController();
  setTimeout(() => controller.abort(new Error('enough')), 50);
  await assert.rejects(access.getJson('/api', { signal: controller.signal }), /enough/);
  await access.close();
});

test('a token file that ends in a line break', async () => {
  writeFileSync(join(folder, 'token'), 'from-file\n');
  kubeconfig({ 'auth-provider': { name: 'tokenFile', config: { tokenFile: join(folder, 'token') } } });
  const access = openAccess({ kubeconfigPath: path });
  await access.getJson('/api');
  await access.close();
  assert.deepEqual(tokens, ['from-file']);
});

test('a server behind a path, as Rancher has them', async () => {
  kubeconfig({ token: 't' }, `${server.url}/k8s/clusters/c-1/`);
  const access = openAccess({ kubeconfigPath: path });
  await access.getJson('/api/v1/pods?limit=1');
  await access.close();
  assert.deepEqual(server.seen, ['/k8s/clusters/c-1/api/v1/pods?limit=1']);
});

test('no token crosses the network in the clear', async () => {
  kubeconfig({ token: 't' }, 'http://192.0.2.1:8080');
  const access = openAccess({ kubeconfigPath: path });
  await assert.rejects(access.getJson('/api'), /HTTP protocol is not allowed/);
  await access.close();
});

test('errors name what is wrong', async () => {
  kubeconfig({ token: 't' });
  assert.throws(() => openAccess({ kubeconfigPath: path, context: 'nope' }), /no context named nope/);
  assert.throws(() => openAccess({ kubeconfigPath: join(folder, 'missing') }), /missing: no such file$/);
  const broken = join(folder, 'broken');
  writeFileSync(broken, 'users:\n- name: u\n  user: {token: s3cret, }}\n');
  assert.throws(
    () => openAccess({ kubeconfigPath: broken }),
    ({ message }: Error) => message.startsWith(`${broken}: `) && !/\n|s3cret/.test(message),
  );
  server.script = ({ status }) => status(403, 'Forbidden', 'pods is forbidden: User "x" cannot list');
  const access = openAccess({ kubeconfigPath: path });
  await assert.rejects(
    access.getJson('/api'),
    /^ApiError: the API server answered 403 Forbidden: pods is forbidden/,
  );
  await access.close();
});

test('discovery: one document where the server has it, group by group where not, a dead group unknown', async () => {
  kubeconfig({ token: 't' });
  const access = openAccess({ kubeconfigPath: path });
  const groups = new Set(['networking.k8s.io', 'projectcalico.org']);
  const verbs = ['list', 'watch'];
  server.script = ({ json }) =>
    json({
      kind: 'APIGroupDiscoveryList',
      items: [
        { metadata: { name: 'apps' } },
        {
          metadata: { name: 'networking.k8s.io' },
          versions: [
            {
              version: 'v1',
              freshness: 'Current',
              resources: [
                { resource: 'ingresses', responseKind: { kind: 'Ingress' }, verbs },
                { resource: 'reviews', responseKind: { kind: 'Review' }, verbs: ['create'] },
              ],
            },
          ],
        },
        { metadata: { name: 'projectcalico.org' }, versions: [{ version: 'v3', freshness: 'Stale' }] },
      ],
    });
  const ingresses = { group: 'networking.k8s.io', version: 'v1', kind: 'Ingress', resource: 'ingresses' };
  const expected = {
    groups: ['apps', 'networking.k8s.io', 'projectcalico.org'],
    kinds: [ingresses],
    unknownGroups: ['projectcalico.org'],
  };
  assert.deepEqual(await discover(access, groups), expected);
  server.script = ({ path: asked, json, status }) => {
    const versions = (version: string) => [{ version, groupVersion: `x/${version}` }];
    if (asked === '/apis') {
      const group = (name: string, version: string) => ({ name, versions: versions(version) });
      const all = [group('apps', 'v1'), group('networking.k8s.io', 'v1'), group('projectcalico.org', 'v3')];
      return json({ kind: 'APIGroupList', groups: all });
    }
    if (asked === '/apis/projectcalico.org/v3') return status(503, 'ServiceUnavailable');
    json({
      resources: [
        { name: 'ingresses', kind: 'Ingress', verbs },
        { name: 'ingresses/status', kind: 'Ingress', verbs },
      ],
    });
  };
  assert.deepEqual(await discover(access, groups), expected);
  await access.close();
});
