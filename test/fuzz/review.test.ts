import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type AdmissionDeps, type Answer, handleReview } from '../../src/admission/handle.ts';
import { Recent } from '../../src/admission/recent.ts';
import { Turns } from '../../src/admission/turns.ts';
import { cluster, judgeWith, nodePortService, policy, review } from '../admission/reviews.ts';
import { runs } from '../runs.ts';
import { quickly } from './clock.ts';
import { intruder, type Json, type Path, pathsOf, replaced } from './damage.ts';

/** Both changes below are denied for what their specs hold. */
const DENY = 'rules: {node-port-range: deny, namespace-isolated: deny}';
const store = cluster();
const judge = judgeWith(DENY);

function deps(): AdmissionDeps {
  return {
    snapshot: () => store,
    judge,
    recent: new Recent(),
    turns: new Turns(),
    now: () => performance.now(),
  };
}

const port = nodePortService('web', 3000);
const isolating = policy('all', {
  ingress: [
    { from: [{ podSelector: { matchLabels: { app: 'web' } } }], ports: [{ protocol: 'TCP', port: 80 }] },
  ],
});
const REVIEWS = [
  review({ object: port }),
  review({ object: port, oldObject: nodePortService('web', 30080), operation: 'UPDATE' }),
  review({ object: isolating }),
  review({ object: isolating, dryRun: true }),
  review({ oldObject: policy('gone'), operation: 'DELETE' }),
] as unknown as Json[];

const damaged = fc
  .constantFrom(...REVIEWS)
  .chain((intact) =>
    fc
      .array(fc.tuple(fc.constantFrom(...pathsOf(intact)), intruder), { minLength: 1, maxLength: 3 })
      .map((blows) => blows.reduce((value, [path, by]) => replaced(value, path, by), intact)),
  );

test('the reviews that are damaged here are denied when they are whole', () => {
  for (const intact of REVIEWS.slice(0, 4)) {
    assert.match(handleReview(intact, deps()).response, /"allowed":false/, JSON.stringify(intact));
  }
});

test('no review is a crash, a hang or an answer nobody can read', async () => {
  const bodies = fc.oneof({ weight: 5, arbitrary: damaged }, { weight: 1, arbitrary: intruder });
  await fc.assert(
    fc.asyncProperty(bodies, async (body) => {
      const answer = quickly(
        () => handleReview(body, deps()),
        () => JSON.stringify(body) ?? 'undefined',
      );
      wellFormed(await whole(answer));
    }),
    runs(1500),
  );
});

/** The answer to send, when there is much to judge. */
async function whole(answer: Answer): Promise<Answer> {
  return (await answer.later?.(1000)) ?? answer;
}

/** What decides: damage elsewhere must not turn a denial into leave. */
const DECIDING: readonly RegExp[] = [
  // What kind of object, and whether it is one that is judged at all.
  /^(apiVersion|kind|request)$/,
  /^request\.(kind|resource|subResource|operation|object|oldObject|namespace|name)(\.(group|kind|version|resource))?$/,
  /^request\.(object|oldObject)\.(kind|metadata|spec)$/,
  /^request\.(object|oldObject)\.metadata\.(name|namespace)$/,
  // The spec's own words: another spec is another question.
  /^request\.(object|oldObject)\.spec\./,
];

test('damage beside the point never turns a denial into leave', async () => {
  const aside = (intact: Json): Path[] =>
    pathsOf(intact).filter((path) => !DECIDING.some((pattern) => pattern.test(path.join('.'))));
  const denied = fc
    .constantFrom(...REVIEWS.slice(0, 4))
    .chain((intact) =>
      fc
        .array(fc.tuple(fc.constantFrom(...aside(intact)), intruder), { minLength: 1, maxLength: 4 })
        .map((blows) => blows.reduce((value, [path, by]) => replaced(value, path, by), intact)),
    );
  await fc.assert(
    fc.asyncProperty(denied, async (body) => {
      const answer = await whole(handleReview(body, deps()));
      wellFormed(answer);
      assert.doesNotMatch(answer.response, /"allowed":true/);
    }),
    runs(1500),
  );
});

test('a spec that cannot be read is refused, never taken for an empty one', () => {
  const unreadable = fc.constantFrom<Json | undefined>(undefined, null, 0, 'x', true, []);
  fc.assert(
    fc.property(fc.constantFrom(...REVIEWS.slice(0, 4)), unreadable, (intact, by) => {
      const answer = handleReview(replaced(intact, ['request', 'object', 'spec'], by), deps());
      assert.equal(answer.status, 400);
    }),
    runs(50),
  );
});

/** An AdmissionReview for the same uid, or a Status with its code: nothing else is an answer. */
function wellFormed(answer: Answer): void {
  const body = JSON.parse(answer.response) as { kind: string; code?: number; response?: unknown };
  assert.equal(answer.outcome?.error, undefined, String(answer.outcome?.error));
  if (answer.status === 200) {
    assert.equal(body.kind, 'AdmissionReview');
    const {
      uid,
      allowed,
      warnings = [],
    } = body.response as {
      uid: string;
      allowed: boolean;
      warnings?: string[];
    };
    assert.ok(uid !== '' && typeof allowed === 'boolean');
    for (const warning of warnings) assert.doesNotMatch(warning, /[\p{Cc}\p{Zl}\p{Zp}]/u);
  } else {
    assert.equal(answer.status, 400);
    assert.equal(body.kind, 'Status');
    assert.equal(body.code, 400);
  }
}
