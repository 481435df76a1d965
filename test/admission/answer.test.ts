import assert from 'node:assert/strict';
import { test } from 'node:test';
import { answerOf } from '../../src/admission/answer.ts';
import type { Judged } from '../../src/admission/judging.ts';

test('a denial keeps its line breaks and nothing else that could steer a terminal', () => {
  const judged: Judged = {
    decision: 'deny',
    findings: [],
    warnings: [],
    denial: 'first\n  second\u001b[2J\u0007 third',
    auditAnnotations: { decision: 'deny', findings: 'x=deny' },
    unchecked: [],
    exemptions: [],
  };
  const { response } = JSON.parse(answerOf('u', judged)) as {
    response: { status: { message: string }; auditAnnotations: Record<string, string> };
  };
  assert.equal(response.status.message, 'first\n  second [2J  third');
  assert.deepEqual(response.auditAnnotations, { decision: 'deny', findings: 'x=deny' });
});
