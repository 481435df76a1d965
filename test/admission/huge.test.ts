/** Objects that take long to read and to judge: both are turns of their own, and others are answered in between. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type AdmissionDeps, type Answer, handleReview } from '../../src/admission/handle.ts';
import { Recent } from '../../src/admission/recent.ts';
import { cluster, judgeWith, policy, review } from './reviews.ts';

const ingress = (count: number) =>
  Array.from({ length: count }, (_, i) => ({
    from: [{ podSelector: { matchLabels: { app: `app-${i}` } } }],
    ports: [{ port: 1 + i }],
  }));

function deps(over: Partial<AdmissionDeps> = {}): AdmissionDeps {
  const store = cluster();
  return {
    snapshot: () => store,
    judge: judgeWith('rules: {namespace-isolated: warn}'),
    recent: new Recent(),
    now: () => performance.now(),
    ...over,
  };
}

/** The answer to a huge policy, as it comes after the others. */
async function later(with_: AdmissionDeps): Promise<Answer> {
  const answer = handleReview(review({ object: policy('huge', { ingress: ingress(2000) }) }), with_);
  assert.equal(answer.outcome, undefined, 'not judged yet');
  assert.ok(answer.later !== undefined);
  return answer.later(1000);
}

test('a huge policy is judged after whoever waits', async () => {
  const order: string[] = [];
  setImmediate(() => order.push('another'));
  const answer = await later(
    deps({
      judge: (...given) => {
        order.push('huge');
        return judgeWith('rules: {namespace-isolated: warn}')(...given);
      },
    }),
  );
  assert.deepEqual(order, ['another', 'huge']);
  assert.equal(answer.status, 200);
  assert.equal(answer.outcome?.decision, 'warn');
  const { response } = JSON.parse(answer.response) as { response: { allowed: boolean; warnings: string[] } };
  assert.equal(response.allowed, true);
  assert.match(
    response.warnings.join('\n'),
    /^namespace-isolated: .*selects every pod of namespace default/m,
  );
});

test('a crash in its turn is 500 and never an allowance', async () => {
  const answer = await later(
    deps({
      judge: () => {
        throw new Error('a bug');
      },
    }),
  );
  assert.equal(answer.status, 500);
  assert.match(
    answer.response,
    /Portent failed on NetworkPolicy default\/huge, and the change was not judged/,
  );
});

test('other policies are judged at once', () => {
  const answer = handleReview(review({ object: policy('small', { ingress: ingress(500) }) }), deps());
  assert.equal(answer.later, undefined);
  assert.equal(answer.outcome?.decision, 'warn');
});
