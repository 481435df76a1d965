import type { Access } from './access.ts';
import { statusError } from './api-error.ts';
import { GarbledError, LineSplitter } from './lines.ts';
import { isRaw, type Raw, rawAt, textAt } from './raw.ts';
import type { Timings } from './timings.ts';

/** Marks the bookmark that ends a streamed initial list (KEP-3157). */
const INITIAL_END = 'k8s.io/initial-events-end';

export type WatchEvent =
  | { readonly type: 'put' | 'remove'; readonly object: Raw }
  | { readonly type: 'bookmark'; readonly version: string; readonly initialEnd: boolean };

/** The server was silent for longer than it should be. */
export class SilenceError extends Error {
  constructor(milliseconds: number) {
    super(`no contact for ${Math.round(milliseconds / 1_000)} s`);
    this.name = 'SilenceError';
  }
}

export interface WatchOptions {
  readonly path: string;
  readonly query: URLSearchParams;
  readonly accept?: string;
  readonly headMs: number;
  readonly silenceMs: number;
  readonly controller: AbortController;
  /** The server accepted the watch. */
  readonly onOpen: () => void;
  /** Bytes came. */
  readonly onBytes: () => void;
}

/** What a watch asks for: from a resourceVersion on, or with '' everything that is there first. */
export function watchQuery(
  version: string,
  [least, most]: Timings['watchSeconds'],
  random: () => number,
): URLSearchParams {
  const query = new URLSearchParams({
    watch: 'true',
    allowWatchBookmarks: 'true',
    timeoutSeconds: String(Math.round(least + random() * (most - least))),
  });
  if (version !== '') query.set('resourceVersion', version);
  else {
    query.set('sendInitialEvents', 'true');
    query.set('resourceVersionMatch', 'NotOlderThan');
  }
  return query;
}

/** One watch request. `silenceMs` may change while it runs: a list may not pause as long as a quiet watch. */
export class WatchStream {
  readonly #access: Access;
  readonly #options: WatchOptions;
  #timer: NodeJS.Timeout | undefined;

  constructor(access: Access, options: WatchOptions) {
    this.#access = access;
    this.#options = options;
  }

  allowSilence(milliseconds: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(
      () => this.#options.controller.abort(new SilenceError(milliseconds)),
      milliseconds,
    );
  }

  /**
   * The events of each chunk of bytes, in order, until the server ends the watch. Throws `ApiError` for an
   * error status and for ERROR events, `SilenceError`, `GarbledError`, and what the connection throws.
   */
  async *chunks(): AsyncGenerator<Iterable<WatchEvent>> {
    const { path, query, accept, headMs, silenceMs, controller, onOpen, onBytes } = this.#options;
    const body = await this.#access.get(`${path}?${query}`, {
      ...(accept === undefined ? {} : { accept }),
      signal: controller.signal,
      headMs,
      silenceMs: 0,
    });
    onOpen();
    const lines = new LineSplitter();
    this.allowSilence(silenceMs);
    try {
      for await (const chunk of body) {
        this.#timer?.refresh();
        onBytes();
        yield eventsOf(lines.push(chunk as Uint8Array));
      }
    } finally {
      clearTimeout(this.#timer);
    }
    if (lines.rest().trim() !== '') throw new GarbledError('the connection ended in the middle of an event');
  }
}

function* eventsOf(lines: Iterable<string>): Generator<WatchEvent> {
  for (const line of lines) {
    const event = parseEvent(line);
    if (event !== undefined) yield event;
  }
}

/** Reads one line of a watch; undefined for a type that does not exist yet. */
function parseEvent(line: string): WatchEvent | undefined {
  let parsed: unknown;
  try {
    parsed = JSON.parse(line);
  } catch {
    throw new GarbledError(`the API server sent ${line.length} characters that are not JSON`);
  }
  const object = isRaw(parsed) ? parsed.object : undefined;
  if (!isRaw(object)) throw new GarbledError('the API server sent an event without an object');
  switch (textAt(parsed, 'type')) {
    case 'ADDED':
    case 'MODIFIED':
      return { type: 'put', object };
    case 'DELETED':
      return { type: 'remove', object };
    case 'BOOKMARK': {
      const metadata = rawAt(object, 'metadata');
      const initialEnd = textAt(rawAt(metadata, 'annotations'), INITIAL_END) === 'true';
      return { type: 'bookmark', version: textAt(metadata, 'resourceVersion'), initialEnd };
    }
    case 'ERROR':
      throw statusError(object);
    default:
      return undefined;
  }
}
