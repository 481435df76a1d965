/**
 * Work in steps: whoever runs it may do something else between two of them, as long as the model stays as it is.
 * What comes out does not depend on whether somebody did.
 */
export type Steps<T> = Generator<undefined, T, undefined>;

/** Looks through small policies from one step to the next: some milliseconds of work, before it is compiled. */
export const LOOKS_IN_STEP = 100;

/** All steps at once. */
export function finish<T>(steps: Steps<T>): T {
  for (;;) {
    const { done, value } = steps.next();
    if (done === true) return value as T;
  }
}
