import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseConfigMap } from '../../../src/model/parse/config-map.ts';
import { parsePod } from '../../../src/model/parse/index.ts';

const found = (data: unknown): string[] =>
  parseConfigMap({ metadata: { namespace: 'shop', name: 'c' }, data }).entries.flatMap(
    ({ key, references }) =>
      references.map(({ namespace, service, port, source }) => {
        assert.equal(source, `ConfigMap c key ${key}`);
        return `${key} ${namespace}/${service}:${port}`;
      }),
  );

test('a ConfigMap is read as the env values of a pod are', () => {
  assert.deepEqual(
    found({
      DB_HOST: 'db',
      CACHE: 'redis.cache.svc:6379',
      MODE: 'production',
      PASSWORD: 'hunter2:99',
      DB_URL: 'postgres://user:secret@db:5432/shop',
    }),
    ['DB_HOST shop/db:0', 'CACHE cache/redis:6379', 'DB_URL shop/db:5432'],
  );
});

test('a file in a ConfigMap is read line by line, each by its own name', () => {
  const file = [
    '# see http://docs.example/page',
    '// or http://notes.example/page',
    'spring:',
    '  datasource:',
    '    url: jdbc:postgresql://db:5432/shop',
    '    password: hunter2:99',
    'redis.host=redis',
    'mode=production',
    '"api_host": "api",',
    '- server: queue:5672',
    'proxy_pass http://back.other;',
    'upstream front:8080',
  ].join('\n');
  const names = [
    'shop/db:5432',
    'shop/redis:0',
    'shop/api:0',
    'shop/queue:5672',
    'other/back:0',
    'shop/front:8080',
  ];
  assert.deepEqual(
    found({ hosts: file }),
    names.map((name) => `hosts ${name}`),
  );
});

test('no value stays, and what is not text is left alone', () => {
  const raw = {
    metadata: { namespace: 'shop', name: 'c' },
    data: {
      DB_URL: 'postgres://user:secret@db:5432/shop',
      NOTE: 'secret',
      n: 5,
      o: { HOST: 'db' },
      a: ['db:1'],
    },
    binaryData: { DB_HOST: 'ZGI6NTQzMg==' },
  };
  const text = JSON.stringify(parseConfigMap(raw));
  assert.doesNotMatch(text, /secret|NOTE|ZGI/);
  for (const data of [undefined, null, 5, 'db:1', ['db:1'], {}]) assert.deepEqual(found(data), []);
  assert.deepEqual(parseConfigMap(null), { namespace: 'default', name: '', entries: [] });
});

test('a huge ConfigMap costs little and shows a bounded number of Services', () => {
  const many = Object.fromEntries(Array.from({ length: 1000 }, (_, i) => [`k${i}`, `a${i}-1:80,a${i}-2:80`]));
  assert.equal(found(many).length, 64);
  assert.equal(found({ list: Array.from({ length: 9000 }, (_, i) => `s${i}:80`).join('\n') }).length, 64);
  // 16 KiB of each value, cut between two words.
  assert.deepEqual(found({ x: `${'- '.repeat(8190)}back-end:80` }), []);
  assert.deepEqual(found({ x: `${'- '.repeat(8180)}back:80 z` }), ['x shop/back:80']);
  for (const piece of ['a', 'a:', '-', '\n', ' ', 'a.', 'a\n', '"', 'a=', 'a+', '//']) {
    const data = Object.fromEntries(
      Array.from({ length: 16 }, (_, i) => [`k${i}`, piece.repeat(2 ** 20 / piece.length)]),
    );
    const start = performance.now();
    found(data);
    assert.ok(performance.now() - start < 1000, JSON.stringify(piece));
  }
});

test('a pod notes the ConfigMaps that its spec mentions, or the keys of them that reach it', () => {
  const pod = (spec: object) => parsePod({ metadata: { name: 'p', namespace: 'shop' }, spec });
  const configs = (spec: object): readonly string[] => pod(spec)?.configs ?? [];
  assert.deepEqual(
    configs({
      containers: [
        {
          envFrom: [{ configMapRef: { name: 'whole' } }, { secretRef: { name: 'no' } }],
          env: [
            { name: 'A', valueFrom: { configMapKeyRef: { name: 'some', key: 'b' } } },
            { name: 'B', valueFrom: { configMapKeyRef: { name: 'some', key: 'a' } } },
            { name: 'C', valueFrom: { configMapKeyRef: { name: 'whole', key: 'a' } } },
            { name: 'D', valueFrom: { secretKeyRef: { name: 'no', key: 'a' } } },
          ],
        },
      ],
      initContainers: [{ envFrom: [{ configMapRef: { name: 'first' } }] }],
      volumes: [
        { configMap: { name: 'files' } },
        { configMap: { name: 'items', items: [{ key: 'x', path: 'y' }] } },
        { secret: { secretName: 'no' } },
        {
          projected: {
            sources: [
              { configMap: { name: 'part' } },
              { configMap: { name: 'kube-root-ca.crt' } },
              { secret: {} },
            ],
          },
        },
      ],
    }),
    ['files', 'first', 'items/x', 'part', 'some/a', 'some/b', 'whole'],
  );
  const plain = [pod({ containers: [] }), pod({ containers: [{ env: [{ name: 'DB_HOST', value: 'db' }] }] })];
  assert.equal(plain[0]?.configs, plain[1]?.configs);
  for (const each of plain) assert.equal(each?.ownReferences, each?.references);
  const volumes = Array.from({ length: 500 }, (_, i) => ({ configMap: { name: `c${i}` } }));
  assert.equal(configs({ volumes }).length, 64);
  for (const garbage of [null, 5, 'x', {}, [null, 5, { configMap: 5 }, { projected: { sources: 5 } }]])
    assert.deepEqual(configs({ containers: [{ env: garbage, envFrom: garbage }], volumes: garbage }), []);
});
