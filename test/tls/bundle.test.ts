import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  authoritiesIn,
  blocksIn,
  KEYS,
  nextStep,
  type Shared,
  type StepOptions,
} from '../../src/tls/bundle.ts';
import { issueServing, newAuthority } from '../../src/tls/issue.ts';
import { paceOf } from '../../src/tls/life.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const LIFE = 90 * DAY;
const NAMES = ['localhost', 'portent.portent-system.svc'];
const START = new Date('2030-01-01T00:00:00Z');
const after = (milliseconds: number): Date => new Date(START.getTime() + milliseconds);

/** One replica's step at a time after the start; nobody trusts anything unless told. */
const at = (shared: Shared, milliseconds: number, more: Partial<StepOptions> = {}) =>
  nextStep(shared, { names: NAMES, life: LIFE, now: after(milliseconds), settled: () => false, ...more });

const first = await at({}, 0);

test('from nothing: one certificate for all names, one authority, no key of the authority', async () => {
  assert.equal(first.reason, 'there was none');
  assert.deepEqual(Object.keys(first.shared).sort(), ['ca.crt', 'tls.crt', 'tls.key']);
  assert.equal(blocksIn(first.bundle).length, 1);
  assert.equal(first.bundle, first.shared['ca.crt']);
  assert(NAMES.every((name) => first.current.serving.covers(name)));
  assert(first.current.serving.signedBy(first.bundle));
  const authority = new X509Certificate(first.bundle);
  assert(
    !authority.checkPrivateKey((await import('node:crypto')).createPrivateKey(first.shared['tls.key'] ?? '')),
  );
  assert.equal((await at(first.shared, 1000)).reason, undefined, 'and it is left alone');
});

test('renewal: both authorities are published, the certificate changes only when the new one is settled, the old one goes', async () => {
  assert.equal((await at(first.shared, 59 * DAY)).reason, undefined);
  const due = await at(first.shared, 61 * DAY);
  assert.equal(due.reason, 'two thirds of its life are over');
  assert.equal(due.current.serving.certificate, first.current.serving.certificate);
  assert.equal(blocksIn(due.bundle).length, 2);
  assert(due.next !== undefined && due.next.serving.notAfter > due.current.serving.notAfter);

  assert.equal((await at(due.shared, 61 * DAY + HOUR)).reason, undefined, 'not settled: nothing happens');
  const settled = (authority: string) => authority === due.next?.authority;
  const taken = await at(due.shared, 61 * DAY + HOUR, { settled });
  assert.equal(taken.current.serving.certificate, due.next?.serving.certificate);
  assert.deepEqual(blocksIn(taken.bundle), [due.next?.authority, first.current.authority]);
  assert.equal(taken.next, undefined);

  const { overlap, settle } = paceOf(LIFE);
  assert.equal((await at(taken.shared, 61 * DAY + overlap - HOUR)).reason, undefined);
  const alone = await at(taken.shared, 61 * DAY + overlap + settle + 1000);
  assert.deepEqual(blocksIn(alone.bundle), [due.next?.authority]);
  assert.equal(alone.current.serving.certificate, taken.current.serving.certificate);
});

test('an emptied Secret: what is served stays valid, and another certificate comes after it', async () => {
  const own = first.current;
  for (const shared of [{}, { 'tls.crt': 'x' }, { ...first.shared, 'tls.key': 'x' }]) {
    const mended = await at(shared, DAY, { own });
    assert.equal(mended.current.serving.certificate, own.serving.certificate);
    assert(mended.next !== undefined, mended.reason);
    assert.deepEqual(blocksIn(mended.bundle), [own.authority, mended.next.authority]);
  }
});

test('another replica began anew: the authority this one still serves under is put back', async () => {
  const anew = await at({}, DAY);
  const both = await at(anew.shared, DAY + 1000, { own: first.current });
  assert.equal(both.current.serving.certificate, anew.current.serving.certificate);
  assert.deepEqual(blocksIn(both.bundle), [anew.current.authority, first.current.authority]);
  assert.equal((await at(both.shared, DAY + 2000, { own: first.current })).reason, undefined);
});

