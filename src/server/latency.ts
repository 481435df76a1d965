import { setFlagsFromString } from 'node:v8';

/**
 * Makes V8 compile for a program that is called now and then and must answer at once. Left alone, it takes three
 * thousand calls of a function before it compiles it well, in two steps: in a cluster with a change a minute that is
 * two days, and all the while its threads take the processor from an answer for some milliseconds at a time. All
 * settings are read again whenever they count (docs/adr/0006).
 */
export function keepQuick(): void {
  // One good compiler, early: what it learns in fifty calls holds, and most functions are called by every review.
  setFlagsFromString('--no-maglev');
  setFlagsFromString('--invocation-count-for-turbofan=50');
  setFlagsFromString('--minimum-invocations-after-ic-update=20');
  // Young objects that live are few: to share them among threads, and wait for the last, takes longer than to copy them.
  setFlagsFromString('--no-parallel-scavenge');
}
