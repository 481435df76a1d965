import { fields, isFields, text, texts } from '../model/parse/wire.ts';
import type { Asker } from './judging.ts';

/** A request of AdmissionReview v1, reduced to what is read of it. */
export interface Review {
  readonly uid: string;
  /** undefined: not a kind, subresource or operation that is judged. */
  readonly judged: 'NetworkPolicy' | 'Service' | undefined;
  /** The plural, such as `services`; `services/status` for a subresource. */
  readonly resource: string;
  readonly operation: 'CREATE' | 'UPDATE' | 'DELETE' | 'CONNECT';
  readonly namespace: string;
  /** Empty for objects named by the server, and for a deletion of many. */
  readonly name: string;
  readonly user: {
    readonly username: string;
    readonly groups: readonly string[];
    readonly uid: string;
    /** As it came. */
    readonly extra: unknown;
  };
  readonly dryRun: boolean;
  readonly object: unknown;
  readonly oldObject: unknown;
}

/** Why a body is not a review that can be answered. */
export interface ReviewProblem {
  readonly reason: 'review' | 'version' | 'object';
  /** One sentence and the fix. */
  readonly text: string;
}

const API_VERSION = 'admission.k8s.io/v1';
const OPERATIONS = ['CREATE', 'UPDATE', 'DELETE', 'CONNECT'] as const;
const JUDGED = new Map([
  ['networking.k8s.io/NetworkPolicy', 'NetworkPolicy'],
  ['/Service', 'Service'],
] as const);

/** Reads an AdmissionReview. Whoever sends it may be anybody, so nothing is taken for granted. */
export function readReview(body: unknown): Review | ReviewProblem {
  if (!isFields(body)) return problem('review', `the body must be an AdmissionReview, not ${kindOf(body)}`);
  const apiVersion = text(body.apiVersion);
  if (body.kind !== 'AdmissionReview' || !apiVersion.startsWith('admission.k8s.io/')) {
    const given = `${clipped(apiVersion) || 'no apiVersion'}, ${clipped(text(body.kind)) || 'no kind'}`;
    return problem('review', `the body must be ${API_VERSION}, AdmissionReview; this is ${given}`);
  }
  if (apiVersion !== API_VERSION) {
    return problem(
      'version',
      `unknown version ${clipped(apiVersion)}; Portent speaks ${API_VERSION}: put v1 into the webhook's admissionReviewVersions`,
    );
  }
  if (!isFields(body.request)) return problem('review', 'the AdmissionReview has no request');
  const request = body.request;
  const uid = text(request.uid);
  if (uid === '' || uid.length > 256) return problem('review', 'request.uid is missing: an answer needs it');
  const operation = OPERATIONS.find((one) => one === request.operation);
  if (operation === undefined) {
    return problem('review', `request.operation must be one of ${OPERATIONS.join(', ')}`);
  }
  const kind = fields(request.kind);
  const judged = JUDGED.get(`${text(kind.group)}/${text(kind.kind)}` as '/Service');
  if (text(kind.kind) === '') return problem('review', 'request.kind is missing');
  if (judged !== undefined && kind.version !== 'v1') {
    const given = clipped(text(kind.version)) || 'none';
    return problem(
      'version',
      `unknown version ${given} of ${judged}; set the webhook's matchPolicy to Equivalent and its rules to v1`,
    );
  }
  const subResource = text(request.subResource);
  const plural = text(fields(request.resource).resource);
  const user = fields(request.userInfo);
  return {
    uid,
    judged: subResource === '' && operation !== 'CONNECT' ? judged : undefined,
    resource: subResource === '' ? plural : `${plural}/${subResource}`,
    operation,
    namespace: text(request.namespace),
    name: text(request.name),
    user: {
      username: text(user.username),
      groups: texts(user.groups),
      uid: text(user.uid),
      extra: user.extra,
    },
    dryRun: request.dryRun === true,
    object: request.object,
    oldObject: request.oldObject,
  };
}

/** The user of the review, as the API server is asked about him. */
export function askerOf({ user }: Review): Asker {
  const extra = Object.entries(fields(user.extra)).map(([key, values]) => [key, texts(values)] as const);
  return { username: user.username, uid: user.uid, groups: user.groups, extra: Object.fromEntries(extra) };
}

/** Whether `readReview` failed. */
export function isProblem(result: object): result is ReviewProblem {
  return 'reason' in result;
}

function problem(reason: ReviewProblem['reason'], text: string): ReviewProblem {
  return { reason, text };
}

function kindOf(value: unknown): string {
  if (value === null || value === undefined) return 'nothing';
  return Array.isArray(value) ? 'a list' : `a ${typeof value}`;
}

function clipped(value: string): string {
  return value.length > 80 ? `${value.slice(0, 79)}…` : value;
}