test('a name that is missing, a certificate that is over, or one that callers cannot check: made anew', async () => {
  const named = await at(first.shared, DAY, { names: [...NAMES, 'more.example'] });
  assert(named.current.serving.covers('more.example'));
  assert.deepEqual(
    blocksIn(named.bundle).slice(1),
    [first.current.authority],
    'the others serve a while longer',
  );
  const due = await at(first.shared, 61 * DAY);
  const late = await at(due.shared, LIFE + DAY);
  assert.equal(
    late.current.serving.certificate,
    due.next?.serving.certificate,
    'never settled, but it is there',
  );
  const over = await at(first.shared, LIFE + DAY);
  assert.deepEqual(blocksIn(over.bundle), [over.current.authority]);
  const stranger = await newAuthority(START);
  const unsigned = await at({ ...first.shared, 'ca.crt': stranger.certificate }, DAY);
  assert.notEqual(unsigned.current.serving.certificate, first.current.serving.certificate);
});

test('clocks an hour apart, either way: made by one, the other leaves it alone and could serve it', async () => {
  for (const [maker, reader] of [
    [0, HOUR],
    [HOUR, 0],
    [2 * HOUR - 60_000, 0],
  ] as const) {
    const made = await at({}, maker);
    const read = await at(made.shared, reader);
    assert.equal(read.reason, undefined, `${maker} ${reader}`);
    assert(read.current.serving.notBefore <= after(reader));
  }
});

test('a life of seconds is renewed after two thirds of it too, whatever the backdating', async () => {
  const short = { life: 9000 };
  const made = await at({}, 0, short);
  assert.equal((await at(made.shared, 5000, short)).next, undefined);
  assert((await at(made.shared, 6500, short)).next !== undefined);
});

test('steps come to rest: from any start, a few of them and nothing is left to do', async () => {
  const foreign = (await newAuthority(START)).certificate;
  const starts: Shared[] = [
    {},
    { 'ca.crt': foreign },
    { ...first.shared, 'ca.crt': `${foreign}${first.bundle}hello` },
    { ...first.shared, 'next.crt': 'x', 'next.key': 'y' },
  ];
  for (const start of starts) {
    for (const own of [undefined, first.current]) {
      let shared = start;
      const reasons: string[] = [];
      for (let i = 0; i < 8; i++) {
        const step = await at(shared, DAY + i * 1000, { own, settled: () => true });
        if (step.reason !== undefined) reasons.push(step.reason);
        shared = step.shared;
      }
      const last = await at(shared, DAY + 9000, { own, settled: () => true });
      assert.equal(last.reason, undefined, reasons.join('; '));
      assert(reasons.length <= 3, reasons.join('; '));
    }
  }
});

test('whatever is in the Secret: no exception, and the next content is good', async () => {
  const stranger = await newAuthority(START);
  const wrong = await issueServing(stranger, ['other.example'], START);
  const pieces = [
    ...Object.values(first.shared),
    wrong.certificate,
    wrong.key,
    stranger.certificate,
    '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n',
    '',
    '\u0000\uffff',
  ];
  const piece = fc.oneof(
    fc.constantFrom(...pieces),
    fc
      .tuple(fc.constantFrom(...pieces), fc.nat(2000), fc.string())
      .map(([text, cut, more]) => text.slice(0, cut) + more),
    fc.string({ unit: 'binary' }),
  );
  const content = fc.dictionary(fc.constantFrom<string>(...KEYS, 'other', '__proto__'), piece);
  await fc.assert(
    fc.asyncProperty(content, fc.boolean(), async (shared, serves) => {
      const step = await at(shared, DAY, serves ? { own: first.current } : {});
      assert(step.current.serving.signedBy(step.current.authority));
      assert(blocksIn(step.bundle).includes(step.current.authority));
      assert.deepEqual(authoritiesIn(step.bundle, after(DAY)), blocksIn(step.bundle));
    }),
    { numRuns: 15 },
  );
});
