import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { CertificateError } from '../../src/tls/check.ts';
import { selfMade } from '../../src/tls/directory.ts';
import { issueServing, newAuthority, newSerialNumber } from '../../src/tls/issue.ts';
import { loadServing } from '../../src/tls/serving.ts';

const DAY = 86_400_000;

async function inFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'portent-tls-'));
  try {
    await work(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test('a self-made certificate is good for localhost and the names given, and for nothing else', () =>
  inFolder(async (folder) => {
    const { serving, authority } = await selfMade(join(folder, 'new'), ['portent.portent.svc', '10.0.0.9']);
    for (const name of ['localhost', '127.0.0.1', '::1', 'portent.portent.svc', '10.0.0.9']) {
      assert(serving.covers(name), name);
    }
    for (const name of ['portent.default.svc', '127.0.0.2', 'Portent webhook'])
      assert(!serving.covers(name), name);
    assert(serving.signedBy(authority));
    const certificate = new X509Certificate(serving.certificate);
    assert.equal(certificate.ca, false);
    assert.equal(new X509Certificate(authority).ca, true);
    assert.equal(certificate.publicKey.asymmetricKeyDetails?.modulusLength, 2048);
  }));

test('openssl accepts the chain for a TLS server', () =>
  inFolder(async (folder) => {
    const { authorityPath } = await selfMade(folder, []);
    const args = [
      'verify',
      '-x509_strict',
      '-purpose',
      'sslserver',
      '-CAfile',
      authorityPath,
      join(folder, 'tls.crt'),
    ];
    const result = spawnSync('openssl', args, { encoding: 'utf8' });
    assert.equal(result.stdout.trim(), `${join(folder, 'tls.crt')}: OK`, result.stderr);
  }));

test('serial numbers are positive and have no byte too many', () => {
  for (let i = 0; i < 2000; i++) assert.match(newSerialNumber(), /^[4-7][0-9a-f]{31}$/);
});

test('only the owner may read the keys, and nothing else is left in the folder', () =>
  inFolder(async (folder) => {
    const made = join(folder, 'made');
    await selfMade(made, []);
    assert.equal(statSync(made).mode & 0o777, 0o700);
    for (const key of ['ca.key', 'tls.key']) assert.equal(statSync(join(made, key)).mode & 0o777, 0o600);
    assert.deepEqual(readdirSync(made).sort(), ['ca.crt', 'ca.key', 'tls.crt', 'tls.key']);
  }));

test('a second start keeps everything; a new name keeps the authority', () =>
  inFolder(async (folder) => {
    const first = await selfMade(folder, []);
    const second = await selfMade(folder, []);
    assert.equal(second.serving.certificate, first.serving.certificate);
    const third = await selfMade(folder, ['more.example']);
    assert.notEqual(third.serving.certificate, first.serving.certificate);
    assert.equal(third.authority, first.authority);
  }));

test('a certificate is renewed when a third of its life is left, and the authority stays', () =>
  inFolder(async (folder) => {
    const first = await selfMade(folder, [], new Date(Date.now() - 200 * DAY));
    const same = await selfMade(folder, [], new Date(Date.now() + 20 * DAY));
    assert.equal(same.serving.certificate, first.serving.certificate);
    const renewed = await selfMade(folder, [], new Date(Date.now() + 60 * DAY));
    assert.notEqual(renewed.serving.certificate, first.serving.certificate);
    assert.equal(renewed.authority, first.authority);
  }));

test('garbage in the folder is replaced', () =>
  inFolder(async (folder) => {
    await selfMade(folder, []);
    writeFileSync(join(folder, 'tls.crt'), 'garbage');
    const { serving } = await selfMade(folder, []);
    assert.equal(readFileSync(join(folder, 'tls.crt'), 'utf8'), serving.certificate);
  }));

test('a folder that cannot be made says which, and what to set', () =>
  inFolder(async (folder) => {
    const file = join(folder, 'file');
    writeFileSync(file, '');
    await assert.rejects(
      selfMade(join(file, 'x'), []),
      /x: .*; set tls\.directory to a folder that can be written$/,
    );
  }));

test('given files are loaded; what does not fit or is over is refused in words', () =>
  inFolder(async (folder) => {
    const authority = await newAuthority();
    const good = await issueServing(authority, ['a.example']);
    const other = await issueServing(authority, ['a.example']);
    const over = await issueServing(authority, ['a.example'], new Date(Date.now() - 400 * DAY));
    const put = (name: string, text: string) => {
      writeFileSync(join(folder, name), text);
      return join(folder, name);
    };
    const load = (certificate: string, key: string) =>
      loadServing({ kind: 'files', certificateFile: put('c.pem', certificate), keyFile: put('k.pem', key) });
    assert((await load(good.certificate, good.key)).current().covers('a.example'));
    await assert.rejects(load(good.certificate, other.key), /c\.pem: the private key does not belong/);
    await assert.rejects(load(over.certificate, over.key), /c\.pem: the certificate ended on .*; renew it/);
    await assert.rejects(load('x', good.key), /not a certificate in PEM form/);
    await assert.rejects(load(good.certificate, 'x'), /not a private key in PEM form/);
    const missing = {
      kind: 'files',
      certificateFile: join(folder, 'no'),
      keyFile: join(folder, 'k.pem'),
    } as const;
    await assert.rejects(loadServing(missing), /no: no such file/);
  }));

test('a refresh takes a new certificate, and keeps the old one when the new one is unusable', () =>
  inFolder(async (folder) => {
    const authority = await newAuthority();
    const [one, two] = [await issueServing(authority, ['a']), await issueServing(authority, ['a'])];
    const [certificateFile, keyFile] = [join(folder, 'c.pem'), join(folder, 'k.pem')];
    const put = (pair: { certificate: string; key: string }) => {
      writeFileSync(certificateFile, pair.certificate);
      writeFileSync(keyFile, pair.key);
    };
    put(one);
    const serving = await loadServing({ kind: 'files', certificateFile, keyFile });
    assert.equal(await serving.refresh(), 'same');
    put({ certificate: two.certificate, key: one.key });
    assert((await serving.refresh()) instanceof CertificateError);
    assert.equal(serving.current().certificate, one.certificate);
    put(two);
    assert.equal(await serving.refresh(), 'changed');
    assert.equal(serving.current().certificate, two.certificate);
  }));

test('files are watched: another pair is told of once, half a pair never, what stays broken once', () =>
  inFolder(async (folder) => {
    const authority = await newAuthority();
    const [one, two] = [await issueServing(authority, ['a']), await issueServing(authority, ['a'])];
    const [certificateFile, keyFile] = [join(folder, 'c.pem'), join(folder, 'k.pem')];
    writeFileSync(certificateFile, one.certificate);
    writeFileSync(keyFile, one.key);
    const problems: string[] = [];
    const changes: string[] = [];
    const source = { kind: 'files', certificateFile, keyFile } as const;
    const serving = await loadServing(source, ({ message }) => problems.push(message), 50);
    serving.follow(({ certificate }) => changes.push(certificate));
    try {
      // As the kubelet does it, but for the moment in between.
      writeFileSync(certificateFile, two.certificate);
      writeFileSync(keyFile, two.key);
      await until(() => changes.length > 0);
      assert.deepEqual([changes, problems], [[two.certificate], []]);
      writeFileSync(keyFile, 'garbage');
      await until(() => problems.length > 0);
      await sleep(200);
      assert.deepEqual([changes.length, problems.length], [1, 1], problems.join());
      assert.equal(serving.current().certificate, two.certificate);
      writeFileSync(certificateFile, one.certificate);
      writeFileSync(keyFile, one.key);
      await until(() => changes.length > 1);
    } finally {
      await serving.stop();
    }
  }));

async function until(condition: () => boolean): Promise<void> {
  for (let i = 0; i < 500 && !condition(); i++) await sleep(20);
  assert(condition());
}
