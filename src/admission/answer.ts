import { printable } from '../decision/words.ts';
import type { Judged } from './judging.ts';

/** Bounds of the API server's warnings, in characters (code points). */
const WARNING = 256;
const ALL_WARNINGS = 4096;
const DENIAL = 16_384;
const CAUSES = 20;

/** The body that allows a change without a word. */
export function allowance(uid: string): string {
  return review({ uid, allowed: true });
}

/** The body that answers a judged review. */
export function answerOf(uid: string, judged: Judged): string {
  const warnings = bounded(judged.warnings);
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
  if (warnings.length > 0) response.warnings = warnings;
  const annotations = annotationsOf(judged.auditAnnotations);
  if (annotations !== undefined) response.auditAnnotations = annotations;
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

/**
 * Warnings as the API server passes them on: it drops one with a line break or a control character without
 * a word, and cuts what goes past 4,096 characters in all.
 */
export function bounded(warnings: readonly string[]): string[] {
  const kept: string[] = [];
  let room = ALL_WARNINGS;
  for (const [index, warning] of warnings.entries()) {
    const text = clip(plain(warning), WARNING);
    const length = lengthOf(text);
    // Room for the line that says how many were left out.
    const reserve = index === warnings.length - 1 ? 0 : 64;
    if (length + reserve > room) {
      const left = warnings.length - index;
      kept.push(`${left} more ${left === 1 ? 'warning' : 'warnings'}: see the audit log.`);
      break;
    }
    if (text === '') continue;
    kept.push(text);
    room -= length;
  }
  return kept;
}

function review(response: object): string {
  return JSON.stringify({ apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', response });
}

/** One line. */
function plain(text: string): string {
  return printable(text).trim();
}

/** Nearly every text is of this kind. */
const ASCII = /^[ -~]*$/;

/** In characters, as the API server counts. */
function lengthOf(text: string): number {
  return ASCII.test(text) ? text.length : [...text].length;
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

/** A key with a slash would be dropped by the API server without a word: it prefixes the webhook's name itself. */
function annotationsOf(given: Readonly<Record<string, string>>): Record<string, string> | undefined {
  const pairs = Object.entries(given).map(([key, value]) => [key.replaceAll('/', '.'), value] as const);
  return pairs.length === 0 ? undefined : Object.fromEntries(pairs);
}
