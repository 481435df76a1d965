import { distance } from '../model/distance.ts';

/** The candidate most like `given`, for "did you mean"; undefined when none is near. */
export function nearest(given: string, candidates: readonly string[]): string | undefined {
  // An attacker's megabyte-long name must not cost a megabyte times the candidates.
  if (given.length > 200) return undefined;
  let best: string | undefined;
  let bestCost = Math.max(2, Math.floor(given.length / 4)) + 1;
  for (const candidate of candidates) {
    const cost = distance(given.toLowerCase(), candidate.toLowerCase(), bestCost);
    if (cost < bestCost) {
      best = candidate;
      bestCost = cost;
    }
  }
  return best;
}
