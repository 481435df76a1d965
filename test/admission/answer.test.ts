import assert from 'node:assert/strict';
import { test } from 'node:test';
import { answerOf, bounded } from '../../src/admission/answer.ts';
import type { Judged } from '../../src/admission/judging.ts';

const length = (text: string): number => [...text].length;

test('warnings are single lines of at most 256 characters and 4,096 in all', () => {
  const nasty = Array.from(
    { length: 100 },
    (_, i) => `${i} line\nbreak\r\u001b[31m\u2028${'ä😀'.repeat(200)}`,
  );
  const kept = bounded(nasty);
  assert(kept.length > 10);
  for (const warning of kept) {
    assert(length(warning) <= 256);
    assert.doesNotMatch(warning, /[\p{Cc}\p{Zl}\p{Zp}]/u);
    assert(warning.isWellFormed());
  }
  assert(kept.reduce((sum, warning) => sum + length(warning), 0) <= 4096);
  assert.match(kept.at(-1) ?? '', /^\d+ more warnings: see the audit log\.$/);
  assert.equal(Number(kept.at(-1)?.split(' ')[0]), 100 - (kept.length - 1));
});

test('warnings that fit are all there, in order', () => {
  assert.deepEqual(bounded(['a', ' b\nc ', '']), ['a', 'b c']);
  const fitting = Array.from({ length: 16 }, () => 'x'.repeat(256));
  assert.deepEqual(bounded(fitting), fitting);
});

test('a denial keeps its line breaks and nothing else that could steer a terminal', () => {
  const judged: Judged = {
    decision: 'deny',
    findings: [],
    warnings: [],
    denial: 'first\n  second\u001b[2J\u0007 third',
    auditAnnotations: { 'portent.dev/rules': 'x' },
    unchecked: [],
    exemptions: [],
  };
  const { response } = JSON.parse(answerOf('u', judged)) as {
    response: { status: { message: string }; auditAnnotations: Record<string, string> };
  };
  assert.equal(response.status.message, 'first\n  second [2J  third');
  assert.deepEqual(response.auditAnnotations, { 'portent.dev.rules': 'x' });
});
