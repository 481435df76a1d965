import type { DaemonSetFacts, Tristate } from '../../model/objects.ts';
import type { CniFacts } from './facts.ts';

/** How much of NetworkPolicy a plug-in does, as its project says. */
export interface Abilities {
  readonly ingress: Tristate;
  readonly egress: Tristate;
  /** Port ranges (`endPort`). */
  readonly endPort: Tristate;
  readonly sctp: Tristate;
  /** Whether an ipBlock matches the addresses of pods; the API leaves it open. */
  readonly blocksMatchPods: Tristate;
}

/** One plug-in found in a cluster. */
export interface Recognition {
  /** `Calico`. */
  readonly name: string;
  /**
   * `policy`: acts on NetworkPolicy, or is meant to. `network`: connects pods and leaves policy to others.
   * `secondary`: adds interfaces beside the pods' main one.
   */
  readonly role: 'policy' | 'network' | 'secondary';
  readonly abilities: Abilities;
  /** Sentences: what was seen, and what follows from it. */
  readonly evidence: readonly string[];
  /** What the operator should know or do about it. */
  readonly advice: readonly string[];
  /** Seen only where a tenant could have put it, or by traces that a removed plug-in leaves. */
  readonly weak: boolean;
}

/** How one plug-in is recognised, and under which conditions it enforces. */
export interface Plugin {
  readonly name: string;
  readonly recognise: (facts: CniFacts) => Recognition | undefined;
}

export const ENFORCES: Abilities = Object.freeze({
  ingress: 'yes',
  egress: 'yes',
  endPort: 'yes',
  sctp: 'yes',
  blocksMatchPods: 'yes',
});
export const IGNORES: Abilities = Object.freeze({
  ingress: 'no',
  egress: 'no',
  endPort: 'no',
  sctp: 'no',
  blocksMatchPods: 'unknown',
});
export const UNCLEAR: Abilities = Object.freeze({
  ingress: 'unknown',
  egress: 'unknown',
  endPort: 'unknown',
  sctp: 'unknown',
  blocksMatchPods: 'unknown',
});

/**
 * Namespaces that cluster administrators own. Anybody may call a DaemonSet of their own `calico-node`, and
 * must not switch a check off, or policies' enforcement to "none", by that.
 */
const SYSTEM =
  /^(kube|calico|cilium|tigera|weave|antrea|openshift|ovn|contrail|tungsten|tf|romana|flannel|canal|kindnet|cattle|gke|gmp|aws|amazon|azure|aks|cni|network|networking|multus)(-|$)|-system$/;

/** Whether administrators own the namespace, by its name. */
export function isSystemNamespace(name: string): boolean {
  return SYSTEM.test(name);
}

function isSystem(daemonSet: DaemonSetFacts): boolean {
  return isSystemNamespace(daemonSet.namespace);
}

/** `quay.io/calico/node:v3.30@sha256:…` → `calico/node`, with the registry's host left out. */
export function imagePath(image: string): string {
  const { path } = imageParts(image);
  const [host = '', ...rest] = path.split('/');
  return rest.length > 0 && (/[.:]/.test(host) || host === 'localhost') ? rest.join('/') : path;
}

/** The tag of an image, or ''. */
export function imageTag(image: string): string {
  return imageParts(image).tag;
}

/** By searching, not by a pattern: a tenant's image may be a megabyte that any backtracking would hang on. */
function imageParts(image: string): { readonly path: string; readonly tag: string } {
  const [name = ''] = image.split('@', 1);
  const colon = name.lastIndexOf(':');
  if (colon < 0 || colon < name.lastIndexOf('/')) return { path: name, tag: '' };
  return { path: name.slice(0, colon), tag: name.slice(colon + 1) };
}

/** The first DaemonSet, system namespaces first, that has one of the names or runs one of the images. */
export function findDaemonSet(
  { daemonSets }: CniFacts,
  names: readonly string[],
  images: RegExp,
): DaemonSetFacts | undefined {
  const byImage = (each: DaemonSetFacts): boolean =>
    each.images.some((image) => images.test(imagePath(image)));
  const system = daemonSets.filter(isSystem);
  return system.find(byImage) ?? system.find((each) => names.includes(each.name)) ?? daemonSets.find(byImage);
}

/** The value of `--flag=value`, `--flag value`, or 'true' for a bare `--flag`; undefined without it. */
export function argument(daemonSet: DaemonSetFacts, flag: string): string | undefined {
  const words = daemonSet.arguments;
  for (const [index, word] of words.entries()) {
    if (word.startsWith(`${flag}=`)) return word.slice(flag.length + 1);
    if (word !== flag) continue;
    const next = words[index + 1];
    return next === undefined || next.startsWith('-') ? 'true' : next;
  }
  return undefined;
}

/** The plain value of an environment setting; undefined without it. */
export function setting(settings: readonly string[], name: string): string | undefined {
  return settings.find((each) => each.startsWith(`${name}=`))?.slice(name.length + 1);
}

/** `DaemonSet kube-system/calico-node`. */
export function daemonSetText(daemonSet: DaemonSetFacts): string {
  return `DaemonSet ${daemonSet.namespace}/${daemonSet.name}`;
}

/** A recognition that rests on one DaemonSet. */
export function seen(
  name: string,
  role: Recognition['role'],
  daemonSet: DaemonSetFacts,
  abilities: Abilities,
  consequence: string,
  advice: readonly string[] = [],
): Recognition {
  const evidence = [`${daemonSetText(daemonSet)} runs ${name}, ${consequence}`];
  return { name, role, abilities, evidence, advice, weak: !isSystem(daemonSet) };
}

/** A recognition that rests on an API group alone, which outlives the plug-in that brought it. */
export function traceOf(name: string, facts: CniFacts, group: string): Recognition | undefined {
  if (!facts.apiGroups.includes(group)) return undefined;
  const evidence = [`API group ${group} is served, but no DaemonSet of ${name} was found`];
  return { name, role: 'policy', abilities: UNCLEAR, evidence, advice: [], weak: true };
}
