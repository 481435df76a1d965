/** Objects with much to judge: judged in steps while the model is held, and others are answered in between. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { type AdmissionDeps, type Answer, handleReview } from '../../src/admission/handle.ts';
import type { Judge } from '../../src/admission/judging.ts';
import { Recent } from '../../src/admission/recent.ts';
import { Turns } from '../../src/admission/turns.ts';
import { isSteps, type Steps } from '../../src/simulate/steps.ts';
import { cluster, judgeWith, policy, review } from './reviews.ts';

const ingress = (count: number) =>
  Array.from({ length: count }, (_, i) => ({
    from: [{ podSelector: { matchLabels: { app: `app-${i}` } } }],
    ports: [{ port: 1 + i }],
  }));

const real = judgeWith('rules: {namespace-isolated: warn}');

function deps(over: Partial<AdmissionDeps> = {}): AdmissionDeps {
  const store = cluster();
  return {
    snapshot: () => store,
    judge: real,
    recent: new Recent(),
    turns: new Turns(),
    now: () => performance.now(),
    ...over,
  };
}

const huge = (name: string): object => review({ object: policy(name, { ingress: ingress(2000) }) });

/** The answer to a huge policy, as it comes after the others. */
function later(with_: AdmissionDeps, name = 'huge'): Promise<Answer> {
  const answer = handleReview(huge(name), with_);
  assert.equal(answer.outcome, undefined, 'not judged yet');
  assert.ok(answer.later !== undefined);
  return answer.later(1000);
}

/** Notes when the model is held and let go. */
function held(notes: string[]): Turns {
  return new Turns(() => {
    notes.push('held');
    return () => notes.push('free');
  });
}

function* toItsEnd<T>(steps: Steps<T>, ended: () => void): Steps<T> {
  const value = yield* steps;
  ended();
  return value;
}

test('a huge policy is judged in steps, and others in between', async () => {
  const judged: string[] = [];
  const judge: Judge = (snapshot, change, context) => {
    const { name } = change.after ?? assert.fail('nothing to judge');
    judged.push(`${name} begins`);
    const verdict = real(snapshot, change, context);
    return isSteps(verdict) ? toItsEnd(verdict, () => judged.push(`${name} ends`)) : verdict;
  };
  const with_ = deps({ judge });
  const answer = later(with_);
  judged.length = 0;
  // Two turns until it begins, and at least ten more until it ends.
  for (let i = 0; i < 8; i++) {
    await turn();
    const small = handleReview(review({ object: policy(`small-${i}`), dryRun: true }), with_);
    assert.notEqual(small.outcome, undefined);
  }
  const { outcome, response, status } = await answer;
  assert.equal(status, 200);
  assert.equal(outcome?.decision, 'warn');
  const between = judged.slice(judged.indexOf('huge begins') + 1, judged.indexOf('huge ends'));
  assert.ok(between.filter((note) => /^small-. begins$/.test(note)).length >= 3, judged.join(', '));
  const { response: said } = JSON.parse(response) as { response: { allowed: boolean; warnings: string[] } };
  assert.equal(said.allowed, true);
  assert.match(said.warnings.join('\n'), /^namespace-isolated: .*selects every pod of namespace default/m);
});

test('an update of a huge policy is read in two turns, and what is wrong with the second is told', async () => {
  const object = policy('huge', { ingress: ingress(2000) });
  const update = (next: unknown) => review({ operation: 'UPDATE', oldObject: object, object: next });
  const good = await handleReview(update(object), deps()).later?.(1000);
  assert.equal(good?.outcome?.operation, 'update');
  assert.equal(good.status, 200);
  const bad = await handleReview(update({ ...object, spec: 1 }), deps()).later?.(1000);
  assert.equal(bad?.status, 400);
  assert.match(bad.response, /request\.object\.spec is missing or not an object/);
});

test('the model is held while one is judged, and free before the next', async () => {
  const notes: string[] = [];
  const with_ = deps({ turns: held(notes) });
  await Promise.all([later(with_, 'one'), later(with_, 'two')]);
  assert.deepEqual(notes, ['held', 'free', 'held', 'free']);
});

test('a crash in a later step is 500 and never an allowance, and lets the model go', async () => {
  const notes: string[] = [];
  const judge: Judge = function* () {
    yield;
    throw new Error('a bug');
  };
  const with_ = deps({ judge, turns: held(notes) });
  const [one, two] = await Promise.all([later(with_, 'one'), later(with_, 'two')]);
  for (const [name, answer] of [
    ['one', one],
    ['two', two],
  ] as const) {
    assert.equal(answer.status, 500);
    const said = new RegExp(`Portent failed on NetworkPolicy default/${name}, and the change was not judged`);
    assert.match(answer.response, said);
  }
  assert.deepEqual(notes, ['held', 'free', 'held', 'free']);
});

test('a judgement that has to wait is made of the model as it is then', async () => {
  const store = cluster();
  const with_ = deps({ snapshot: () => store });
  const [first, second] = [later(with_, 'first'), later(with_, 'second')];
  await first;
  store.removeNamespace('default');
  store.removePod('default', 'web');
  store.removeService('default', 'web');
  const { outcome } = await second;
  assert.deepEqual(
    outcome?.findings.map(({ rule }) => rule).filter((rule) => rule === 'namespace-isolated'),
    [],
  );
});

test('other policies are judged at once', () => {
  const answer = handleReview(review({ object: policy('small', { ingress: ingress(300) }) }), deps());
  assert.equal(answer.later, undefined);
  assert.equal(answer.outcome?.decision, 'warn');
});
