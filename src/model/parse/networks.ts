import { fields, isFields, text } from './wire.ts';

/** Pods with a second interface name its networks here (Network Plumbing Working Group, specification 1.3, 4.1). */
const ANNOTATION = 'k8s.v1.cni.cncf.io/networks';
/** Networks named; a pod with more has its point made. */
const MOST_NAMES = 5;
const MOST_LENGTH = 200;

/**
 * The additional networks a pod asks for, as `namespace/name, namespace/name`; '' for none. The annotation is a
 * list with commas (`other/fast@net1, slow`) or JSON; of both only the names are kept.
 */
export function parseNetworks(annotations: unknown, namespace: string): string {
  if (!isFields(annotations)) return '';
  const written = text(annotations[ANNOTATION]).trim();
  if (written === '') return '';
  const paths = new Set(
    written.startsWith('[') ? jsonPaths(written, namespace) : plainPaths(written, namespace),
  );
  const sorted = [...paths].sort();
  const named = sorted.slice(0, MOST_NAMES);
  if (sorted.length > named.length) named.push(`${sorted.length - named.length} more`);
  return named.join(', ').slice(0, MOST_LENGTH);
}

function plainPaths(written: string, namespace: string): string[] {
  return written.split(',').flatMap((entry) => {
    const path = entry.trim().split('@', 1)[0] as string;
    if (path === '') return [];
    return path.includes('/') ? path : `${namespace}/${path}`;
  });
}

/** JSON that cannot be read names no network: Multus does not start such a pod. */
function jsonPaths(written: string, namespace: string): string[] {
  let elements: unknown;
  try {
    elements = JSON.parse(written);
  } catch {
    return [];
  }
  if (!Array.isArray(elements)) return [];
  return elements.flatMap((element) => {
    const { name, namespace: home } = fields(element);
    return text(name) === '' ? [] : `${text(home) || namespace}/${text(name)}`;
  });
}
