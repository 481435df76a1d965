import type { Access } from './access.ts';
import { ApiError } from './api-error.ts';
import { listAt, rawAt, textAt } from './raw.ts';

const PAGE = 500;
/** A page token can expire while a slow list goes on; then larger pages, and at last a single one. */
const PAGE_SIZES = [PAGE, 4 * PAGE, 0] as const;

export interface Page {
  readonly items: readonly unknown[];
  /** The resourceVersion of the whole list, the same on each of its pages. */
  readonly version: string;
  /** The list had to begin anew with this page; what came before does not count. */
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
): AsyncGenerator<Page> {
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
): AsyncGenerator<Page> {
  let token = '';
  do {
    const query = new URLSearchParams();
    if (limit > 0) query.set('limit', String(limit));
    if (token !== '') query.set('continue', token);
    const first = token === '';
    const list = await access.getJson(`${path}?${query}`, options);
    const metadata = rawAt(list, 'metadata');
    token = textAt(metadata, 'continue');
    yield { items: listAt(list, 'items'), version: textAt(metadata, 'resourceVersion'), first };
  } while (token !== '');
}
