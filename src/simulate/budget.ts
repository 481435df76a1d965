import type { Budget } from './contract.ts';

/** Pair evaluations a request may use by default: about 20 ms of work. */
export const DEFAULT_BUDGET = 20_000;

/**
 * A budget of `amount` pair evaluations. A time limit could not stop work that never yields;
 * counting it can, and gives the same answer on every machine.
 */
export function budgetOf(amount: number = DEFAULT_BUDGET): Budget {
  return new Counted(amount);
}

class Counted implements Budget {
  exhausted = false;
  readonly skipped: string[] = [];
  #left: number;

  constructor(amount: number) {
    this.#left = amount;
  }

  spend(cost: number): boolean {
    if (cost > this.#left) {
      this.exhausted = true;
      return false;
    }
    this.#left -= cost;
    return true;
  }

  skip(what: string): void {
    if (!this.skipped.includes(what)) this.skipped.push(what);
  }
}
