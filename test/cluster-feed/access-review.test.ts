import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Access, openAccess } from '../../src/cluster/access.ts';
import { ExemptionRights } from '../../src/cluster/access-review.ts';
import { writeKubeconfig } from './harness.ts';
import { type Exchange, ScriptedServer } from './scripted-server.ts';

const ANN = { username: 'ann', uid: '', groups: [], extra: {} };

let server: ScriptedServer;
let access: Access;
let folder: string;

before(async () => {
  server = await ScriptedServer.start();
  folder = mkdtempSync(join(tmpdir(), 'portent-rights-'));
  const path = join(folder, 'config');
  writeKubeconfig(path, { server: server.url }, { token: 't' });
  access = openAccess({ kubeconfigPath: path });
});

after(async () => {
  await access.close();
  await server.stop();
  rmSync(folder, { recursive: true });
});

const answers: readonly [string, (exchange: Exchange) => void, string, RegExp][] = [
  [
    'denied',
    ({ json }) => json({ status: { allowed: false } }),
    'refused',
    /you lack the verb exempt .* in namespace shop/,
  ],
  [
    'a text for a truth',
    ({ json }) => json({ status: { allowed: 'true' } }),
    'unanswered',
    /did not say who/,
  ],
  ['nothing', ({ json }) => json({}), 'unanswered', /did not say who/],
  ['no JSON', ({ response }) => response.end('<html>'), 'unanswered', /./],
  ['not allowed to ask', ({ status }) => status(403, 'Forbidden', 'no'), 'unanswered', /403 Forbidden/],
  ['an error', ({ status }) => status(500, 'InternalError', 'etcd'), 'unanswered', /500 InternalError/],
  ['a closed connection', ({ response }) => response.destroy(), 'unanswered', /./],
  ['silence', () => undefined, 'unanswered', /did not say in time/],
];
for (const [what, script, kind, reason] of answers) {
  test(`${what}: ${kind}`, async () => {
    server.script = script;
    const start = performance.now();
    const answer = await new ExemptionRights(access).mayExempt(ANN, 'shop', 300);
    assert.equal(answer.kind, kind);
    assert.match('reason' in answer ? answer.reason : '', reason);
    assert.ok(performance.now() - start < 2_000, 'it waits no longer than it was told');
  });
}

test('only so many are asked at once; the others are told', async () => {
  const waiting: Exchange[] = [];
  server.script = (exchange) => waiting.push(exchange);
  const rights = new ExemptionRights(access);
  const asked = Array.from({ length: 40 }, () => rights.mayExempt(ANN, 'shop', 5_000));
  for (let i = 0; i < 400 && waiting.length < 16; i++) await sleep(5);
  for (const { json } of waiting) json({ status: { allowed: true } });
  const kinds = (await Promise.all(asked)).map(({ kind }) => kind);
  assert.equal(kinds.filter((kind) => kind === 'granted').length, 16);
  assert.equal(kinds.filter((kind) => kind === 'unanswered').length, 24);
  server.script = ({ json }) => json({ status: { allowed: true } });
  assert.deepEqual(await rights.mayExempt(ANN, 'shop', 5_000), { kind: 'granted' });
});
