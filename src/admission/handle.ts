import { setImmediate } from 'node:timers/promises';
import { boundedWarnings } from '../decision/words.ts';
import { type Change, changedObject } from '../model/change.ts';
import type { Snapshot } from '../model/snapshot.ts';
import { finish, isSteps, type Steps } from '../simulate/steps.ts';
import { allowance, answerOf, failure } from './answer.ts';
import { changeOf } from './change-of.ts';
import type { Judge, Judged, MayExempt } from './judging.ts';
import type { Recent } from './recent.ts';
import { askerOf, isProblem, type Review, type ReviewProblem, readReview } from './review.ts';
import type { Turns } from './turns.ts';

/** What a review is answered with. */
export interface AdmissionDeps {
  readonly snapshot: () => Snapshot;
  readonly judge: Judge;
  readonly recent: Recent;
  /** For judgements that take several. */
  readonly turns: Turns;
  /** Left out where there is no API server to ask. */
  readonly mayExempt?: MayExempt;
  /** Milliseconds, never going back. */
  readonly now: () => number;
}

/** What became of a review, for the log and the metrics. */
export interface Outcome {
  readonly uid: string;
  readonly resource: string;
  readonly operation: string;
  /** `NetworkPolicy default/redis` */
  readonly object: string;
  /** The same in parts. */
  readonly named: { readonly kind: string; readonly namespace: string; readonly name: string };
  /** `skip`: never judged; `error`: failed inside. */
  readonly decision: 'allow' | 'warn' | 'deny' | 'skip' | 'error';
  readonly dryRun: boolean;
  readonly findings: Judged['findings'];
  readonly unchecked: Judged['unchecked'];
  readonly exemptions: Judged['exemptions'];
  /** Who asked; for the line about an exemption. */
  readonly user: string;
  /** What went wrong inside, for the log alone. */
  readonly error?: unknown;
  /** Milliseconds of the parts of the work. */
  readonly parse: number;
  readonly judge: number;
}

/** An HTTP answer: its status code and JSON body. */
export interface Answer {
  readonly status: number;
  readonly response: string;
  /** undefined: the body was no review; `problem` says why. */
  readonly outcome?: Outcome;
  readonly problem?: ReviewProblem;
  /**
   * Set when there is so much to judge that others are answered in between, or when an exemption hangs on a right of the
   * user: asks for so many milliseconds at most, and gives the answer to send instead. Never rejects.
   */
  readonly later?: (milliseconds: number) => Promise<Answer>;
}

const NAMESPACE_CONTROLLER = 'system:serviceaccount:kube-system:namespace-controller';

/** Answers one AdmissionReview. Never throws; what cannot be read or judged is never allowed. */
export function handleReview(body: unknown, deps: AdmissionDeps): Answer {
  const start = deps.now();
  const review = readReview(body);
  if (isProblem(review)) return unreadable(review);
  try {
    return answered(review, deps, start);
  } catch (error) {
    return failed(review, error);
  }
}

function answered(review: Review, deps: AdmissionDeps, start: number): Answer {
  if (review.judged === undefined || isOwnService(review)) {
    return { status: 200, response: allowance(review.uid), outcome: outcomeOf(review, undefined) };
  }
  const reading = changeOf(review, review.judged);
  if (!isSteps(reading)) return answeredWith(review, reading, start, deps);
  // The first of two objects held up the others long enough.
  return answeredLater(review, async () => {
    await setImmediate();
    return answeredWith(review, finish(reading), start, deps);
  });
}

function answeredWith(
  review: Review,
  change: Change | ReviewProblem,
  start: number,
  deps: AdmissionDeps,
): Answer {
  if ('reason' in change) return unreadable(change);
  const parse = deps.now() - start;
  const { work, verdict } = judged(review, change, parse, deps);
  if (!isSteps(verdict)) return settled(work, verdict, deps);
  // Begun anew when it is its turn: until then the model may change.
  const steps = function* (): Steps<Answer> {
    const now = judged(review, change, parse, deps);
    return settled(now.work, isSteps(now.verdict) ? yield* now.verdict : now.verdict, deps);
  };
  return answeredLater(review, () => deps.turns.run(steps));
}

/** What takes long is done when whoever waits was answered; what comes out of it may have to wait again. */
function answeredLater(review: Review, work: () => Promise<Answer>): Answer {
  const later = async (milliseconds: number): Promise<Answer> => {
    try {
      const answer = await work();
      return answer.later === undefined ? answer : await answer.later(milliseconds);
    } catch (error) {
      return failed(review, error);
    }
  };
  return { status: 200, response: '', later };
}

function judged(
  review: Review,
  change: Change,
  parse: number,
  deps: AdmissionDeps,
): { work: Work; verdict: Judged | Steps<Judged> } {
  const snapshot = deps.snapshot();
  const parsed = deps.now();
  const { user, dryRun } = review;
  const earlier = deps.recent.pending(snapshot, parsed);
  const verdict = deps.judge(snapshot, change, { user, dryRun, earlier });
  return { work: { review, change, snapshot, parsed, parse }, verdict };
}

