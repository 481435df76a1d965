import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type AdmissionDeps, type Answer, handleReview } from '../../src/admission/handle.ts';
import { Recent } from '../../src/admission/recent.ts';
import { Turns } from '../../src/admission/turns.ts';
import {
  cluster,
  judgeWith,
  nodePortService,
  policy,
  type ReviewOptions,
  review,
  type Wire,
} from './reviews.ts';

const DENY = 'rules: {node-port-range: deny, namespace-isolated: warn}';

interface Response {
  readonly uid: string;
  readonly allowed: boolean;
  readonly warnings?: readonly string[];
  readonly status?: {
    code: number;
    reason: string;
    message: string;
    details?: { causes: { reason: string }[] };
  };
  readonly auditAnnotations?: Record<string, string>;
}

function deps(over: Partial<AdmissionDeps> = {}): AdmissionDeps {
  const store = cluster();
  return {
    snapshot: () => store,
    judge: judgeWith(DENY),
    recent: new Recent(),
    turns: new Turns(),
    now: () => performance.now(),
    ...over,
  };
}

function ask(options: ReviewOptions, with_: AdmissionDeps = deps()): { answer: Answer; response: Response } {
  const answer = handleReview(review(options), with_);
  const body = JSON.parse(answer.response) as { apiVersion: string; kind: string; response: Response };
  assert.equal(answer.status, 200, answer.response);
  assert.equal(body.apiVersion, 'admission.k8s.io/v1');
  assert.equal(body.kind, 'AdmissionReview');
  return { answer, response: body.response };
}

/** The status and message a body is refused with. */
function refused(body: unknown): { status: number; message: string } {
  const answer = handleReview(body, deps());
  const { message, code, kind } = JSON.parse(answer.response) as {
    message: string;
    code: number;
    kind: string;
  };
  assert.equal(kind, 'Status');
  assert.equal(code, answer.status);
  assert.doesNotMatch(answer.response, /"allowed":true/);
  return { status: answer.status, message };
}

test('a denial is 403 with the reasons, the causes and the uid of the request', () => {
  const { answer, response } = ask({ object: nodePortService('shop', 3000) });
  assert.equal(response.uid, 'c0ffee00-0000-4000-8000-000000000001');
  assert.equal(response.allowed, false);
  assert.equal(response.status?.code, 403);
  assert.equal(response.status?.reason, 'Forbidden');
  assert.match(response.status?.message ?? '', /3000/);
  assert.deepEqual(
    response.status?.details?.causes.map(({ reason }) => reason),
    ['node-port-range'],
  );
  assert.equal(answer.outcome?.decision, 'deny');
});

test('a warning is shown and the change allowed', () => {
  const { response } = ask({ object: policy('isolate') });
  assert.equal(response.allowed, true);
  assert((response.warnings?.length ?? 0) > 0);
  for (const key of Object.keys(response.auditAnnotations ?? {})) assert.match(key, /^[A-Za-z0-9._-]+$/);
  assert.equal(response.auditAnnotations?.decision, 'warn');
});

test('a deletion is read from oldObject alone, without a name in the request', () => {
  const oldObject = policy('gone');
  const { answer, response } = ask({ operation: 'DELETE', oldObject, extra: { name: undefined } });
  assert.equal(response.allowed, true);
  assert.equal(answer.outcome?.object, 'NetworkPolicy default/gone');
});

test('an object that is being deleted is judged like any other', () => {
  const object = nodePortService('shop', 3000);
  Object.assign(object.metadata as Wire, { deletionTimestamp: '2026-01-01T00:00:00Z', finalizers: ['a/b'] });
  const { response } = ask({ operation: 'UPDATE', oldObject: nodePortService('shop', 30001), object });
  assert.equal(response.allowed, false);
});

test("the API server's own Service is left alone, and only when it is the API server that writes it", () => {
  const object = nodePortService('kubernetes', 3000);
  assert.equal(ask({ object, user: 'system:apiserver' }).answer.outcome?.decision, 'skip');
  assert.equal(ask({ object, user: 'alice' }).response.allowed, false);
  const other = nodePortService('kubernetes', 3000, 'old');
  assert.notEqual(ask({ object: other, user: 'system:apiserver' }).answer.outcome?.decision, 'skip');
});

test('a terminating namespace is never held up, and the reason stays visible', () => {
  const { response, answer } = ask({ object: nodePortService('shop', 3000, 'old') });
  assert.equal(response.allowed, true);
  assert.equal(answer.outcome?.decision, 'warn');
  assert.match(
    response.warnings?.[0] ?? '',
    /node-port-range \(not denied, because namespace old is being deleted\)/,
  );
});

test("the namespace controller's deletions are never denied, those of others are", () => {
  const isolated = policy('guard');
  const judge: AdmissionDeps['judge'] = () => ({
    decision: 'deny',
    findings: [{ rule: 'r', severity: 'high', action: 'deny', subject: 's', message: 'no.' }],
    warnings: [],
    denial: 'no.',
    auditAnnotations: {},
    unchecked: [],
    exemptions: [],
  });
  const allowed = (user: string) =>
    ask({ operation: 'DELETE', oldObject: isolated, user }, deps({ judge })).response.allowed;
  assert.equal(allowed('system:serviceaccount:kube-system:namespace-controller'), true);
  assert.equal(allowed('system:serviceaccount:default:namespace-controller'), false);
});

