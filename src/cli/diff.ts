import { overlay } from '../model/overlay.ts';
import { diffConnections } from '../simulate/diff.ts';
import { ALLOWED, DENIED } from './failure.ts';
import { writeDiff } from './formats/diff.ts';
import { changesOf, readManifests, undone } from './manifests.ts';
import type { DiffOptions } from './options.ts';
import { standardOutput } from './output.ts';
import { loadSettings } from './settings.ts';
import { loadState } from './state.ts';

/** `portent diff`: the connections that the manifests, all together, make lost and gained. */
export async function diff(options: DiffOptions): Promise<number> {
  const { cni } = loadSettings(options.config).config;
  const { judged, others } = readManifests(options.file, options.namespace);
  const store = await loadState(options, { mayBeEmpty: true, more: others, cni });
  const changes = changesOf(store, judged, options.delete === true);
  const { by } = options;
  const found = diffConnections(overlay(store, undone(changes)), overlay(store, changes), { by });
  const out = standardOutput();
  writeDiff(found, options.output, out);
  out.end();
  const isDifferent = found.lost.length + found.gained.length > 0;
  return options.exitCode === true && isDifferent ? DENIED : ALLOWED;
}
