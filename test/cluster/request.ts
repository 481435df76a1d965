import { request as httpsRequest } from 'node:https';

/** What the API server answered: the body is parsed where it is JSON. */
export interface ApiAnswer {
  readonly status: number;
  readonly body: unknown;
  readonly text: string;
  /** The warnings of the `Warning` headers (RFC 7234, 5.5), unquoted. */
  readonly warnings: readonly string[];
}

/** Where and as whom to ask. */
export interface ApiAccess {
  readonly url: string;
  readonly caPem: string;
  readonly token: string;
}

/**
 * One request on a connection of its own, so that a restarted server never meets a stale socket. Rejects when
 * nothing answers within 15 s; an error status is an answer.
 */
export function apiRequest(
  access: ApiAccess,
  method: string,
  path: string,
  body?: unknown,
): Promise<ApiAnswer> {
  const type = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json';
  return new Promise((resolve, reject) => {
    const sent = httpsRequest(
      new URL(path, access.url),
      {
        method,
        agent: false,
        ca: access.caPem,
        signal: AbortSignal.timeout(15_000),
        headers: {
          authorization: `Bearer ${access.token}`,
          accept: 'application/json',
          'content-type': type,
        },
      },
      (answer) => {
        const chunks: Buffer[] = [];
        answer.on('data', (chunk: Buffer) => chunks.push(chunk));
        answer.once('error', reject);
        answer.once('end', () => {
          const text = Buffer.concat(chunks).toString('utf8');
          const isJson = answer.headers['content-type']?.startsWith('application/json') === true;
          try {
            const body: unknown = isJson ? JSON.parse(text) : undefined;
            const warnings = answer.headersDistinct.warning ?? [];
            resolve({ status: answer.statusCode ?? 0, body, text, warnings: warnings.map(unquote) });
          } catch (error) {
            reject(error);
          }
        });
      },
    );
    sent.once('error', reject);
    sent.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

/** `299 - "text"` with backslash escapes → text. */
function unquote(header: string): string {
  const quoted = /^\d{3} \S+ "(.*)"$/s.exec(header)?.[1];
  return quoted === undefined ? header : quoted.replace(/\\(.)/g, '$1');
}
