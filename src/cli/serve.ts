import type { ServeOptions } from './options.ts';

export async function serve(_options: ServeOptions): Promise<void> {}
