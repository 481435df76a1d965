import type { Change, Judged } from '../model/change.ts';
import { parseNetworkPolicy } from '../model/parse/policy.ts';
import { parseService } from '../model/parse/service.ts';
import { isFields, text } from '../model/parse/wire.ts';
import { isLarge } from '../simulate/long.ts';
import type { Steps } from '../simulate/steps.ts';
import type { Review, ReviewProblem } from './review.ts';

/** The change that a review asks about, or what is wrong with its objects; in steps if there is much to read. */
export function changeOf(
  review: Review,
  kind: 'NetworkPolicy' | 'Service',
): Change | ReviewProblem | Steps<Change | ReviewProblem> {
  // The name of a collection's deletion, and of every object, is in the object alone.
  const before = (): Judged | string => judgedOf(review, kind, 'oldObject');
  const after = (): Judged | string => judgedOf(review, kind, 'object');
  switch (review.operation) {
    case 'CREATE': {
      const made = after();
      return typeof made === 'string' ? wrong(made) : { operation: 'CREATE', before: undefined, after: made };
    }
    case 'DELETE': {
      const gone = before();
      return typeof gone === 'string' ? wrong(gone) : { operation: 'DELETE', before: gone, after: undefined };
    }
    default: {
      const old = before();
      if (typeof old === 'string') return wrong(old);
      return isLarge(old) ? later(old, after) : updateOf(old, after());
    }
  }
}

function* later(old: Judged, after: () => Judged | string): Steps<Change | ReviewProblem> {
  yield;
  return updateOf(old, after());
}

function updateOf(old: Judged, next: Judged | string): Change | ReviewProblem {
  return typeof next === 'string' ? wrong(next) : { operation: 'UPDATE', before: old, after: next };
}

function judgedOf(
  review: Review,
  kind: 'NetworkPolicy' | 'Service',
  field: 'object' | 'oldObject',
): Judged | string {
  const raw = review[field];
  const where = `request.${field}`;
  if (!isFields(raw)) return `${where} is missing, and ${review.operation} needs it`;
  if (raw.kind !== kind) return `${where}.kind is not ${kind}, as request.kind says`;
  if (!isFields(raw.metadata)) return `${where}.metadata is missing`;
  if (text(raw.metadata.name) === '') return `${where}.metadata.name is missing`;
  if (text(raw.metadata.namespace) === '') return `${where}.metadata.namespace is missing`;
  // A spec that cannot be read must not be taken for an empty one, which selects every pod.
  if (!isFields(raw.spec)) return `${where}.spec is missing or not an object`;
  return kind === 'NetworkPolicy' ? parseNetworkPolicy(raw) : parseService(raw);
}

function wrong(text: string): ReviewProblem {
  return { reason: 'object', text };
}
