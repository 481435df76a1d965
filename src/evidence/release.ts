import type { Labels } from '../model/labels.ts';
import { labelValue } from '../model/labels.ts';

/** Labels that tools put on whatever belongs to one release. */
const RELEASE_LABELS: readonly string[] = Object.freeze([
  'app.kubernetes.io/managed-by',
  'helm.sh/chart',
  'heritage',
  'argocd.argoproj.io/instance',
  'kustomize.toolkit.fluxcd.io/name',
  'helm.toolkit.fluxcd.io/name',
]);

/**
 * Whether a tool brings the object as part of a release. Such tools make policies first, then Services, and
 * workloads last: what the object selects is often still to come.
 */
export function isOfRelease(labels: Labels): boolean {
  return RELEASE_LABELS.some((key) => labelValue(labels, key) !== undefined);
}
