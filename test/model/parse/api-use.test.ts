/** What shows that a pod calls the API server, and that it is scraped. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { slim } from '../../../src/cluster/slim.ts';
import { parsePod, parseScrapedAt } from '../../../src/model/parse/pod.ts';
import { parseWorkload } from '../../../src/model/parse/workload.ts';

const TOKEN = (name: string, audience?: string) => ({
  name,
  projected: {
    sources: [{ serviceAccountToken: { path: 'token', ...(audience === undefined ? {} : { audience }) } }],
  },
});
const container = (more: object = {}): object => ({ name: 'main', image: 'example/main', ...more });
const raw = (spec: object, uid?: string) => ({
  metadata: { name: 'p', namespace: 'a', ...(uid === undefined ? {} : { uid }) },
  spec: { containers: [container()], ...spec },
});

const live = (spec: object): string | undefined => parsePod(raw(spec, 'u'))?.apiUse;
const template = (spec: object): string =>
  parseWorkload({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'w', namespace: 'a' },
    spec: { template: { metadata: { labels: { app: 'w' } }, spec: { containers: [container()], ...spec } } },
  }).pod.apiUse;

describe('a stored pod', () => {
  const mounted = [TOKEN('kube-api-access-x7b2z')];
  const cases: readonly [string, object, string][] = [
    ['the mounted token of the account default', { serviceAccountName: 'default', volumes: mounted }, ''],
    [
      'the mounted token of another account',
      { serviceAccountName: 'ci', volumes: mounted },
      'service account ci',
    ],
    ['another account, its token not mounted', { serviceAccountName: 'ci' }, ''],
    [
      'a token of before 1.22',
      {
        serviceAccountName: 'ci',
        volumes: [{ name: 'ci-token-ab1cd', secret: { secretName: 'ci-token-ab1cd' } }],
      },
      'service account ci',
    ],
    ['a projected token', { volumes: [TOKEN('api')] }, 'a projected token'],
    ['a token for somebody else', { volumes: [TOKEN('vault', 'vault')] }, ''],
    [
      'other volumes',
      { serviceAccountName: 'ci', volumes: [{ name: 'x', secret: { secretName: 's' } }] },
      '',
    ],
    [
      'the address of the API server in env',
      { containers: [container({ env: [{ name: 'KUBERNETES_SERVICE_HOST', value: '10.0.0.1' }] })] },
      'env KUBERNETES_SERVICE_HOST',
    ],
    ['leader election', { containers: [container({ args: ['--leader-elect'] })] }, 'argument --leader-elect'],
    ['leader election turned off', { containers: [container({ args: ['--leader-elect=false'] })] }, ''],
    [
      'nonsense',
      { volumes: [null, 7, { projected: { sources: [null, { serviceAccountToken: 3 }] } }] },
      'a projected token',
    ],
  ];
  for (const [title, spec, expected] of cases) test(title, () => assert.equal(live(spec), expected));
});

describe('a template', () => {
  test('mounts the token of its account unless it says no', () => {
    assert.equal(template({ serviceAccountName: 'ci' }), 'service account ci');
    assert.equal(template({ serviceAccountName: 'ci', automountServiceAccountToken: false }), '');
    assert.equal(template({ serviceAccountName: 'default' }), '');
    assert.equal(template({}), '');
  });
});

test('a saved pod brings it along, and no volumes', () => {
  const saved = slim(
    raw({ serviceAccountName: 'ci', volumes: [TOKEN('kube-api-access-x7b2z')] }, 'u'),
    'v1',
    'Pod',
  );
  assert.doesNotMatch(JSON.stringify(saved), /volumes|projected/);
  assert.equal(parsePod(saved)?.apiUse, 'service account ci');
});

describe('scraping by annotations', () => {
  const at = (scrape: unknown, port?: unknown): number =>
    parseScrapedAt({ 'prometheus.io/scrape': scrape, 'prometheus.io/port': port });
  test('the port, all declared ports, or not at all', () => {
    assert.deepEqual(
      [
        at('true', '9102'),
        at('true'),
        at('true', '0'),
        at('true', '70000'),
        at('true', '9x'),
        at('false', '9102'),
        at(true),
      ],
      [9102, -1, -1, -1, -1, 0, 0],
    );
    assert.equal(parseScrapedAt(undefined), 0);
  });
});
