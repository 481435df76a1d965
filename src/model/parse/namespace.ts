import { withLabel } from '../labels.ts';
import type { Namespace } from '../objects.ts';
import { metadata, parseLabels } from './meta.ts';
import { fields, isAbsent, text } from './wire.ts';

/** Every namespace carries this label with its own name as value, written or not (KEP-2161). */
export const NAMESPACE_NAME_LABEL = 'kubernetes.io/metadata.name';

/** A Namespace of v1 as stored. */
export function parseNamespace(raw: unknown): Namespace {
  const { name, labels, deletionTimestamp } = metadata(raw);
  return {
    name: text(name),
    labels: withLabel(parseLabels(labels), NAMESPACE_NAME_LABEL, text(name)),
    terminating: !isAbsent(deletionTimestamp) || fields(fields(raw).status).phase === 'Terminating',
  };
}
