import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { familiesOfAddresses } from '../../src/model/families.ts';
import { parsePod } from '../../src/model/parse/pod.ts';
import { parseNetworkPolicy } from '../../src/model/parse/policy.ts';
import { type Selector, selects } from '../../src/model/selector.ts';
import { Store } from '../../src/model/store.ts';
import { KEYS, requirementOf, VALUES } from './requirements.ts';

const requirement = requirementOf(3);
const selector: fc.Arbitrary<Selector> = fc.record({
  requirements: fc.array(requirement, { maxLength: 3 }),
});
const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ name: fc.constantFrom('p', 'q', 'r', 's'), labels: labels() }) },
  { weight: 1, arbitrary: fc.record({ gone: fc.constantFrom('p', 'q', 'r', 's') }) },
  { weight: 2, arbitrary: fc.record({ policy: selector }) },
);

function labels(): fc.Arbitrary<Record<string, string>> {
  return fc.dictionary(fc.constantFrom(...KEYS), fc.constantFrom(...VALUES), { maxKeys: 3 });
}

test('the classes found by index are those that a look at each one finds, whatever came and went', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 20 }), fc.array(selector, { maxLength: 4 }), (steps, asked) => {
      const store = new Store();
      const mentioned: Selector[] = [];
      for (const one of steps) {
        if ('policy' in one) {
          const name = `p${mentioned.length}`;
          mentioned.push(one.policy);
          store.putPolicy(policyOf(name, one.policy));
        } else if ('gone' in one) store.removePod('ns', one.gone);
        else store.putPod(podOf(one.name, one.labels));
        const space = store.spaces.get('ns');
        // The index is asked at every step, so that it has to follow.
        for (const wanted of [...mentioned, ...asked]) {
          if (space === undefined || !space.covers(wanted)) continue;
          const found = new Set(space.selected(wanted));
          const looked = new Set(space.classes().filter((one) => selects(wanted, one.labels)));
          assert.deepEqual(found, looked);
        }
      }
    }),
    { numRuns: 300 },
  );
});

test('what a class says of its pods is what each of them says, whoever came and went', () => {
  let shared = 0;
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
      const store = new Store();
      for (const [i, one] of steps.entries()) {
        if ('policy' in one) store.putPolicy(policyOf(`p${i % 3}`, one.policy));
        else if ('gone' in one) store.removePod('ns', one.gone);
        else store.putPod(podOf(one.name, one.labels, 'web'));
        for (const podClass of store.spaces.get('ns')?.classes() ?? []) {
          const { pods, labels: shown, families, hostNetwork, workload, namedPorts, references } = podClass;
          if (pods.length > 1) shared++;
          assert.equal(shown, pods[0]?.labels);
          for (const pod of pods) {
            assert.equal(store.spaces.get('ns')?.classOf(pod), podClass);
            assert.equal(families, familiesOfAddresses(pod.addresses));
            assert.deepEqual(
              { hostNetwork, workload, namedPorts, references },
              {
                hostNetwork: pod.hostNetwork,
                workload: pod.workload,
                namedPorts: pod.namedPorts,
                references: pod.references,
              },
            );
          }
        }
      }
    }),
    { numRuns: 300 },
  );
  assert.ok(shared > 300, `${shared} times a class had several pods`);
});

function podOf(name: string, given: Record<string, string>, owner?: string) {
  const pod = parsePod({
    metadata: {
      name,
      namespace: 'ns',
      labels: given,
      ...(owner === undefined
        ? {}
        : { ownerReferences: [{ kind: 'StatefulSet', name: owner, controller: true }] }),
    },
    // Whoever has a `run-id` also speaks IPv6 and names a Service.
    spec: {
      containers: given['run-id'] === undefined ? [] : [{ env: [{ name: 'URL', value: 'http://db:80' }] }],
    },
    status: {
      phase: 'Running',
      podIPs: [{ ip: '10.0.0.1' }, ...(given['run-id'] === undefined ? [] : [{ ip: 'fd00::1' }])],
    },
  });
  assert.ok(pod);
  return pod;
}

function policyOf(name: string, { requirements }: Selector) {
  return parseNetworkPolicy({
    metadata: { name, namespace: 'ns' },
    spec: { podSelector: { matchExpressions: requirements.map((one) => ({ ...one })) } },
  });
}
