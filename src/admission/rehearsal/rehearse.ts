import { setImmediate } from 'node:timers/promises';
import { type AdmissionDeps, handleReview } from '../handle.ts';
import { Recent } from '../recent.ts';
import { Turns } from '../turns.ts';
import { reviews } from './reviews.ts';
import { stage } from './stage.ts';

/** As many as make V8 compile what every review runs through (src/server/latency.ts). */
const ROUNDS = 20;

/**
 * Answers made-up reviews against a small cluster that is not there, and throws the answers away, so that the first
 * real ones find compiled code: without, a policy for 5,000 pods holds a server that has just started ten times as
 * long. Each review is a turn of its own in the event loop. Gives the number of reviews; stops when `signal` says so.
 */
export async function rehearse({ judge, now }: AdmissionDeps, signal?: AbortSignal): Promise<number> {
  const cluster = stage();
  const script = reviews();
  const deps: AdmissionDeps = {
    snapshot: () => cluster,
    judge,
    recent: new Recent(),
    turns: new Turns(),
    now,
  };
  let answered = 0;
  for (let round = 0; round < ROUNDS; round++) {
    for (const review of script) {
      await setImmediate();
      if (signal?.aborted === true) return answered;
      const first = handleReview(review, deps);
      const { status, outcome } = (await first.later?.(0)) ?? first;
      if (status !== 200) throw new Error(`the rehearsal of ${outcome?.object} was answered with ${status}`);
      answered++;
    }
  }
  return answered;
}
