import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Distinctions } from '../../src/model/distinctions.ts';
import { labelsOf } from '../../src/model/labels.ts';
import { selects } from '../../src/model/selector.ts';
import { runs } from '../runs.ts';
import { KEYS, requirementOf, VALUES } from './requirements.ts';

const requirement = requirementOf(4);
const selectors = fc.array(fc.array(requirement, { maxLength: 3 }), { maxLength: 5 });
const labels = fc
  .dictionary(fc.constantFrom(...KEYS), fc.constantFrom(...VALUES))
  .map((given) => labelsOf(Object.entries(given)));

test('labels with one text are alike to every requirement', () => {
  fc.assert(
    fc.property(selectors, fc.array(labels), (asked, all) => {
      const told = new Distinctions();
      for (const requirements of asked) told.add({ requirements });
      const each = asked.flat().map((one) => ({ requirements: [one] }));
      const texts = Map.groupBy(all, (one) => told.textOf(one));
      for (const alike of texts.values()) {
        for (const selector of each) {
          assert.equal(new Set(alike.map((one) => selects(selector, one))).size, 1);
        }
      }
    }),
    runs(1000),
  );
});

test('values that are always named together are one', () => {
  const values = Array.from({ length: 1000 }, (_, i) => `run-${i}`);
  const told = new Distinctions();
  assert.equal(told.empty, true);
  told.add({ requirements: [{ key: 'run-id', operator: 'In', values }] });
  told.add({ requirements: [{ key: 'run-id', operator: 'NotIn', values: values.slice(10) }] });
  assert.equal(told.empty, false);
  const texts = (wanted: readonly string[]) =>
    new Set(wanted.map((value) => told.textOf(labelsOf([['run-id', value]]))));
  assert.equal(texts(values.slice(0, 10)).size, 1);
  assert.equal(texts(values.slice(10)).size, 1);
  assert.equal(texts(values).size, 2);
  assert.equal(texts(['other', 'another']).size, 1);
  assert.equal(texts([...values, 'other']).size, 3);
});
