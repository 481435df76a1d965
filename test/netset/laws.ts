import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { runs } from '../runs.ts';

/** A kind of set, its operations, and how to look inside. */
export interface Algebra<S, E> {
  readonly name: string;
  readonly set: fc.Arbitrary<S>;
  /** Elements worth asking about, given the sets of a case: at, before and after every boundary. */
  readonly samples: (sets: readonly S[]) => readonly E[];
  readonly element: fc.Arbitrary<E>;
  readonly none: S;
  readonly all: S;
  readonly unite: (a: S, b: S) => S;
  readonly intersect: (a: S, b: S) => S;
  readonly subtract: (a: S, b: S) => S;
  readonly equal: (a: S, b: S) => boolean;
  readonly has: (a: S, element: E) => boolean;
  /** Throws when the set is not in its one canonical form. */
  readonly canonical: (a: S) => void;
}

/** The laws of set algebra, as tests. Sets are told apart by their contents and by their form. */
export function testLaws<S, E>(algebra: Algebra<S, E>): void {
  const { name, set, none, all, unite, intersect, subtract, equal, has, element } = algebra;

  const same = (a: S, b: S): void => {
    assert.ok(equal(a, b), `${show(a)} is not ${show(b)}`);
    assert.deepEqual(a, b, 'equal sets have one form');
  };
  const law = (title: string, check: (a: S, b: S, c: S) => void): void => {
    test(`${name}: ${title}`, () => {
      fc.assert(fc.property(set, set, set, check), runs(300));
    });
  };

  law('union and intersection are commutative', (a, b) => {
    same(unite(a, b), unite(b, a));
    same(intersect(a, b), intersect(b, a));
  });
  law('union and intersection are associative', (a, b, c) => {
    same(unite(unite(a, b), c), unite(a, unite(b, c)));
    same(intersect(intersect(a, b), c), intersect(a, intersect(b, c)));
  });
  law('each distributes over the other', (a, b, c) => {
    same(intersect(a, unite(b, c)), unite(intersect(a, b), intersect(a, c)));
    same(unite(a, intersect(b, c)), intersect(unite(a, b), unite(a, c)));
  });
  law('absorption and idempotence', (a, b) => {
    same(unite(a, intersect(a, b)), a);
    same(intersect(a, unite(a, b)), a);
    same(unite(a, a), a);
    same(intersect(a, a), a);
  });
  law('nothing and everything are neutral or final', (a) => {
    same(unite(a, none), a);
    same(unite(none, a), a);
    same(unite(a, all), all);
    same(intersect(a, all), a);
    same(intersect(all, a), a);
    same(intersect(a, none), none);
    same(subtract(a, none), a);
    same(subtract(none, a), none);
    same(subtract(a, all), none);
  });
  law('a without a is nothing', (a) => same(subtract(a, a), none));
  law('a without b, with what both share, is a', (a, b) => {
    same(unite(subtract(a, b), intersect(a, b)), a);
    same(intersect(subtract(a, b), b), none);
  });
  law('De Morgan, by complement in everything', (a, b) => {
    const not = (x: S): S => subtract(all, x);
    same(not(unite(a, b)), intersect(not(a), not(b)));
    same(not(intersect(a, b)), unite(not(a), not(b)));
    same(not(not(a)), a);
  });
  law('taking away twice is taking away the union', (a, b, c) => {
    same(subtract(subtract(a, b), c), subtract(a, unite(b, c)));
    same(subtract(a, subtract(a, b)), intersect(a, b));
  });
  law('every result is canonical, and no argument changes', (a, b) => {
    const before = structuredClone([a, b]);
    for (const result of [unite(a, b), intersect(a, b), subtract(a, b)]) algebra.canonical(result);
    assert.deepEqual([a, b], before);
  });

  test(`${name}: membership agrees with the operations`, () => {
    fc.assert(
      fc.property(set, set, element, (a, b, random) => {
        const [union, common, rest] = [unite(a, b), intersect(a, b), subtract(a, b)];
        for (const e of [random, ...algebra.samples([a, b])]) {
          const [inA, inB] = [has(a, e), has(b, e)];
          assert.equal(has(union, e), inA || inB, `${show(e)} in the union`);
          assert.equal(has(common, e), inA && inB, `${show(e)} in the intersection`);
          assert.equal(has(rest, e), inA && !inB, `${show(e)} in the difference`);
        }
        assert.equal(
          equal(a, b),
          algebra.samples([a, b]).every((e) => has(a, e) === has(b, e)),
        );
      }),
      runs(300),
    );
  });
}

function show(value: unknown): string {
  return JSON.stringify(value, (_, v) => (typeof v === 'bigint' ? `${v}n` : v));
}
