import { overlay } from '../model/overlay.ts';
import { listConnections } from '../simulate/list.ts';
import { ALLOWED } from './failure.ts';
import { writeList } from './formats/list.ts';
import type { ListOptions } from './options.ts';
import { standardOutput } from './output.ts';
import { loadState } from './state.ts';

/** `portent list`: every allowed connection of the cluster state. */
export async function list(options: ListOptions): Promise<number> {
  const store = await loadState(options);
  const out = standardOutput();
  writeList(listConnections(overlay(store, []), { by: options.by }), options.output, out);
  out.end();
  return ALLOWED;
}
