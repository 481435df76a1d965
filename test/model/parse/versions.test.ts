import assert from 'node:assert/strict';
import { test } from 'node:test';
import { objectsOf, problemsOf } from './support.ts';

test('removed versions say since when, and what to write instead', () => {
  const cases: [string, string][] = [
    [
      'extensions/v1beta1 Deployment',
      'since 1.16. Write apiVersion: apps/v1 (spec.selector is required there)',
    ],
    ['apps/v1beta2 StatefulSet', 'since 1.16. Write apiVersion: apps/v1 (spec.selector is required there)'],
    ['batch/v1beta1 CronJob', 'since 1.25. Write apiVersion: batch/v1'],
    ['discovery.k8s.io/v1beta1 EndpointSlice', 'since 1.25. Write apiVersion: discovery.k8s.io/v1'],
    ['apps/v1 Service', 'Kubernetes does not serve Service as apps/v1. Write apiVersion: v1'],
    ['v2 Pod', 'Kubernetes does not serve Pod as v2. Write apiVersion: v1'],
    ['networking.k8s.io/v1 Networkpolicy', 'there is no kind Networkpolicy. Write kind: NetworkPolicy'],
  ];
  for (const [kind, ending] of cases) {
    const [apiVersion, name] = kind.split(' ');
    const [problem, ...more] = problemsOf(`apiVersion: ${apiVersion}\nkind: ${name}\nmetadata: {name: x}\n`);
    assert.deepEqual(more, []);
    assert.ok(problem?.endsWith(ending), `${kind}: ${problem}`);
  }
});

test('what has no kind is no object', () => {
  assert.deepEqual(problemsOf('metadata: {name: x}\n'), [
    '1: apiVersion is missing. An object begins with apiVersion and kind',
    '1: kind is missing. An object begins with apiVersion and kind',
  ]);
  assert.match(
    problemsOf('apiVersion: 1\nkind: Pod\n')[0] as string,
    /^1: apiVersion: must be a string, not 1/,
  );
});

test('kinds of the same name in groups of other projects are theirs', () => {
  const type = (apiVersion: string, kind: string) =>
    objectsOf(`apiVersion: ${apiVersion}\nkind: ${kind}\nmetadata: {name: x}\nspec: {anything: [1]}\n`)[0]
      ?.type;
  assert.equal(type('serving.knative.dev/v1', 'Service'), 'other');
  assert.equal(type('projectcalico.org/v3', 'NetworkPolicy'), 'foreign');
  assert.equal(type('crd.projectcalico.org/v1', 'GlobalNetworkPolicy'), 'foreign');
  assert.equal(type('cilium.io/v2', 'CiliumNetworkPolicy'), 'foreign');
  assert.equal(type('apps/v1', 'ControllerRevision'), 'other');
  assert.equal(type('gateway.networking.k8s.io/v1', 'HTTPRoute'), 'route');
  assert.equal(type('policy.networking.k8s.io/v1alpha1', 'AdminNetworkPolicy'), 'tier');
});