function settled(work: Work, verdict: Judged, deps: AdmissionDeps): Answer {
  return verdict.question === undefined ? finished(work, verdict, deps) : questioned(work, verdict, deps);
}

/** What is known of a review by the time it is judged. */
interface Work {
  readonly review: Review;
  readonly change: Change;
  readonly snapshot: Snapshot;
  /** When its objects had been read. */
  readonly parsed: number;
  readonly parse: number;
}

/** An answer that waits for the API server to say whether the user may exempt. */
function questioned(work: Work, verdict: Judged, deps: AdmissionDeps): Answer {
  const { question } = verdict;
  const { mayExempt } = deps;
  if (question === undefined || mayExempt === undefined) {
    const reason = 'there is no API server to ask who may exempt';
    return finished(work, question?.settle({ kind: 'unanswered', reason }) ?? verdict, deps);
  }
  const judge = deps.now() - work.parsed;
  const later = async (milliseconds: number): Promise<Answer> => {
    try {
      const grant = await mayExempt(askerOf(work.review), question.namespace, milliseconds);
      return finished(work, question.settle(grant), deps, judge);
    } catch (error) {
      return failed(work.review, error);
    }
  };
  return { status: 200, response: answerOf(work.review.uid, verdict), later };
}

/** `judge`: milliseconds of judging, where waiting came between. */
function finished(work: Work, verdict: Judged, deps: AdmissionDeps, judge?: number): Answer {
  const { review, change, snapshot, parsed, parse } = work;
  const said = mayBeDenied(review, change, snapshot) ? verdict : softened(verdict, review);
  if (said.decision !== 'deny' && !review.dryRun && follows(snapshot))
    deps.recent.add(change, snapshot, parsed);
  return {
    status: 200,
    response: answerOf(review.uid, said),
    outcome: {
      ...outcomeOf(review, change),
      decision: said.decision,
      findings: said.findings,
      unchecked: said.unchecked,
      exemptions: said.exemptions,
      parse,
      judge: judge ?? deps.now() - parsed,
    },
  };
}

function failed(review: Review, error: unknown): Answer {
  const outcome: Outcome = { ...outcomeOf(review, undefined), decision: 'error', error };
  const message = `Portent failed on ${outcome.object}, and the change was not judged; see its log for uid ${review.uid}`;
  return { status: 500, response: failure(500, 'InternalError', message), outcome };
}

/** The API server keeps its own Service up to date through the webhook; an error there would stop it. */
function isOwnService(review: Review): boolean {
  return (
    review.judged === 'Service' &&
    review.namespace === 'default' &&
    review.name === 'kubernetes' &&
    review.user.username === 'system:apiserver'
  );
}

/** A fixed snapshot never shows what was admitted, so its answers must not depend on the ones before. */
function follows(snapshot: Snapshot): boolean {
  return snapshot.health.state !== 'fixed';
}

/** A namespace that is going away must be able to go: denying there leaves it terminating for ever. */
function mayBeDenied(review: Review, change: Change, snapshot: Snapshot): boolean {
  if (snapshot.spaces.get(changedObject(change).namespace)?.terminating === true) return false;
  return !(review.operation === 'DELETE' && review.user.username === NAMESPACE_CONTROLLER);
}

function softened(judged: Judged, review: Review): Judged {
  if (judged.decision !== 'deny') return judged;
  const why = `not denied, because namespace ${review.namespace} is being deleted`;
  const denied = judged.findings.filter(({ action }) => action === 'deny');
  return {
    ...judged,
    decision: 'warn',
    denial: undefined,
    findings: judged.findings.map((one) => (one.action === 'deny' ? { ...one, action: 'warn' } : one)),
    warnings: boundedWarnings([
      ...denied.map(({ rule, message }) => `${rule} (${why}): ${message}`),
      ...judged.warnings,
    ]),
  };
}

function unreadable(problem: ReviewProblem): Answer {
  return {
    status: 400,
    response: failure(400, 'BadRequest', `Portent cannot read the review: ${problem.text}`),
    problem,
  };
}

function outcomeOf(review: Review, change: Change | undefined): Outcome {
  const object = change === undefined ? undefined : changedObject(change);
  const named = object ?? { namespace: review.namespace, name: review.name };
  const kind = object?.kind ?? review.judged ?? review.resource;
  return {
    uid: review.uid,
    resource: review.resource,
    operation: review.operation.toLowerCase(),
    // Names have at most 253 characters each; anything longer is nonsense and stays out of the log.
    object: `${kind} ${named.namespace}/${named.name}`.slice(0, 600),
    named: { kind, namespace: named.namespace, name: named.name },
    decision: 'skip',
    dryRun: review.dryRun,
    findings: [],
    unchecked: [],
    exemptions: [],
    user: review.user.username,
    parse: 0,
    judge: 0,
  };
}
