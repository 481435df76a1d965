/** How many series Prometheus has to keep, whatever is asked. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OPTIONAL, optionalLabel, REQUIRED } from '../../src/cluster/kinds.ts';
import { RULE_IDS } from '../../src/rules/index.ts';
import { Metrics } from '../../src/telemetry/metrics.ts';
import { LABEL_VALUES } from '../../src/telemetry/names.ts';
import { judgeWith, review } from '../admission/reviews.ts';
import { randomChanges } from '../bench/changes.ts';
import { benchCluster } from '../bench/cluster.ts';
import { loadCluster } from '../bench/load.ts';
import { pick, randomFrom } from '../bench/random.ts';
import { harness } from './harness.ts';

const REVIEWS = 10_000;
const kinds = [...REQUIRED.map(({ label }) => label), ...OPTIONAL.map(optionalLabel)];
/** A cluster that serves every kind there is; each watch of it has its series. */
const watches = kinds.map((kind) => ({
  kind,
  state: 'live' as const,
  synced: true,
  lastContact: 1,
  restarts: 0,
  relists: 0,
  objects: 1,
}));

test('10,000 random reviews leave fewer than 1,000 series, and no name in a label', {
  timeout: 120_000,
}, async () => {
  const metrics = new Metrics({
    rules: RULE_IDS,
    version: 'test',
    sources: {
      model: () => ({ state: 'live', pods: 1 }),
      watches: () => watches,
      certificateExpiry: () => 1,
      lag: () => 0,
      recent: () => 0,
      events: () => ({ written: 0, failed: 0, dropped: 0 }),
    },
  });
  const random = randomFrom(20);
  const judges = ['advise', 'standard', 'strict'].map((profile) => judgeWith(`profile: ${profile}`));
  const cluster = benchCluster(100, 20);
  const store = loadCluster(cluster);
  const server = await harness({
    metrics,
    admission: { snapshot: () => store, judge: (...asked) => pick(random, judges)(...asked) },
  });
  try {
    for (const [i, change] of randomChanges(cluster, REVIEWS).entries()) {
      const { statusCode } = await server.webhook.app.inject({
        method: 'POST',
        url: `/validate?timeout=${i + 10}s`,
        headers: { 'content-type': random() < 0.01 ? `text/x-${i}` : 'application/json' },
        payload: random() < 0.01 ? `{${i}` : JSON.stringify(strange(change, i, random)),
      });
      assert.ok([200, 400, 415].includes(statusCode), `${statusCode}`);
    }
    const lines = (await metrics.text()).split('\n').filter((line) => line !== '' && !line.startsWith('#'));
    assert.ok(lines.length > 200 && lines.length < 1_000, `${lines.length} series`);
    const counted = lines
      .filter((line) => line.startsWith('portent_admission_requests_total'))
      .reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
    assert.ok(counted > REVIEWS * 0.9, `${counted} reviews were counted`);
    assert.deepEqual(unexpected(lines), []);
  } finally {
    await server.close();
  }
});

/** A review with a user, a resource, a subresource or an operation of its own now and then. */
function strange(change: object, i: number, random: () => number): object {
  const extra = {
    ...(random() < 0.02 ? { resource: { group: `g-${i}`, version: 'v1', resource: `r-${i}` } } : {}),
    ...(random() < 0.02 ? { subResource: `s-${i}` } : {}),
    ...(random() < 0.02 ? { operation: pick(random, ['CONNECT', `OP-${i}`]) } : {}),
    ...(random() < 0.02 ? { kind: { group: '', version: 'v1', kind: `Kind-${i}` } } : {}),
  };
  return review({ ...change, user: `user-${i}`, dryRun: random() < 0.5, extra });
}

/** Label values that are in no closed set. */
function unexpected(lines: readonly string[]): string[] {
  const known = new Set<string>([
    ...Object.values(LABEL_VALUES).flat(),
    ...RULE_IDS,
    ...kinds,
    ...['other', 'test', process.versions.node],
  ]);
  const values = lines.flatMap((line) => [...line.matchAll(/(\w+)="([^"]*)"/g)]);
  return values.flatMap(([pair, label, value = '']) => (label === 'le' || known.has(value) ? [] : [pair]));
}
