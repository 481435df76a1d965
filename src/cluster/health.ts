import type { Health } from '../model/snapshot.ts';
import type { SourceReport } from './contact.ts';

/**
 * How far the model can be trusted. Only required kinds make it syncing or stale; problems of the others are
 * told without changing the state.
 */
export function healthOf(sources: readonly SourceReport[], now: number, staleAfterMs: number): Health {
  const required = sources.filter((each) => each.required);
  const problems = sources.flatMap((each) => problemsOf(each, now, staleAfterMs));
  if (required.some(({ synced }) => !synced)) return { state: 'syncing', problems };
  if (required.some((each) => isDown(each, now, staleAfterMs))) return { state: 'stale', problems };
  return { state: 'live', problems };
}

function isDown({ downSince }: SourceReport, now: number, staleAfterMs: number): boolean {
  return downSince > 0 && now - downSince > staleAfterMs;
}

function problemsOf(source: SourceReport, now: number, staleAfterMs: number): string[] {
  const { kind, state, required, synced, unread } = source;
  const problems: string[] = [];
  if (state === 'forbidden') {
    problems.push(`${kind}: not allowed to list and watch them; grant it in Portent's ClusterRole`);
  } else if (state === 'absent' && required) problems.push(`${kind}: the API server does not serve them`);
  else if (!synced && required) problems.push(`${kind}: not listed yet${because(source)}`);
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
