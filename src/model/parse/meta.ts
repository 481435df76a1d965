import { Interner } from '../intern.ts';
import { type Labels, labelsOf, NO_LABELS } from '../labels.ts';
import { LOAD_BALANCER_ANNOTATIONS } from '../load-balancers.ts';
import { type Fields, fields, isFields, items, text } from './wire.ts';

/** What parsers share when the caller brings no interner of its own. It forgets by itself. */
export const SHARED = new Interner();

/** Annotations Portent reads, whole names. All others are dropped: they may hold anything. */
const KEPT_ANNOTATIONS: ReadonlySet<string> = new Set([
  'kubernetes.io/ingress.class',
  'prometheus.io/scrape',
  'prometheus.io/port',
  'portent.dev/exempt',
  'portent.dev/exempt-reason',
  'portent.dev/exempt-until',
  ...LOAD_BALANCER_ANNOTATIONS,
]);

/** The metadata every object has. */
export interface Meta {
  readonly name: string;
  readonly namespace: string;
  readonly labels: Labels;
  readonly annotations: Labels;
}

/** The metadata of a raw object; no fields when there are none. */
export function metadata(raw: unknown): Fields {
  return fields(fields(raw).metadata);
}

/** Name, namespace, labels and the annotations that are read. A missing namespace reads as `default`. */
export function parseMeta(raw: unknown, interner: Interner = SHARED): Meta {
  const meta = metadata(raw);
  return {
    name: text(meta.name),
    namespace: interner.string(text(meta.namespace) || 'default'),
    labels: parseLabels(meta.labels, interner),
    annotations: keptAnnotations(meta.annotations),
  };
}

/** String entries of a JSON object as labels; others are dropped (the API server stores none). */
export function parseLabels(raw: unknown, interner: Interner = SHARED): Labels {
  if (!isFields(raw)) return NO_LABELS;
  const pairs: [string, string][] = [];
  for (const [key, value] of Object.entries(raw)) if (typeof value === 'string') pairs.push([key, value]);
  return pairs.length === 0 ? NO_LABELS : interner.labels(pairs);
}

/** Whether Portent reads an annotation of this name. */
export function keepsAnnotation(name: string): boolean {
  return KEPT_ANNOTATIONS.has(name);
}

function keptAnnotations(raw: unknown): Labels {
  if (!isFields(raw)) return NO_LABELS;
  const pairs: [string, string][] = [];
  for (const [key, value] of Object.entries(raw)) {
    if (typeof value === 'string' && keepsAnnotation(key)) pairs.push([key, value]);
  }
  return labelsOf(pairs);
}

export interface Owner {
  readonly kind: string;
  readonly name: string;
}

/** The owner that manages the object (`controller: true`), if any. */
export function controller(raw: unknown): Owner | undefined {
  for (const reference of items(metadata(raw).ownerReferences)) {
    const { controller: manages, kind, name } = fields(reference);
    if (manages === true && text(kind) !== '' && text(name) !== '') {
      return { kind: text(kind), name: text(name) };
    }
  }
  return undefined;
}
