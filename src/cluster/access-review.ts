import type { Access } from './access.ts';
import { errorText } from './contact.ts';
import { rawAt } from './raw.ts';

/** A user as an AdmissionReview describes him. */
export interface Asker {
  readonly username: string;
  readonly uid: string;
  readonly groups: readonly string[];
  readonly extra: Readonly<Record<string, readonly string[]>>;
}

/** What the API server said, or why it said nothing; the reason is a sentence's part for the user. */
export type RightAnswer =
  | { readonly kind: 'granted' }
  | { readonly kind: 'refused' | 'unanswered'; readonly reason: string };

const PATH = '/apis/authorization.k8s.io/v1/subjectaccessreviews';
/** Reviews asked at once; a flood of annotated objects must not become a flood of requests. */
const AT_ONCE = 16;

/**
 * Asks the API server whether a user may exempt objects of a namespace: the verb `exempt` on portentpolicies.
 * Nothing is remembered: a right that was taken away is gone with the next question.
 */
export class ExemptionRights {
  readonly #access: Access;
  #asking = 0;

  constructor(access: Access) {
    this.#access = access;
  }

  /** Answers within so many milliseconds, and never throws. */
  async mayExempt(user: Asker, namespace: string, milliseconds: number): Promise<RightAnswer> {
    if (user.username === '') return unanswered('the review names no user');
    if (this.#asking >= AT_ONCE) return unanswered('too many such questions at once; try again');
    this.#asking++;
    try {
      return await this.#ask(user, namespace, AbortSignal.timeout(Math.max(1, Math.floor(milliseconds))));
    } catch (error) {
      const late = error instanceof Error && error.name === 'TimeoutError';
      return unanswered(late ? 'the API server did not say in time who may exempt' : errorText(error));
    } finally {
      this.#asking--;
    }
  }

  async #ask(user: Asker, namespace: string, signal: AbortSignal): Promise<RightAnswer> {
    const { username, uid, groups, extra } = user;
    const review = {
      apiVersion: 'authorization.k8s.io/v1',
      kind: 'SubjectAccessReview',
      spec: {
        user: username,
        groups,
        ...(uid === '' ? {} : { uid }),
        extra,
        resourceAttributes: { verb: 'exempt', group: 'portent.dev', resource: 'portentpolicies', namespace },
      },
    };
    const answer = await this.#access.call('POST', PATH, { body: review, signal });
    const { allowed } = rawAt(answer.body, 'status');
    if (allowed === true) return { kind: 'granted' };
    if (allowed !== false) return unanswered('the API server did not say who may exempt');
    const right = 'the verb exempt on portentpolicies.portent.dev';
    return { kind: 'refused', reason: `you lack ${right} in namespace ${namespace}` };
  }
}

function unanswered(reason: string): RightAnswer {
  return { kind: 'unanswered', reason };
}
