import type { NetworkPolicy, Service } from './objects.ts';

export type Judged = NetworkPolicy | Service;

/**
 * One object operation, before it is stored. `before` and `after` are what the API server says
 * (oldObject and object), not what the model remembers: the model may lag behind.
 */
export type Change =
  | { readonly operation: 'CREATE'; readonly before: undefined; readonly after: Judged }
  | { readonly operation: 'UPDATE'; readonly before: Judged; readonly after: Judged }
  | { readonly operation: 'DELETE'; readonly before: Judged; readonly after: undefined };

/** The object a change is about: the new one, or the old one of a deletion. */
export function changedObject(change: Change): Judged {
  return change.operation === 'DELETE' ? change.before : change.after;
}
