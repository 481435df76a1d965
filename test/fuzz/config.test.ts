import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { stringify } from 'yaml';
import { configOf } from '../../src/config/config.ts';
import { ConfigError } from '../../src/config/errors.ts';
import { runs } from '../runs.ts';
import { quickly } from './clock.ts';
import { intruder, type Json, pathsOf, replaced } from './damage.ts';

/** A configuration with something in every part. */
const WHOLE = {
  listen: { address: '127.0.0.1', port: 8443 },
  metrics: { port: 9090 },
  log: { level: 'info' },
  limits: { body: '7Mi', inFlight: 64, headerSeconds: 5 },
  shutdown: { lameDuckSeconds: 10 },
  stale: 'warn',
  nodePortRange: '30000-32767',
  cni: { name: 'Calico', enforcesIngress: 'yes' },
  dns: { services: ['kube-system/kube-dns'], nodeLocal: ['169.254.20.10'] },
  profile: 'strict',
  rules: {
    'namespace-isolated': 'deny',
    'no-backends': { action: 'warn' },
  },
};

/** A configuration, or an error whose every line says where and what; nothing else, and not slowly. */
function read(text: string): void {
  quickly(
    () => {
      try {
        const config = configOf({ file: { name: 'portent.yaml', text } });
        assert.ok(Object.isFrozen(config));
      } catch (error) {
        if (!(error instanceof ConfigError)) throw error;
        assert.notEqual(error.problems.length, 0);
        for (const line of error.message.split('\n')) assert.match(line, /^portent\.yaml: \S/);
      }
    },
    () => text,
  );
}

test('the configuration that is damaged here is taken when it is whole', () => {
  assert.equal(configOf({ file: { name: 'portent.yaml', text: stringify(WHOLE) } }).profile, 'strict');
});

test('a damaged configuration is taken or refused in words, whatever was done to it', () => {
  const damaged = fc
    .array(fc.tuple(fc.constantFrom(...pathsOf(WHOLE)), intruder), { minLength: 1, maxLength: 3 })
    .map((blows) => blows.reduce<Json>((value, [path, by]) => replaced(value, path, by), WHOLE));
  fc.assert(
    fc.property(damaged, (value) => read(JSON.stringify(value))),
    runs(300),
  );
});

test('a text that is hardly YAML is taken or refused in words', () => {
  const piece = fc.constantFrom(
    ...['rules:', '\n', '  ', '- ', '{', '}', '[', ']', '&a ', '*a', '---\n', '"', "'", '|', '<<: ', '\t'],
    ...['#', '!', '? ', ': ', 'off', 'deny', '__proto__: 1\n', 'listen: ', '\u0000', '\u2028', '!!js '],
  );
  const text = fc.oneof(
    fc.string(),
    fc.array(piece, { maxLength: 40 }).map((pieces) => pieces.join('')),
  );
  fc.assert(
    fc.property(text, (written) => read(written)),
    runs(500),
  );
});

test('aliases that would unfold to gigabytes are refused at once', () => {
  const lines = ['a: &a [x, x, x, x, x, x, x, x, x]'];
  for (let i = 1; i < 26; i++) {
    const [name, before] = [String.fromCharCode(97 + i), String.fromCharCode(96 + i)];
    lines.push(`${name}: &${name} [${Array.from({ length: 9 }, () => `*${before}`).join(', ')}]`);
  }
  read(lines.join('\n'));
});
