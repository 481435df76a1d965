import type { Budget } from './contract.ts';

/** Pair evaluations a request may use by default: about 20 ms of work. */
export const DEFAULT_BUDGET = 20_000;

/**
 * A budget of `amount` pair evaluations. A time limit could not stop work that never yields;
 * counting it can, and gives the same answer on every machine.
 */
export function budgetOf(amount: number = DEFAULT_BUDGET): Budget {
  let left = amount;
  let exhausted = false;
  const skipped: string[] = [];
  return {
    spend(cost) {
      if (cost > left) {
        exhausted = true;
        return false;
      }
      left -= cost;
      return true;
    },
    get exhausted() {
      return exhausted;
    },
    skip(what) {
      if (!skipped.includes(what)) skipped.push(what);
    },
    get skipped() {
      return skipped;
    },
  };
}