for (const [what, extra] of [
  ['a subresource', { subResource: 'status' }],
  ['CONNECT', { operation: 'CONNECT' }],
  ['another kind', { kind: { group: 'apps', version: 'v1', kind: 'Deployment' } }],
  ['a kind called constructor', { kind: { group: '', version: 'v1', kind: 'constructor' } }],
] as const) {
  test(`${what} is not judged: allowed without a word`, () => {
    const { answer, response } = ask({ object: nodePortService('shop', 3000), extra });
    assert.deepEqual(response, { uid: response.uid, allowed: true });
    assert.equal(answer.outcome?.decision, 'skip');
  });
}

const good = review({ object: policy('p') });
const without = (key: string): Wire => ({
  ...good,
  request: { ...(good.request as Wire), [key]: undefined },
});
const withObject = (object: unknown): Wire => ({ ...good, request: { ...(good.request as Wire), object } });
const malformed: readonly [string, unknown, RegExp][] = [
  ['nothing', undefined, /not nothing/],
  ['null', null, /not nothing/],
  ['a list', [good], /not a list/],
  ['a text', 'x', /not a string/],
  ['an empty object', {}, /no apiVersion, no kind/],
  ['another kind', { ...good, kind: 'Status' }, /this is admission\.k8s\.io\/v1, Status/],
  [
    'v1beta1',
    { ...good, apiVersion: 'admission.k8s.io/v1beta1' },
    /unknown version admission\.k8s\.io\/v1beta1; .*admissionReviewVersions/,
  ],
  ['no request', { ...good, request: undefined }, /no request/],
  ['a request that is a list', { ...good, request: [] }, /no request/],
  ['no uid', without('uid'), /request\.uid is missing/],
  ['no operation', without('operation'), /request\.operation must be one of CREATE, UPDATE, DELETE, CONNECT/],
  ['no kind', without('kind'), /request\.kind is missing/],
  [
    'an old version of the kind',
    review({
      object: policy('p'),
      extra: { kind: { group: 'networking.k8s.io', version: 'v1beta1', kind: 'NetworkPolicy' } },
    }),
    /unknown version v1beta1 of NetworkPolicy/,
  ],
  ['no object', withObject(null), /request\.object is missing, and CREATE needs it/],
  ['an object that is a text', withObject('x'), /request\.object is missing/],
  [
    'an object of another kind',
    withObject({ ...policy('p'), kind: 'Service' }),
    /request\.object\.kind is not NetworkPolicy/,
  ],
  ['an object without metadata', withObject({ ...policy('p'), metadata: 3 }), /metadata is missing/],
  [
    'an object without a name',
    withObject({ ...policy('p'), metadata: { namespace: 'x' } }),
    /metadata\.name is missing/,
  ],
  [
    'an object without a namespace',
    withObject({ ...policy('p'), metadata: { name: 'x' } }),
    /metadata\.namespace is missing/,
  ],
  [
    'an object without a spec',
    withObject({ ...policy('p'), spec: 'all' }),
    /spec is missing or not an object/,
  ],
  [
    'an update without the old object',
    review({ operation: 'UPDATE', object: policy('p') }),
    /request\.oldObject is missing, and UPDATE needs it/,
  ],
  [
    'a deletion without the old object',
    review({ operation: 'DELETE', object: policy('p') }),
    /request\.oldObject is missing, and DELETE needs it/,
  ],
];
for (const [what, body, expected] of malformed) {
  test(`refused with 400 and the reason: ${what}`, () => {
    const { status, message } = refused(body);
    assert.equal(status, 400);
    assert.match(message, expected);
  });
}

test('a crash inside is 500 and never an allowance', () => {
  const judge = () => {
    throw new Error('secret detail');
  };
  const answer = handleReview(review({ object: policy('p') }), deps({ judge }));
  assert.equal(answer.status, 500);
  assert.match(answer.response, /Portent failed on NetworkPolicy default\/p, and the change was not judged/);
  assert.doesNotMatch(answer.response, /secret detail|allowed/);
  assert.equal(answer.outcome?.decision, 'error');
  assert(answer.outcome?.error instanceof Error);
});

test('a denied change and a dry run leave nothing behind, an admitted one does', () => {
  const recent = new Recent();
  const with_ = deps({ recent });
  ask({ object: nodePortService('shop', 3000) }, with_);
  ask({ object: policy('dry'), dryRun: true }, with_);
  assert.equal(recent.size, 0);
  ask({ object: policy('wet') }, with_);
  assert.equal(recent.size, 1);
});

test('a dry run is answered as the real request is', () => {
  const options = { object: nodePortService('shop', 3000) };
  assert.deepEqual(ask({ ...options, dryRun: true }).response, ask(options).response);
});

test('what was admitted a moment ago counts for the next review', () => {
  const earlier: number[] = [];
  const real = judgeWith(DENY);
  const with_ = deps({
    judge: (snapshot, change, context) => {
      earlier.push(context.earlier.length);
      return real(snapshot, change, context);
    },
  });
  for (const name of ['a', 'b', 'b', 'c']) ask({ object: policy(name) }, with_);
  assert.deepEqual(earlier, [0, 1, 2, 2]);
});

test('against a fixed snapshot every answer stands alone', () => {
  const store = cluster();
  store.health = { state: 'fixed', problems: [] };
  const recent = new Recent();
  ask({ object: policy('wet') }, deps({ recent, snapshot: () => store }));
  assert.equal(recent.size, 0);
});
