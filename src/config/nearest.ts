/** The candidate most like `given`, for "did you mean"; undefined when none is near. */
export function nearest(given: string, candidates: readonly string[]): string | undefined {
  // An attacker's megabyte-long name must not cost a megabyte times the candidates.
  if (given.length > 200) return undefined;
  let best: string | undefined;
  let bestCost = Math.max(2, Math.floor(given.length / 4)) + 1;
  for (const candidate of candidates) {
    const cost = distance(given.toLowerCase(), candidate.toLowerCase());
    if (cost < bestCost) {
      best = candidate;
      bestCost = cost;
    }
  }
  return best;
}

/** Letters to insert, remove or replace (Levenshtein). */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
