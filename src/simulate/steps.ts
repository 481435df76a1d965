/**
 * Work in steps: whoever runs it may do something else between two of them, as long as the model stays as it is.
 * What comes out does not depend on whether somebody did.
 */
export type Steps<T> = Generator<undefined, T, undefined>;

/** Whether there is something left to do; what is short is done at once, for to be able to stop costs time. */
export function isSteps<T extends object>(value: T | Steps<T>): value is Steps<T> {
  return 'next' in value;
}

/** All steps at once. */
export function finish<T>(steps: Steps<T>): T {
  for (;;) {
    const { done, value } = steps.next();
    if (done === true) return value as T;
  }
}
