import { ApiError } from './api-error.ts';
import { SilenceError } from './watch-stream.ts';

/** The stream contradicted what it said before. */
export class OrderError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'OrderError';
  }
}

/** Whether a failed streamed list says that this server (or this resource's server) cannot stream lists. */
export function cannotStream(error: unknown): boolean {
  if (error instanceof SilenceError) return true;
  return error instanceof ApiError && [400, 405, 406, 422].includes(error.status);
}

/** Whether the API server refuses the kind itself, rather than failing. */
export function refusalOf(error: unknown): 'forbidden' | 'absent' | undefined {
  if (!(error instanceof ApiError)) return undefined;
  if (error.status === 403) return 'forbidden';
  return error.status === 404 ? 'absent' : undefined;
}

/** What the log says of a refusal. */
export function refusalText(kind: string, refusal: 'forbidden' | 'absent'): string {
  return refusal === 'forbidden'
    ? `${kind}: not allowed to list and watch them; grant it in the ClusterRole, or answers leave them out`
    : `${kind}: the API server does not serve them`;
}

/** Whether what was known is of no use for going on: too old, or from a future that a restored etcd forgot. */
export function lostPlace(error: unknown): boolean {
  return error instanceof ApiError && (error.gone || error.message.includes('Too large resource version'));
}
