/** The rehearsal after a start: real judgements of a cluster that is not there, which leave no trace. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AdmissionDeps } from '../../src/admission/handle.ts';
import { Recent } from '../../src/admission/recent.ts';
import { rehearse } from '../../src/admission/rehearsal/rehearse.ts';
import { reviews } from '../../src/admission/rehearsal/reviews.ts';
import { Turns } from '../../src/admission/turns.ts';
import { RULES } from '../../src/rules/index.ts';
import { isSteps } from '../../src/simulate/steps.ts';
import { cluster, judgeWith } from './reviews.ts';

const real = judgeWith('');

function deps(judge: AdmissionDeps['judge']): AdmissionDeps {
  const nobody = (): never => assert.fail('the real cluster was looked at');
  return { snapshot: nobody, judge, recent: new Recent(), turns: new Turns(nobody), now: () => 0 };
}

test('every review is judged, over and over, and rules find something to say', async () => {
  const seen = new Map<string, number>();
  let judged = 0;
  const count = await rehearse(
    deps((...asked) => {
      judged++;
      const verdict = real(...asked);
      if (isSteps(verdict)) assert.fail('longer than one turn');
      for (const { rule } of verdict.findings) seen.set(rule, (seen.get(rule) ?? 0) + 1);
      return verdict;
    }),
  );
  assert.equal(judged, count);
  assert.equal(count % reviews().length, 0);
  assert.ok(count / reviews().length >= 20, `${count}`);
  for (const rule of ['connectivity-lost', 'connectivity-gained', 'service-unreachable', 'dns-cut'])
    assert.ok((seen.get(rule) ?? 0) > 0, `${rule} said nothing; ${[...seen.keys()].join()}`);
  assert.ok(seen.size < RULES.length);
});

test('it ends when the webhook does', async () => {
  const ended = new AbortController();
  let judged = 0;
  const count = await rehearse(
    deps((...asked) => {
      if (++judged === 7) ended.abort();
      return real(...asked);
    }),
    ended.signal,
  );
  assert.deepEqual([judged, count], [7, 7]);
});

test('what is admitted in it is remembered nowhere', async () => {
  const recent = new Recent();
  const store = cluster();
  await rehearse({ snapshot: () => store, judge: real, recent, turns: new Turns(), now: () => 0 });
  assert.equal(recent.size, 0);
});

test('an answer that is no answer is an error', async () => {
  const broken = (): never => {
    throw new Error('a bug');
  };
  await assert.rejects(
    rehearse(deps(broken)),
    /the rehearsal of NetworkPolicy here\/new-0 was answered with 500/,
  );
});
