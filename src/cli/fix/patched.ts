import { applyPatch, type Operation } from 'rfc6902';
import type { PatchOperation } from '../../rules/patch.ts';

/**
 * A copy of the object with the patch applied (RFC 6902), or undefined when the patch does not fit it: the object
 * is as it is written, and the finding speaks of how the API server understands it.
 */
export function patched(raw: unknown, patch: readonly PatchOperation[]): unknown {
  const copy: unknown = structuredClone(raw);
  // The library writes values into its target; the patch must stay as it is.
  const operations = structuredClone(patch) as Operation[];
  return applyPatch(copy, operations).some((error) => error !== null) ? undefined : copy;
}
