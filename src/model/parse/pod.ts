import type { Interner } from '../intern.ts';
import type { NamedPort, Pod, Reference, Workload } from '../objects.ts';
import { parseApiUse } from './api-use.ts';
import { NO_CONFIGS, parseConfigs } from './configs.ts';
import { controller, metadata, parseMeta, SHARED } from './meta.ts';
import { parseNetworks } from './networks.ts';
import { parseProtocol } from './policy.ts';
import { parseReferences } from './references.ts';
import { parseAddresses } from './service.ts';
import { type Fields, fields, isAbsent, isFields, items, portNumber, text } from './wire.ts';

const HASH_LABEL = 'pod-template-hash';

/**
 * A Pod; undefined when it has ended (phase Succeeded or Failed): such a pod has no traffic and no address.
 * A terminating pod counts until it is gone.
 */
export function parsePod(raw: unknown, interner: Interner = SHARED, noteConfigs = true): Pod | undefined {
  const { spec, status, portent } = fields(raw);
  const { phase, podIP, podIPs, conditions } = fields(status);
  if (phase === 'Succeeded' || phase === 'Failed') return undefined;
  const meta = parseMeta(raw, interner);
  const ips = items(podIPs).map((item) => text(fields(item).ip));
  if (ips.length === 0 && text(podIP) !== '') ips.push(text(podIP));
  const stored = text(metadata(raw).uid) !== '';
  const { hostNetwork, node, namedPorts, references, ownReferences, configs, apiUse } = parsePodSpec(
    spec,
    meta.namespace,
    {
      interner,
      saved: portent,
      stored,
      noteConfigs,
    },
  );
  // Written out field by field: spread fields would cost a second object for each pod.
  return {
    namespace: meta.namespace,
    name: meta.name,
    labels: meta.labels,
    workload:
      savedWorkload(portent, meta.namespace, interner) ?? ownerOf(raw, meta.namespace, meta.name, interner),
    addresses: parseAddresses(ips),
    ready: items(conditions).some((item) => fields(item).type === 'Ready' && fields(item).status === 'True'),
    replicas: 1,
    hostNetwork,
    node,
    namedPorts,
    references,
    ownReferences,
    configs,
    networks: interner.string(
      text(fields(portent).networks) || parseNetworks(metadata(raw).annotations, meta.namespace),
    ),
    apiUse,
    scrapedAt: parseScrapedAt(metadata(raw).annotations),
  };
}

type FromSpec = Pick<
  Pod,
  'hostNetwork' | 'node' | 'namedPorts' | 'references' | 'ownReferences' | 'configs' | 'apiUse'
>;

interface SpecOptions {
  readonly interner?: Interner;
  /** What a saved snapshot adds to the pod. */
  readonly saved?: unknown;
  /** The API server has stored the pod and written its volumes: a token that is mounted is one of them. */
  readonly stored?: boolean;
  /** Whether the ConfigMaps it mentions are noted: in vain where nobody reads them. */
  readonly noteConfigs?: boolean;
}

/** What the model takes from a pod's spec, or from a workload's pod template. */
export function parsePodSpec(
  raw: unknown,
  namespace: string,
  { interner = SHARED, saved, stored = false, noteConfigs = true }: SpecOptions = {},
): FromSpec {
  const { hostNetwork, nodeName, containers, initContainers } = fields(raw);
  const started = items(initContainers).map(fields);
  const lasting = [...items(containers).map(fields), ...started.filter(isSidecar)];
  const known = savedReferences(saved);
  const all = [...lasting, ...started];
  const references = interner.references(known ?? parseReferences(all, namespace));
  const configs = noteConfigs ? parseConfigs(fields(raw), all) : NO_CONFIGS;
  const apiUse = known === undefined ? parseApiUse(fields(raw), lasting, stored) : text(fields(saved).apiUse);
  return {
    hostNetwork: hostNetwork === true,
    node: interner.string(text(nodeName)),
    namedPorts: interner.ports(lasting.flatMap(parsePorts)),
    references,
    ownReferences: references,
    configs: configs.length === 0 ? configs : interner.configs(configs),
    apiUse: interner.string(apiUse),
  };
}

/** Annotations by which pods usually ask to be scraped: `prometheus.io/scrape` and `prometheus.io/port`. */
export function parseScrapedAt(raw: unknown): number {
  const annotations = fields(raw);
  if (annotations['prometheus.io/scrape'] !== 'true') return 0;
  const port = text(annotations['prometheus.io/port']);
  return portNumber(/^\d{1,5}$/.test(port) ? Number(port) : 0) || -1;
}

/** An init container that restarts always runs beside the others (native sidecar, KEP-753). */
function isSidecar(container: Fields): boolean {
  return container.restartPolicy === 'Always';
}

function parsePorts(container: Fields): NamedPort[] {
  return items(container.ports).flatMap((item) => {
    const { name, protocol: written, containerPort } = fields(item);
    const protocol = parseProtocol(written);
    const port = portNumber(containerPort);
    if (text(name) === '' || port === 0 || protocol === undefined) return [];
    return { name: text(name), protocol, port };
  });
}

/**
 * The workload a person knows the pod by. A ReplicaSet named after its pod-template-hash belongs to a Deployment;
 * a Job keeps its own name, for its pods do not say whether a CronJob made it. A static pod is its own.
 */
function ownerOf(raw: unknown, namespace: string, name: string, interner: Interner): Workload {
  const owner = controller(raw);
  if (owner === undefined || owner.kind === 'Node') return interner.workload(namespace, 'Pod', name);
  if (owner.kind === 'ReplicaSet') {
    const deployment = deploymentOf(owner.name, fields(metadata(raw).labels)[HASH_LABEL]);
    if (deployment !== undefined) return interner.workload(namespace, 'Deployment', deployment);
  }
  return interner.workload(namespace, owner.kind, owner.name);
}

/** `web` for the ReplicaSet `web-5d4c8` with hash `5d4c8`. */
export function deploymentOf(replicaSet: string, hash: unknown): string | undefined {
  const ending = `-${text(hash)}`;
  if (ending === '-' || !replicaSet.endsWith(ending)) return undefined;
  return replicaSet.slice(0, -ending.length) || undefined;
}

/**
 * What a saved snapshot adds to a pod beside Kubernetes' own fields, because what it was read from is not
 * saved: `portent: {workload: {kind, name}, references: [{namespace, service, port, source}],
 * networks, apiUse}`.
 */
function savedReferences(raw: unknown): Reference[] | undefined {
  const { references } = fields(raw);
  if (isAbsent(references)) return undefined;
  return items(references).flatMap((item) => {
    const { namespace, service, port, source } = fields(item);
    if (text(service) === '' || text(namespace) === '') return [];
    return {
      namespace: text(namespace),
      service: text(service),
      port: portNumber(port),
      source: text(source),
    };
  });
}

function savedWorkload(raw: unknown, namespace: string, interner: Interner): Workload | undefined {
  const { workload } = fields(raw);
  if (!isFields(workload) || text(workload.kind) === '' || text(workload.name) === '') return undefined;
  return interner.workload(namespace, text(workload.kind), text(workload.name));
}
