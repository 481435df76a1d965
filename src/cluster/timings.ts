/** How long the feed waits for what. All in milliseconds unless the name says otherwise. */
export interface Timings {
  /** A watch that is silent for so long is given up. The API server sends a bookmark about once a minute. */
  readonly silenceMs: number;
  /** A streamed initial list that pauses for so long is taken for a server that cannot stream it. */
  readonly listSilenceMs: number;
  /** How long the head of an answer may take. */
  readonly headMs: number;
  /** The API server ends a watch after a random time in this range, so that watches spread over replicas. */
  readonly watchSeconds: readonly [number, number];
  /** First and longest pause after a failure; each is shortened by up to a half at random. */
  readonly pauseMs: readonly [number, number];
  /** How often a kind that may not be read, or is not served, is tried again. */
  readonly refusedMs: number;
  /** A required kind that is down for longer makes the model stale. */
  readonly staleAfterMs: number;
  /** How often the API server is asked which kinds it serves. */
  readonly discoveryMs: number;
}

export const TIMINGS: Timings = Object.freeze({
  silenceMs: 90_000,
  listSilenceMs: 20_000,
  headMs: 60_000,
  watchSeconds: [240, 480] as const,
  pauseMs: [500, 30_000] as const,
  refusedMs: 30_000,
  staleAfterMs: 30_000,
  discoveryMs: 30_000,
});

/** The pause before attempt number `failures` + 1: doubling, capped, between half and the whole of it. */
export function pauseAfter(
  failures: number,
  [first, most]: Timings['pauseMs'],
  random: () => number,
): number {
  const whole = Math.min(most, first * 2 ** Math.min(failures - 1, 20));
  return whole * (0.5 + random() / 2);
}
