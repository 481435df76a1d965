import type { Pod, Workload } from '../objects.ts';
import { controller, metadata, type Owner, parseLabels, parseMeta, SHARED } from './meta.ts';
import { parseNetworks } from './networks.ts';
import { deploymentOf, parsePodSpec, parseScrapedAt } from './pod.ts';
import { fields, isAbsent, items, text, whole } from './wire.ts';

/** A workload object and the pods it would make, as one pod that stands for them. */
export interface WorkloadObject {
  readonly workload: Workload;
  /** What manages the workload: a ReplicaSet's Deployment, a Job's CronJob. */
  readonly owner: Owner | undefined;
  /** `replicas` of it; 0 = the workload makes no pods now. */
  readonly pod: Pod;
}

/** Kinds whose objects stand for pods. */
export const WORKLOAD_KINDS: ReadonlySet<string> = new Set([
  'Deployment',
  'ReplicaSet',
  'StatefulSet',
  'DaemonSet',
  'Job',
  'CronJob',
  'ReplicationController',
]);

/** A workload as the pods it would make: labels, ports and references of its template, no addresses yet. */
export function parseWorkload(raw: unknown): WorkloadObject {
  const { namespace, name } = parseMeta(raw);
  const { kind: written, spec: rawSpec } = fields(raw);
  const kind = text(written);
  const spec = fields(rawSpec);
  const template = fields(
    kind === 'CronJob' ? fields(fields(spec.jobTemplate).spec).template : spec.template,
  );
  const owner = controller(raw);
  const hash = fields(metadata(raw).labels)['pod-template-hash'];
  const deployment = kind === 'ReplicaSet' && owner === undefined ? undefined : deploymentOf(name, hash);
  const workload =
    kind === 'ReplicaSet' && deployment !== undefined
      ? SHARED.workload(namespace, 'Deployment', deployment)
      : SHARED.workload(namespace, kind, name);
  const labels = parseLabels(fields(template.metadata).labels);
  return {
    workload,
    owner,
    pod: {
      namespace,
      name,
      labels: labels.length > 0 ? labels : selectorLabels(kind, spec),
      workload,
      addresses: [],
      ready: true,
      replicas: replicasOf(kind, spec, fields(raw).status),
      networks: parseNetworks(fields(template.metadata).annotations, namespace),
      scrapedAt: parseScrapedAt(fields(template.metadata).annotations),
      ...parsePodSpec(template.spec, namespace),
    },
  };
}

/** A ReplicationController's template may leave out the labels its selector asks for; others may not. */
function selectorLabels(kind: string, spec: ReturnType<typeof fields>): Pod['labels'] {
  return kind === 'ReplicationController' ? parseLabels(spec.selector) : [];
}

function replicasOf(kind: string, spec: ReturnType<typeof fields>, status: unknown): number {
  switch (kind) {
    case 'DaemonSet':
      return desiredOf(fields(status).desiredNumberScheduled);
    case 'CronJob':
      return spec.suspend === true ? 0 : 1;
    case 'Job':
      return spec.suspend === true || ended(status)
        ? 0
        : isAbsent(spec.parallelism)
          ? 1
          : whole(spec.parallelism);
    default:
      return isAbsent(spec.replicas) ? 1 : Math.max(0, whole(spec.replicas));
  }
}

/** A manifest does not say on how many nodes it will run; a stored DaemonSet that says none makes no pods. */
function desiredOf(scheduled: unknown): number {
  return isAbsent(scheduled) ? 1 : Math.max(0, whole(scheduled));
}

function ended(status: unknown): boolean {
  return items(fields(status).conditions).some((item) => {
    const { type, status: holds } = fields(item);
    return (type === 'Complete' || type === 'Failed') && holds === 'True';
  });
}
