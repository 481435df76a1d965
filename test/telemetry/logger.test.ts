import assert from 'node:assert/strict';
import { Writable } from 'node:stream';
import { test } from 'node:test';
import { createLog, logReview } from '../../src/telemetry/logger.ts';

function collected(): { stream: Writable; lines: () => string[] } {
  let text = '';
  const stream = new Writable({
    write(chunk, _encoding, done) {
      text += String(chunk);
      done();
    },
  });
  return { stream, lines: () => text.split('\n').filter((line) => line !== '') };
}

const line = {
  uid: 'u-1',
  operation: 'create',
  object: 'NetworkPolicy default/redis\n{"level":"info"}',
  decision: 'warn',
  rules: ['connectivity-lost'],
  dryRun: false,
  milliseconds: 1.25,
};

test('a review is one line of JSON, whatever its object is called', () => {
  const { stream, lines } = collected();
  logReview(createLog('info', stream).logger, line);
  assert.equal(lines().length, 1);
  const { time, level, msg, ...rest } = JSON.parse(lines()[0] ?? '') as Record<string, unknown>;
  assert.deepEqual(rest, line);
  assert.equal(level, 'info');
  assert.equal(msg, 'review');
  assert(!Number.isNaN(Date.parse(String(time))));
});

test('reviews are not logged at warn', () => {
  const { stream, lines } = collected();
  logReview(createLog('warn', stream).logger, line);
  assert.deepEqual(lines(), []);
});
