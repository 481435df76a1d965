import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { aroundChange, overlay, type View } from '../../src/model/overlay.ts';
import { diffConnections } from '../../src/simulate/diff.ts';
import { listConnections } from '../../src/simulate/list.ts';
import { simulate } from '../../src/simulate/simulate.ts';
import type { PolicyObject } from '../reference/objects.ts';
import { verdict } from '../reference/reference.ts';
import { putObject, removeObject, storeOf, viewOf } from '../reference/store.ts';
import { runs } from '../runs.ts';
import { caseOf, changed } from './changed.ts';
import { NAMES, PORT_NUMBERS, PROTOCOLS, policy, rule } from './policies.ts';
import { between, names, sorted } from './rows.ts';
import { isListed, OUTSIDE, podNames, policiesOf, tieredWorld, world } from './worlds.ts';

const grain = fc.constantFrom<'pod' | 'workload'>('pod', 'workload');
const facts = (view: View, by: 'pod' | 'workload') =>
  sorted(listConnections(view, { by })).map(({ reason: _, ...row }) => row);

test('an overlay is the cluster built anew with the change', () => {
  fc.assert(
    fc.property(changed, grain, ({ before, after, change }, by) => {
      const store = storeOf(before);
      facts(overlay(store, []), by);
      assert.deepEqual(facts(aroundChange(store, change).after, by), facts(viewOf(after), by));
      assert.deepEqual(facts(overlay(store, [change]), by), facts(viewOf(after), by));
    }),
    runs(200),
  );
});

test('the view before a change is the same whether the model has it already or not', () => {
  fc.assert(
    fc.property(changed, grain, ({ before, after, change }, by) => {
      const expected = facts(viewOf(before), by);
      assert.deepEqual(facts(aroundChange(storeOf(before), change).before, by), expected);
      assert.deepEqual(
        facts(aroundChange(storeOf(after), change).before, by),
        expected,
        'the model is ahead',
      );
    }),
    runs(200),
  );
});

test('a store that lived through events is a store built anew', () => {
  const events = world.chain((made) =>
    fc.tuple(
      fc.constant(made),
      fc.shuffledSubarray([...made.objects.filter(({ kind }) => kind !== 'Node')]),
      fc.tuple(policy('np0'), policy('np1'), policy('late')),
    ),
  );
  fc.assert(
    fc.property(events, grain, ([made, touched, late], by) => {
      const spaces = made.objects.filter(({ kind }) => kind === 'Namespace');
      const store = storeOf(made);
      const look = (): unknown => facts(overlay(store, []), by);
      look();
      for (const one of late) putObject(store, one);
      look();
      for (const one of touched) removeObject(store, one);
      look();
      for (const one of late) removeObject(store, one);
      for (const one of [...spaces, ...made.objects]) putObject(store, one);
      assert.deepEqual(look(), facts(viewOf(made), by));
    }),
    runs(150),
  );
});

test('diff is list after minus list before, and the reverse', () => {
  const outside = fc.subarray([...OUTSIDE], { maxLength: 3 });
  const ports = fc.uniqueArray(fc.constantFrom(...PORT_NUMBERS, 79, 83, 8081), {
    minLength: 2,
    maxLength: 2,
  });
  fc.assert(
    fc.property(changed, outside, ports, ({ before, after, change }, addresses, numbers) => {
      const store = storeOf(before);
      const { lost, gained } = diffConnections(
        aroundChange(store, change).before,
        aroundChange(store, change).after,
        {
          by: 'pod',
        },
      );
      const ends = [...podNames(before), ...addresses];
      for (const from of ends) {
        for (const to of ends) {
          if (from === to || (!from.includes('/') && !to.includes('/')) || !isListed(before, from, to))
            continue;
          const [gone, come] = [between(lost, from, to), between(gained, from, to)];
          for (const port of numbers) {
            for (const protocol of PROTOCOLS) {
              const then = verdict(before, from, to, port, protocol);
              const now = verdict(after, from, to, port, protocol);
              // What is unknown on one side is neither surely lost nor surely gained.
              if (then === 'unknown' || now === 'unknown') continue;
              const said = { lost: says(gone, port, protocol), gained: says(come, port, protocol) };
              const wanted = {
                lost: then === 'allowed' && now === 'denied',
                gained: then === 'denied' && now === 'allowed',
              };
              assert.deepEqual(said, wanted, `${from} -> ${to} ${protocol} ${port}: ${then}, then ${now}`);
            }
          }
        }
      }
    }),
    runs(200),
  );
});

