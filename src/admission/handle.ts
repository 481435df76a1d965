import { type Change, changedObject } from '../model/change.ts';
import type { Snapshot } from '../model/snapshot.ts';
import { allowance, answerOf, failure } from './answer.ts';
import { changeOf } from './change-of.ts';
import type { Judge, Judged } from './judging.ts';
import type { Recent } from './recent.ts';
import { isProblem, type Review, type ReviewProblem, readReview } from './review.ts';

/** What a review is answered with. */
export interface AdmissionDeps {
  readonly snapshot: () => Snapshot;
  readonly judge: Judge;
  readonly recent: Recent;
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
  /** `skip`: never judged; `error`: failed inside. */
  readonly decision: 'allow' | 'warn' | 'deny' | 'skip' | 'error';
  readonly dryRun: boolean;
  readonly findings: Judged['findings'];
  readonly unchecked: Judged['unchecked'];
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
}

const NAMESPACE_CONTROLLER = 'system:serviceaccount:kube-system:namespace-controller';

/** Answers one AdmissionReview. Synchronous, never throws; what cannot be read or judged is never allowed. */
export function handleReview(body: unknown, deps: AdmissionDeps): Answer {
  const start = deps.now();
  const review = readReview(body);
  if (isProblem(review)) return unreadable(review);
  try {
    return answered(review, deps, start);
  } catch (error) {
    const outcome: Outcome = { ...outcomeOf(review, undefined), decision: 'error', error };
    const message = `Portent failed on ${outcome.object}, and the change was not judged; see its log for uid ${review.uid}`;
    return { status: 500, response: failure(500, 'InternalError', message), outcome };
  }
}

function answered(review: Review, deps: AdmissionDeps, start: number): Answer {
  if (review.judged === undefined || isOwnService(review)) {
    return { status: 200, response: allowance(review.uid), outcome: outcomeOf(review, undefined) };
  }
  const change = changeOf(review, review.judged);
  if ('reason' in change) return unreadable(change);
  const snapshot = deps.snapshot();
  const parsed = deps.now();
  const { user, dryRun } = review;
  const earlier = deps.recent.pending(snapshot, parsed);
  const verdict = deps.judge(snapshot, change, { user, dryRun, earlier });
  const judged = mayBeDenied(review, change, snapshot) ? verdict : softened(verdict, review);
  if (judged.decision !== 'deny' && !dryRun && follows(snapshot)) deps.recent.add(change, snapshot, parsed);
  const done = deps.now();
  return {
    status: 200,
    response: answerOf(review.uid, judged),
    outcome: {
      ...outcomeOf(review, change),
      decision: judged.decision,
      findings: judged.findings,
      unchecked: judged.unchecked,
      parse: parsed - start,
      judge: done - parsed,
    },
  };
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
    warnings: [...denied.map(({ rule, message }) => `${rule} (${why}): ${message}`), ...judged.warnings],
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
    decision: 'skip',
    dryRun: review.dryRun,
    findings: [],
    unchecked: [],
    parse: 0,
    judge: 0,
  };
}
