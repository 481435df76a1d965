import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parsePod } from '../../../src/model/parse/index.ts';

function found(container: object): string[] {
  const pod = parsePod({ metadata: { name: 'p', namespace: 'shop' }, spec: { containers: [container] } });
  return (pod?.references ?? []).map(
    ({ namespace, service, port, source }) => `${namespace}/${service}:${port} (${source})`,
  );
}

test('Services named in env values', () => {
  const cases: [string, string, string[]][] = [
    ['REDIS_HOST', 'redis', ['shop/redis:0 (env REDIS_HOST)']],
    ['REDIS_HOST', 'redis.cache', ['cache/redis:0 (env REDIS_HOST)']],
    ['ANY', 'redis.cache.svc', ['cache/redis:0 (env ANY)']],
    ['ANY', 'http://api.core.svc.cluster.local:8080/v1?x=1', ['core/api:8080 (env ANY)']],
    ['ANY', 'api:8080', ['shop/api:8080 (env ANY)']],
    ['DB_URL', 'postgres://user:secret@db:5432/shop', ['shop/db:5432 (env DB_URL)']],
    [
      'KAFKA_BROKERS',
      'k-0.k:9092,k-1.k:9092',
      ['k/k-0:9092 (env KAFKA_BROKERS)', 'k/k-1:9092 (env KAFKA_BROKERS)'],
    ],
    ['MODE', 'production', []],
    ['PASSWORD', 'hunter2', []],
    ['PASSWORD', 'hunter2:99', []],
    ['DB_TOKEN', 'a:1,abc:23', []],
    ['AUTH_HOST', 'auth:80', ['shop/auth:80 (env AUTH_HOST)']],
    ['AUTH_SERVER', 'auth', ['shop/auth:0 (env AUTH_SERVER)']],
    ['DB_PASSWORD_FROM', 'http://vault:8200/secret', ['shop/vault:8200 (env DB_PASSWORD_FROM)']],
    ['API_URL', 'https://api.example.com/v1', []],
    ['API_HOST', '10.0.0.1', []],
    ['API_HOST', 'localhost', []],
    ['IMAGE', 'registry:5000/app', []],
    ['ANY', 'name:99999', []],
    ['ANY', '$(OTHER):80', []],
  ];
  for (const [name, value, expected] of cases) {
    assert.deepEqual(found({ env: [{ name, value }] }), expected, `${name}=${value}`);
  }
});

test('Services named in command and arguments', () => {
  assert.deepEqual(
    found({ command: ['run', '--store=store:6379'], args: ['-v', 'http://auth/login', 'plain'] }),
    ['shop/store:6379 (command 2)', 'shop/auth:0 (argument 2)'],
  );
  const args = ['--password=hunter2:99', '--token', 'hunter3:99', '--api', 'api:80', '--store', 'store:81'];
  assert.deepEqual(found({ args }), ['shop/api:80 (argument 5)', 'shop/store:81 (argument 7)']);
});

test('no value is kept, only names; the number of references is bounded', () => {
  const secret = found({ env: [{ name: 'DB_URL', value: 'postgres://admin:s3cr3t@db/x' }] });
  assert.doesNotMatch(secret.join(), /s3cr3t|admin/);
  const many = Array.from({ length: 500 }, (_, i) => `s${i}:80`).join(',');
  assert.equal(found({ env: [{ name: 'X', value: many }] }).length, 64);
  assert.deepEqual(found({ env: [{ name: 'X_HOST', value: 'a'.repeat(100_000) }] }), []);
});