test('diff of a change and diff of its undoing are each other turned round', () => {
  fc.assert(
    fc.property(changed, grain, ({ before, after }, by) => {
      const there = diffConnections(viewOf(before), viewOf(after), { by });
      const back = diffConnections(viewOf(after), viewOf(before), { by });
      assert.deepEqual(sorted(back.lost), sorted(there.gained));
      assert.deepEqual(sorted(back.gained), sorted(there.lost));
      assert.deepEqual(diffConnections(viewOf(after), viewOf(after), { by }), { lost: [], gained: [] });
    }),
    runs(150),
  );
});

test('every pair in the diff has an end among the subjects of the simulation', () => {
  fc.assert(
    fc.property(changed, ({ before, change }) => {
      const store = storeOf(before);
      const simulation = simulate(store, change);
      const { lost, gained } = diffConnections(simulation.before, simulation.after, { by: 'pod' });
      const subjects = new Set(
        simulation.subjects.flatMap(({ podClass }) => podClass.pods.map((p) => `${p.namespace}/${p.name}`)),
      );
      for (const { from, to } of [...lost, ...gained]) {
        assert.ok(
          subjects.has(from) || subjects.has(to),
          `${from} -> ${to} changed, and neither is a subject`,
        );
      }
    }),
    runs(150),
  );
});

test('one rule more in a policy that isolates already never takes anything away', () => {
  const widened = fc.oneof(world, tieredWorld).chain((made) => {
    const isolating = policiesOf(made).filter(({ spec }) => spec.ingress !== undefined);
    if (isolating.length === 0) return fc.constant(undefined);
    return fc
      .tuple(fc.constantFrom(...isolating), rule('ingress'))
      .map(([old, extra]) =>
        caseOf(made, old, { ...old, spec: { ...old.spec, ingress: [...(old.spec.ingress ?? []), extra] } }),
      );
  });
  fc.assert(
    fc.property(widened, grain, (made, by) => {
      if (made === undefined) return;
      const { lost } = diffConnections(viewOf(made.before), viewOf(made.after), { by });
      assert.deepEqual(lost, []);
    }),
    runs(200),
  );
});

test('a policy that allows everything to pods that are isolated already never takes anything away', () => {
  fc.assert(
    fc.property(world, grain, (made, by) => {
      const deny = NAMES.map((namespace) => whole(namespace, 'deny', []));
      const open = NAMES.map((namespace) => whole(namespace, 'open', [{}]));
      const isolated = { ...made, objects: [...made.objects, ...deny] };
      const opened = { ...isolated, objects: [...isolated.objects, ...open] };
      assert.deepEqual(diffConnections(viewOf(isolated), viewOf(opened), { by }).lost, []);
      // Whole denial, then whole admission: nothing is left that policies hold back, however odd they are.
      const bare = { ...made, objects: made.objects.filter(({ kind }) => kind !== 'NetworkPolicy') };
      assert.deepEqual(diffConnections(viewOf(opened), viewOf(bare), { by }), { lost: [], gained: [] });
    }),
    runs(150),
  );
});

function whole(namespace: string, name: string, rules: readonly object[]): PolicyObject {
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name, namespace },
    spec: { podSelector: {}, policyTypes: ['Ingress', 'Egress'], ingress: rules, egress: rules },
  };
}

function says(rows: ReturnType<typeof between>, port: number, protocol: (typeof PROTOCOLS)[number]): boolean {
  return rows.some((row) => names(row.connections, port, protocol));
}
