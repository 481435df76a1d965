import type { SnapshotOptions } from './options.ts';

export async function snapshotCommand(_options: SnapshotOptions): Promise<number> {
  return 2;
}
