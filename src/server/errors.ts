import type { FastifyError } from 'fastify';
import { failure } from '../admission/answer.ts';
import { JsonError } from './json.ts';
import type { Limits } from './limits.ts';

/** An HTTP error as it is answered and counted. */
export interface HttpFailure {
  readonly status: number;
  readonly body: string;
  /** The value of the metric's label; undefined when it is our own failure. */
  readonly malformed: 'json' | 'content_type' | 'too_large' | 'http' | undefined;
}

/** What to answer when a request fails before, or outside of, the review. */
export function failureOf(error: unknown, limits: Limits): HttpFailure {
  const { code, statusCode } = error as Partial<FastifyError>;
  if (error instanceof JsonError) return make(400, 'BadRequest', error.message, 'json');
  switch (code) {
    case 'FST_ERR_CTP_BODY_TOO_LARGE': {
      const text = `the review is larger than ${limits.body} bytes; limits.body sets how large it may be`;
      return make(413, 'RequestEntityTooLarge', text, 'too_large');
    }
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
    case 'FST_ERR_CTP_INVALID_TYPE':
      return make(415, 'UnsupportedMediaType', 'send the review as application/json', 'content_type');
    case 'FST_ERR_CTP_EMPTY_JSON_BODY':
      return make(400, 'BadRequest', 'the body is empty; send an AdmissionReview', 'json');
    case 'FST_ERR_CTP_INVALID_CONTENT_LENGTH':
      return make(400, 'BadRequest', 'the body is not as long as Content-Length says', 'http');
  }
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500) {
    return make(statusCode, 'BadRequest', 'the request cannot be read', 'http');
  }
  return make(500, 'InternalError', 'Portent failed, and the change was not judged; see its log', undefined);
}

function make(
  status: number,
  reason: string,
  message: string,
  malformed: HttpFailure['malformed'],
): HttpFailure {
  return { status, body: failure(status, reason, message), malformed };
}
