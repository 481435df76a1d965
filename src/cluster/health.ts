import type { Health } from '../model/snapshot.ts';
import type { SourceReport } from './contact.ts';

/**
 * How far the model can be trusted. Only required kinds make it syncing or stale; problems of the others are
 * told without changing the state.
 */
export function healthOf(sources: readonly SourceReport[], now: number, staleAfterMs: number): Health {
  const required = sources.filter((each) => each.required);
  const problems = sources.flatMap((each) => problemsOf(each, now, staleAfterMs));
  const unread = sources.filter((each) => !each.required && isMissing(each)).map(({ kind }) => kind);
  const missing = unread.length === 0 ? {} : { missing: unread };
  if (required.some(({ synced }) => !synced)) return { state: 'syncing', problems, ...missing };
  if (required.some((each) => isDown(each, now, staleAfterMs)))
    return { state: 'stale', problems, ...missing };
  return { state: 'live', problems, ...missing };
}

/** A kind that is served and never came, or may no longer be looked at. One that is not served hides nothing. */
function isMissing({ state }: SourceReport): boolean {
  return state === 'forbidden' || state === 'syncing';
}

/** The same with kinds that are not even followed; see `OptionalKinds.unseen`. */
export function withUnseen(health: Health, unseen: readonly string[]): Health {
  if (unseen.length === 0) return health;
  const problem =
    unseen.length > MOST_NAMED
      ? 'Optional kinds: the API server has not said which of them it serves'
      : `${unseen.join(', ')}: served by a server that does not answer, or in a version that cannot be read`;
  return {
    ...health,
    problems: [...health.problems, problem],
    missing: [...(health.missing ?? []), ...unseen],
  };
}

/** More than one server's kinds: then the API server itself did not answer. */
const MOST_NAMED = 8;

function isDown({ downSince }: SourceReport, now: number, staleAfterMs: number): boolean {
  return downSince > 0 && now - downSince > staleAfterMs;
}

function problemsOf(source: SourceReport, now: number, staleAfterMs: number): string[] {
  const { kind, state, required, synced, unread } = source;
  const problems: string[] = [];
  if (state === 'forbidden') {
    problems.push(`${kind}: not allowed to list and watch them; grant it in Portent's ClusterRole`);
  } else if (state === 'absent' && required) problems.push(`${kind}: the API server does not serve them`);
  else if (!synced && state !== 'absent') problems.push(`${kind}: not listed yet${because(source)}`);
  else if (isDown(source, now, staleAfterMs))
    problems.push(`${kind}: ${silence(source, now)}${because(source)}`);
  if (unread.length > 0) problems.push(`${kind}: could not read ${unread.join(', ')}`);
  return problems;
}

function silence({ lastContact }: SourceReport, now: number): string {
  return `no contact for ${Math.round((now - lastContact) / 1_000)} s`;
}

function because({ lastError }: SourceReport): string {
  return lastError === '' || lastError.startsWith('no contact') ? '' : ` (${lastError})`;
}
