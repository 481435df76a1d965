import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseManifest, readDocuments } from '../../../src/model/parse/index.ts';

const HEAD = 'apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\n';
const OLD = 'spec: {newField: 1, ingress: [{from: [{ipBlock: {cidr: 10.0.0.7/8}}]}]}\n';

function problems(text: string, stored: boolean): number {
  const [document] = readDocuments(text, 'f').documents;
  assert.ok(document !== undefined);
  return parseManifest(document, { namespace: 'default', stored }).problems.length;
}

test('an object that an API server has stored is believed as state, and judged as input', () => {
  const dumped = `${HEAD}metadata: {name: p, uid: 4f1c}\n${OLD}`;
  assert.equal(problems(dumped, true), 0);
  assert.equal(problems(dumped, false), 2);
  assert.equal(problems(`${HEAD}metadata: {name: p}\n${OLD}`, true), 2);
});

test('a pod of a sketched state needs neither containers nor images; a manifest needs both', () => {
  for (const spec of ['{}', '{containers: [{name: c}]}']) {
    const pod = `apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: ${spec}\n`;
    assert.equal(problems(pod, true), 0, spec);
    assert.equal(problems(pod, false), 1, spec);
  }
});
