import type { Access } from './access.ts';
import { ApiError } from './api-error.ts';
import { ListSplitter } from './items.ts';
import { rawAt, textAt } from './raw.ts';

const PAGE = 500;
/** A page token can expire while a slow list goes on; then larger pages, and at last a single one. */
const PAGE_SIZES = [PAGE, 4 * PAGE, 0] as const;

/** A piece of a list: what one chunk of bytes held, or the end of a page. */
export interface Piece {
  readonly items: readonly unknown[];
  /** The resourceVersion of the whole list, told at the end of each of its pages; '' before. */
  readonly version: string;
  /** The list begins with this piece, or begins anew: what came before does not count. */
  readonly first: boolean;
}

export interface PageOptions {
  readonly accept?: string;
  readonly signal?: AbortSignal;
  readonly headMs?: number;
  readonly silenceMs?: number;
}

/**
 * Lists a kind in pages of 500, all of one consistent resourceVersion, the newest there is. Throws `ApiError`,
 * and what the connection throws.
 */
export async function* listPages(
  access: Access,
  path: string,
  options: PageOptions = {},
): AsyncGenerator<Piece> {
  for (const limit of PAGE_SIZES) {
    try {
      yield* pagesOf(access, path, limit, options);
      return;
    } catch (error) {
      const mayGrow = error instanceof ApiError && error.gone && limit !== 0;
      if (!mayGrow) throw error;
    }
  }
}

async function* pagesOf(
  access: Access,
  path: string,
  limit: number,
  options: PageOptions,
): AsyncGenerator<Piece> {
  let token = '';
  do {
    const query = new URLSearchParams();
    if (limit > 0) query.set('limit', String(limit));
    if (token !== '') query.set('continue', token);
    const body = await access.get(`${path}?${query}`, options);
    if (token === '') yield { items: [], version: '', first: true };
    const splitter = new ListSplitter();
    for await (const chunk of body) {
      yield { items: splitter.push(chunk as Uint8Array), version: '', first: false };
    }
    const metadata = rawAt(splitter.end(), 'metadata');
    token = textAt(metadata, 'continue');
    yield { items: [], version: textAt(metadata, 'resourceVersion'), first: false };
  } while (token !== '');
}
