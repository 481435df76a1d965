import assert from 'node:assert/strict';
import { test } from 'node:test';
import { configOf } from '../../src/config/config.ts';
import { docs } from '../../src/config/docs.ts';
import { settings } from '../../src/config/settings.ts';

test('every setting of the page has a description and its own variable', () => {
  for (const { path, description } of settings()) assert.notEqual(description, '', path);
  assert.equal(new Set(settings().map(({ variable }) => variable)).size, settings().length);
});

test('the example of the page is a valid configuration', () => {
  const page = docs().find(({ path }) => path.endsWith('.md'))?.text ?? '';
  const text = /```yaml\n([\s\S]*?)```/.exec(page)?.[1];
  assert(text !== undefined);
  const config = configOf({ file: { name: 'example', text } });
  assert.equal(Object.keys(config.rules).length, 2);
});

test('the JSON Schema knows every section and refuses others', () => {
  const text = docs().find(({ path }) => path.endsWith('.json'))?.text ?? '';
  const schema = JSON.parse(text) as { properties: object; additionalProperties: boolean };
  assert.deepEqual(Object.keys(schema.properties).sort(), Object.keys(configOf()).sort());
  assert.equal(schema.additionalProperties, false);
});

test('the JSON Schema knows the short form of a rule', () => {
  const text = docs().find(({ path }) => path.endsWith('.json'))?.text ?? '';
  const { properties } = JSON.parse(text) as {
    properties: { rules: { additionalProperties: { anyOf: { enum?: string[]; type: string }[] } } };
  };
  const [short, long] = properties.rules.additionalProperties.anyOf;
  assert.deepEqual(short?.enum, ['off', 'note', 'warn', 'deny']);
  assert.equal(long?.type, 'object');
});
