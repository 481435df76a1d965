/** Facts about the samples that hold whatever the wording is. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { portent } from './portent.ts';

interface Finding {
  readonly rule: string;
  readonly action: string;
  readonly subject: string;
  readonly message: string;
  readonly because: readonly string[];
}

interface Row {
  readonly from: string;
  readonly to: string;
  readonly connections: readonly string[];
}

interface Answer {
  readonly decision: string;
  readonly changes: readonly {
    readonly operation: string;
    readonly object: { readonly kind: string; readonly namespace: string; readonly name: string };
    readonly decision: string;
    readonly findings: readonly Finding[];
    readonly diff?: { readonly lost: readonly Row[]; readonly gained: readonly Row[] };
  }[];
  readonly diff: { readonly lost: readonly Row[]; readonly gained: readonly Row[] };
}

function check(world: string, ...more: string[]): Answer {
  const folder = `test/worlds/${world}`;
  const { stdout } = portent([
    'check',
    '-f',
    `${folder}/change.yaml`,
    '--snapshot',
    `${folder}/snapshot`,
    '-o',
    'json',
    ...more,
  ]);
  return JSON.parse(stdout) as Answer;
}

function pairs(rows: readonly Row[]): Set<string> {
  return new Set(rows.map(({ from, to }) => `${from} -> ${to}`));
}

test('guestbook: the replicas lose their master, the stray pod loses redis, the guestbook keeps it', () => {
  const { decision, changes, diff } = check('guestbook');
  assert.equal(decision, 'warn');
  const lost = pairs(diff.lost);
  assert.ok(lost.has('default/redis-slave[Deployment] -> default/redis-master[Deployment]'));
  assert.ok(lost.has('default/busybox -> default/redis-master[Deployment]'));
  assert.ok(!lost.has('default/guestbook[Deployment] -> default/redis-master[Deployment]'));
  assert.ok(!lost.has('default/guestbook[Deployment] -> default/redis-slave[Deployment]'));
  assert.deepEqual(diff.gained, []);
  const replication = changes[0]?.findings.find(({ rule, subject }) => {
    return rule === 'connectivity-lost' && subject === 'default/redis-master[Deployment]';
  });
  assert.match(replication?.message ?? '', /redis-slave.*6379/);
  assert.deepEqual(replication?.because, ['NetworkPolicy default/redis']);
});

test('guestbook: deleting the policy again gives back what it took', () => {
  const made = check('guestbook').diff;
  const gone = check('guestbook', '--delete').diff;
  assert.deepEqual(gone, { lost: made.gained, gained: made.lost });
});

test('regions: the second policy makes the exception of the first ineffective', () => {
  const { changes, diff } = check('regions');
  const [first, second] = changes;
  assert.ok(pairs(first?.diff?.lost ?? []).has('clients/us-east-2 -> regions/server'));
  assert.ok(
    second?.findings.some(
      ({ rule, message }) => rule === 'except-ineffective' && /10\.244\.2\.42/.test(message),
    ),
  );
  assert.ok(pairs(second?.diff?.gained ?? []).has('clients/us-east-2 -> regions/server'));
  assert.deepEqual(diff, { lost: [], gained: [] }, 'both together leave everything as it was');
});

test('regions: as one change, each policy is judged against the whole', () => {
  const { changes, diff } = check('regions', '--together');
  assert.ok(changes.every((change) => change.diff === undefined));
  assert.ok(changes.some(({ findings }) => findings.some(({ rule }) => rule === 'except-ineffective')));
  assert.deepEqual(diff, { lost: [], gained: [] });
});

test('database egress: names can no longer be resolved', () => {
  const { changes } = check('database-egress');
  assert.ok(changes[0]?.findings.some(({ rule, action }) => rule === 'dns-cut' && action === 'warn'));
});

test('node ports: 30007 is in the range, 3000 is denied', () => {
  const { decision, changes } = check('node-port');
  assert.equal(decision, 'deny');
  const outside = changes.flatMap(({ object, findings }) =>
    findings.filter(({ rule }) => rule === 'node-port-range').map(({ action }) => [object.name, action]),
  );
  assert.deepEqual(outside, [['guestbook-3000', 'deny']]);
});
