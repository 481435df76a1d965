import { printable } from '../decision/words.ts';
import type { Judged } from './judging.ts';

/** In characters (code points). */
const DENIAL = 16_384;
const CAUSES = 20;

/** The body that allows a change without a word. */
export function allowance(uid: string): string {
  return review({ uid, allowed: true });
}

/** The body that answers a judged review. */
export function answerOf(uid: string, judged: Judged): string {
  const response: Record<string, unknown> = { uid, allowed: judged.decision !== 'deny' };
  if (judged.decision === 'deny') {
    const causes = judged.findings
      .filter(({ action }) => action === 'deny')
      .slice(0, CAUSES)
      .map(({ rule, message }) => ({ reason: rule, message: plain(message) }));
    response.status = {
      code: 403,
      reason: 'Forbidden',
      message: clip(lines(judged.denial ?? 'Denied by Portent.'), DENIAL),
      ...(causes.length === 0 ? {} : { details: { causes } }),
    };
  }
  if (judged.warnings.length > 0) response.warnings = judged.warnings;
  response.auditAnnotations = judged.auditAnnotations;
  return review(response);
}

/**
 * An error as the API server and kubectl read it: a `Status`, whose message is shown as it is.
 * Never an answer that allows.
 */
export function failure(code: number, reason: string, message: string): string {
  return JSON.stringify({
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message,
    reason,
    code,
  });
}

function review(response: object): string {
  return JSON.stringify({ apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', response });
}

/** One line. */
function plain(text: string): string {
  return printable(text).trim();
}

/** As `plain`, with its line breaks. */
function lines(text: string): string {
  return text.split('\n').map(printable).join('\n').trim();
}

function clip(text: string, length: number): string {
  if (text.length <= length) return text;
  const characters = [...text];
  return characters.length <= length ? text : `${characters.slice(0, length - 1).join('')}…`;
}
