/** Random changes of policies in random clusters. */
import fc from 'fast-check';
import type { Change } from '../../src/model/change.ts';
import { parseNetworkPolicy } from '../../src/model/parse/policy.ts';
import type { PolicyObject, World } from '../reference/objects.ts';
import { policy } from './policies.ts';
import { policiesOf, tieredWorld, world } from './worlds.ts';

/** A cluster before and after a change of one policy. */
export interface Case {
  readonly before: World;
  readonly after: World;
  readonly change: Change;
}

/** A random cluster and a policy created, replaced or deleted in it. */
export const changed: fc.Arbitrary<Case> = fc.oneof(world, tieredWorld).chain((made) => {
  const stored = policiesOf(made);
  // A namespace exists before anything is created in it.
  const spaces = new Set(made.objects.filter(({ kind }) => kind === 'Namespace').map((o) => o.metadata.name));
  const create = policy('fresh')
    .filter(({ metadata }) => spaces.has(metadata.namespace ?? ''))
    .map((object) => caseOf(made, undefined, object));
  if (stored.length === 0) return create;
  const some = fc.constantFrom(...stored);
  const remove = some.map((object) => caseOf(made, object, undefined));
  const update = fc.tuple(some, policy('any')).map(([old, { spec }]) => caseOf(made, old, { ...old, spec }));
  return fc.oneof(create, remove, update);
});

/** A policy created, deleted (`now` undefined) or replaced. */
export function caseOf(before: World, old: PolicyObject | undefined, now: PolicyObject | undefined): Case {
  const rest = before.objects.filter((object) => object !== old);
  const after = { ...before, objects: now === undefined ? rest : [...rest, now] };
  if (old === undefined && now !== undefined) {
    return {
      before,
      after,
      change: { operation: 'CREATE', before: undefined, after: parseNetworkPolicy(now) },
    };
  }
  if (old === undefined) throw new Error('a change has an object');
  const parsed = parseNetworkPolicy(old);
  if (now === undefined) {
    return { before, after, change: { operation: 'DELETE', before: parsed, after: undefined } };
  }
  return { before, after, change: { operation: 'UPDATE', before: parsed, after: parseNetworkPolicy(now) } };
}
