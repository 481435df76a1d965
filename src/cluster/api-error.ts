import type { Dispatcher } from 'undici';

/** An answer of the API server other than 200, or an ERROR event inside a watch. */
export class ApiError extends Error {
  readonly status: number;
  /** Status.reason, such as `Expired`; '' when the answer has none. */
  readonly reason: string;
  /** Milliseconds the server asked to wait; 0 when it did not say. */
  readonly retryAfterMs: number;

  constructor(status: number, reason: string, message: string, retryAfterMs = 0) {
    super(
      `the API server answered ${status}${reason === '' ? '' : ` ${reason}`}${message === '' ? '' : `: ${message}`}`,
    );
    this.name = 'ApiError';
    this.status = status;
    this.reason = reason;
    this.retryAfterMs = retryAfterMs;
  }

  /** The resourceVersion or the page is too old: everything must be listed again. */
  get gone(): boolean {
    return this.status === 410;
  }
}

/** How much of an error's body is read: enough for a Status, not for whatever a proxy sends. */
const BODY_LIMIT = 64 * 1024;

/** Reads an answer that is not 200 into an error, and frees its connection. */
export async function apiErrorOf(
  status: number,
  headers: Dispatcher.ResponseData['headers'],
  body: Dispatcher.ResponseData['body'],
): Promise<ApiError> {
  let text = '';
  try {
    for await (const chunk of body) {
      text += String(chunk);
      if (text.length > BODY_LIMIT) break;
    }
  } catch {
    // The status says enough.
  }
  const retryAfter = Number(headers['retry-after']);
  const retryAfterMs = Number.isFinite(retryAfter) && retryAfter > 0 ? retryAfter * 1_000 : 0;
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    return new ApiError(status, '', text.slice(0, 200).replaceAll(/\s+/g, ' ').trim(), retryAfterMs);
  }
  return statusError(parsed, status, retryAfterMs);
}

/** An error from a Status object (meta/v1), which is not trusted to be one. */
export function statusError(status: unknown, fallback = 500, retryAfterMs = 0): ApiError {
  const fields: { code?: unknown; reason?: unknown; message?: unknown } =
    typeof status === 'object' && status !== null ? status : {};
  const text = (value: unknown): string => (typeof value === 'string' ? value.slice(0, 500) : '');
  const code = typeof fields.code === 'number' ? fields.code : fallback;
  return new ApiError(code, text(fields.reason), text(fields.message), retryAfterMs);
}
