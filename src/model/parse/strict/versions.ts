/** The kinds that are looked into, each with the apiVersion that current clusters serve it as. */
export const SERVED: ReadonlyMap<string, string> = new Map([
  ['Pod', 'v1'],
  ['Namespace', 'v1'],
  ['Service', 'v1'],
  ['Endpoints', 'v1'],
  ['Node', 'v1'],
  ['ReplicationController', 'v1'],
  ['Deployment', 'apps/v1'],
  ['ReplicaSet', 'apps/v1'],
  ['StatefulSet', 'apps/v1'],
  ['DaemonSet', 'apps/v1'],
  ['Job', 'batch/v1'],
  ['CronJob', 'batch/v1'],
  ['NetworkPolicy', 'networking.k8s.io/v1'],
  ['Ingress', 'networking.k8s.io/v1'],
  ['EndpointSlice', 'discovery.k8s.io/v1'],
  ['ValidatingWebhookConfiguration', 'admissionregistration.k8s.io/v1'],
  ['MutatingWebhookConfiguration', 'admissionregistration.k8s.io/v1'],
  ['APIService', 'apiregistration.k8s.io/v1'],
  ['CustomResourceDefinition', 'apiextensions.k8s.io/v1'],
]);

/** Groups of Kubernetes itself, past ones included: a kind of ours in one of them is meant to be ours. */
const BUILT_IN: ReadonlySet<string> = new Set([
  '',
  'apps',
  'batch',
  'extensions',
  'networking.k8s.io',
  'net.alpha.kubernetes.io',
  'net.beta.kubernetes.io',
  'discovery.k8s.io',
  'admissionregistration.k8s.io',
  'apiregistration.k8s.io',
  'apiextensions.k8s.io',
  'policy',
]);

/** Kubernetes versions that stopped serving an apiVersion of a kind (API deprecation guide). */
const REMOVED: ReadonlyMap<string, string> = new Map([
  ['extensions/v1beta1 NetworkPolicy', '1.16'],
  ['extensions/v1beta1 Deployment', '1.16'],
  ['extensions/v1beta1 ReplicaSet', '1.16'],
  ['extensions/v1beta1 DaemonSet', '1.16'],
  ['extensions/v1beta1 Ingress', '1.22'],
  ['networking.k8s.io/v1beta1 Ingress', '1.22'],
  ['apps/v1beta1 Deployment', '1.16'],
  ['apps/v1beta1 StatefulSet', '1.16'],
  ['apps/v1beta2 Deployment', '1.16'],
  ['apps/v1beta2 ReplicaSet', '1.16'],
  ['apps/v1beta2 StatefulSet', '1.16'],
  ['apps/v1beta2 DaemonSet', '1.16'],
  ['batch/v2alpha1 CronJob', '1.21'],
  ['batch/v1beta1 CronJob', '1.25'],
  ['discovery.k8s.io/v1beta1 EndpointSlice', '1.25'],
  ['admissionregistration.k8s.io/v1beta1 ValidatingWebhookConfiguration', '1.22'],
  ['admissionregistration.k8s.io/v1beta1 MutatingWebhookConfiguration', '1.22'],
  ['apiregistration.k8s.io/v1beta1 APIService', '1.22'],
  ['apiextensions.k8s.io/v1beta1 CustomResourceDefinition', '1.22'],
]);

export interface VersionProblem {
  readonly field: 'apiVersion' | 'kind';
  readonly message: string;
  readonly fix: string;
}

/**
 * Why no current cluster knows this kind under this apiVersion; undefined when one may. Kinds of the same name in
 * other projects' groups are theirs.
 */
export function versionProblem(apiVersion: string, kind: string): VersionProblem | undefined {
  const slash = apiVersion.indexOf('/');
  if (!BUILT_IN.has(slash < 0 ? '' : apiVersion.slice(0, slash))) return undefined;
  const served = SERVED.get(kind);
  if (served === apiVersion) return undefined;
  if (served === undefined) {
    const meant = [...SERVED.keys()].find((name) => name.toLowerCase() === kind.toLowerCase());
    if (meant === undefined) return undefined;
    return { field: 'kind', message: `there is no kind ${kind}`, fix: `Write kind: ${meant}` };
  }
  const since = REMOVED.get(`${apiVersion} ${kind}`);
  const alpha = apiVersion.startsWith('net.') ? 'no current cluster serves' : `Kubernetes does not serve`;
  const message =
    since === undefined
      ? `${alpha} ${kind} as ${apiVersion}`
      : `Kubernetes serves ${kind} as ${apiVersion} no longer, since ${since}`;
  return { field: 'apiVersion', message, fix: `Write apiVersion: ${served}${changes(kind, served)}` };
}

function changes(kind: string, served: string): string {
  if (kind === 'Ingress') return ' (backends are written service: {name, port: {number}} there)';
  if (served === 'apps/v1') return ' (spec.selector is required there)';
  return '';
}
