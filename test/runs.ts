/**
 * How many random cases a property is tried on: `usual` in every run of the tests, as many as FUZZ_RUNS says
 * when it is set, and a hundred times the usual number with FUZZ=1.
 * fast-check prints the seed and the smallest counterexample of a failure.
 */
export function runs(usual: number): { numRuns: number } {
  const asked = Number(process.env.FUZZ_RUNS ?? '');
  if (Number.isInteger(asked) && asked > 0) return { numRuns: asked };
  return { numRuns: process.env.FUZZ === '1' ? usual * 100 : usual };
}
