/** What is said in every example of every rule, as the person at kubectl gets to read it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { WARNING_LENGTH, warningText } from '../../src/decision/words.ts';
import { RULES } from '../../src/rules/index.ts';
import { judgeWorld } from './world.ts';

/** `namespace/name`, with a kind before it or in brackets behind it. */
const OBJECT = /[a-z0-9][-a-z0-9.]*\/[a-z0-9][-a-z0-9.]*/;

for (const rule of RULES) {
  for (const world of [...rule.examples.bad, ...rule.examples.good]) {
    if (world.findings.length === 0) continue;
    test(`${rule.id}: ${world.title}`, () => {
      const own = judgeWorld(world).findings.filter((finding) => finding.rule === rule.id);
      assert.ok(own.length > 0);
      for (const finding of own) {
        const { message, fix, see, subject, because } = finding;
        const text = warningText(finding);
        assert.doesNotMatch(text, /[\n\r]/);
        assert.ok(Buffer.byteLength(text) <= WARNING_LENGTH && !text.endsWith('…'), `too long: ${message}`);
        assert.ok(text.startsWith(`${rule.id}: `), text);
        assert.match(text.slice(rule.id.length), OBJECT, 'it names an object');
        assert.match(message, /[^.?][.?]$/, 'the sentence ends');
        assert.doesNotMatch(message, / {2}|undefined|NaN|\[object|<.*>/);
        assert.ok(see === undefined || text.endsWith(` ${see}`), 'the command that shows more is at the end');
        assert.match(subject, OBJECT);
        assert.match(fix, /^[A-Z].*[^.][.)]$/, 'the fix is a sentence');
        for (const one of because) assert.notEqual(one.trim(), '');
      }
    });
  }
}
