import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { JudgedFinding } from '../../src/decision/judgement.ts';
import {
  boundedWarnings,
  clip,
  DENIAL_LENGTH,
  denialText,
  printable,
  WARNING_LENGTH,
  WARNINGS_BYTES,
  warningText,
} from '../../src/decision/words.ts';
import { judgedOf } from '../rules/world.ts';

function finding(message: string, more: Partial<JudgedFinding> = {}): JudgedFinding {
  return {
    rule: 'connectivity-lost',
    severity: 'high',
    action: 'deny',
    subject: 'default/a',
    message,
    because: [],
    fix: 'do it',
    link: 'docs/rules/connectivity-lost.md',
    ...more,
  };
}

const HOSTILE = [
  'a\nb',
  'a\r\nWarning: all is well',
  'a\u001b[31mred',
  'a\u0000b',
  'a\u202eb',
  'a\u2028b',
  'a\u0085b',
  'a\u200bb',
  '\ud800',
];

describe('printable', () => {
  for (const text of HOSTILE) {
    test(`one harmless line of ${JSON.stringify(text)}`, () => {
      const shown = printable(text);
      assert.doesNotMatch(shown, /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
      assert.ok(shown.isWellFormed());
    });
  }

  test('plain text stays as it is', () => {
    assert.equal(printable('30000–32767 … größer'), '30000–32767 … größer');
  });
});

describe('clip', () => {
  test('keeps what fits and marks what was cut', () => {
    assert.equal(clip('abc', 3), 'abc');
    assert.equal(clip('abcd', 3), 'ab…');
  });

  test('never leaves half a character', () => {
    assert.equal(clip('a😀bc', 3), 'a…');
  });
});

describe('warnings', () => {
  test('carry the command where it fits, else only the sentence', () => {
    const see = 'portent explain a b 80';
    assert.equal(
      warningText(finding('short.', { see })),
      'connectivity-lost: default/a: short. portent explain a b 80',
    );
    const long = warningText(finding('x'.repeat(230), { see }));
    assert.ok(!long.includes('portent explain') && long.length <= WARNING_LENGTH);
  });

  test('name the object they are about, once', () => {
    const said = (subject: string, message: string) => warningText(finding(message, { subject }));
    assert.equal(
      said('NetworkPolicy shop/api', 'spec.ingress[0].from[0] (app=apii) matches no pod.'),
      'connectivity-lost: NetworkPolicy shop/api: spec.ingress[0].from[0] (app=apii) matches no pod.',
    );
    for (const [subject, message] of [
      ['default/redis-master[Deployment]', 'default/redis-slave can no longer reach redis-master:6379.'],
      ['NetworkPolicy shop/db', 'shop/db, shop/api are no longer isolated for ingress.'],
      ['shop/db[StatefulSet]', 'addresses outside the cluster may now reach shop/db on every port.'],
    ] as const) {
      assert.equal(said(subject, message), `connectivity-lost: ${message}`);
    }
  });

  test('a long name leaves room for the sentence', () => {
    const subject = `NetworkPolicy shop/${'long-'.repeat(50)}name`;
    const warning = warningText(finding('selects no pod.', { subject }));
    assert.ok(
      Buffer.byteLength(warning) <= WARNING_LENGTH && warning.endsWith('…: selects no pod.'),
      warning,
    );
    const both = warningText(finding('x'.repeat(400), { subject }));
    assert.ok(Buffer.byteLength(both) === WARNING_LENGTH && both.includes(`${'x'.repeat(100)}`), both);
  });

  test('are bounded one by one and together, the rest counted', () => {
    const lines = Array.from({ length: 60 }, (_, i) => `${i} ${'ß'.repeat(400)}\n`);
    const warnings = boundedWarnings(lines);
    assert.ok(warnings.every((line) => Buffer.byteLength(line) <= WARNING_LENGTH && !line.includes('\n')));
    assert.ok(new TextEncoder().encode(warnings.join('')).length <= WARNINGS_BYTES);
    const shown = warnings.length - 1;
    assert.ok(shown > 3);
    assert.equal(
      warnings.at(-1),
      `portent: ${60 - shown} more findings; portent check -f FILE shows all of them.`,
    );
  });

  test('few of them are all shown', () => {
    assert.deepEqual(boundedWarnings(['a', 'b']), ['a', 'b']);
  });

  test('the last one may use what was kept for the count', () => {
    const lines = Array.from({ length: 16 }, () => 'x'.repeat(256));
    assert.deepEqual(boundedWarnings(lines), lines);
  });
});

describe('denials', () => {
  const object = judgedOf('{apiVersion: v1, kind: Service, metadata: {name: web}, spec: {}}');

  test('say what, why and what to do in lines', () => {
    const text = denialText(
      object,
      [finding('it is cut.', { because: ['NetworkPolicy default/p'] })],
      'access-review',
    );
    assert.deepEqual(text.split('\n'), [
      'Portent refuses this Service default/web.',
      'connectivity-lost: it is cut.',
      '  because: NetworkPolicy default/p',
      '  what to do: do it',
      'For an exemption: annotate the object with portent.dev/exempt: "connectivity-lost", portent.dev/exempt-reason and portent.dev/exempt-until (a day); who applies it needs the verb exempt on portentpolicies.portent.dev in namespace default.',
      'More about it: portent rules connectivity-lost',
    ]);
  });

  test('stay short and in their lines whatever the names are', () => {
    const hostile = Array.from({ length: 50 }, () =>
      finding('x\n'.repeat(3000), { because: HOSTILE, fix: 'y\u001b'.repeat(900) }),
    );
    const text = denialText(object, hostile, 'listed');
    assert.ok(text.length <= DENIAL_LENGTH);
    assert.match(
      text,
      /\nFor an exemption: .*only users listed.*\nMore about it: portent rules connectivity-lost$/,
    );
    assert.doesNotMatch(text.replaceAll('\n', ''), /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
    assert.ok(text.split('\n').length < 50);
  });
});
