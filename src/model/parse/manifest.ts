import type {
  Callback,
  Config,
  DaemonSetFacts,
  EndpointSlice,
  ForeignPolicy,
  Monitor,
  Namespace,
  NetworkPolicy,
  Node,
  Pod,
  Route,
  Service,
  TierPolicy,
} from '../objects.ts';
import { parseApiService, parseConversion, parseWebhookCallbacks } from './callback.ts';
import { parseConfigMap } from './config-map.ts';
import { parseDaemonSet } from './daemonset.ts';
import { groupOf, parseForeignPolicy } from './foreign.ts';
import { metadata } from './meta.ts';
import { MONITORING, parseMonitor } from './monitor.ts';
import { parseNamespace } from './namespace.ts';
import { parseNode } from './node.ts';
import { parsePod } from './pod.ts';
import { parseNetworkPolicy } from './policy.ts';
import type { Problem, RawDocument } from './problem.ts';
import { GATEWAY_ROUTES, parseGatewayRoute, parseIngress } from './route.ts';
import { parseService } from './service.ts';
import { parseEndpointSlice, parseEndpoints } from './slice.ts';
import { checkManifest } from './strict/check.ts';
import { reporter } from './strict/report.ts';
import { SERVED } from './strict/versions.ts';
import { parseTierPolicy } from './tier.ts';
import { fields, isFields, text } from './wire.ts';
import { parseWorkload, WORKLOAD_KINDS, type WorkloadObject } from './workload.ts';

/** Any object of a file, as the model knows it. */
export type ManifestObject =
  | { readonly type: 'pod'; readonly pod: Pod }
  | { readonly type: 'workload'; readonly workload: WorkloadObject; readonly daemonSet?: DaemonSetFacts }
  | { readonly type: 'namespace'; readonly namespace: Namespace }
  | { readonly type: 'policy'; readonly policy: NetworkPolicy }
  | { readonly type: 'service'; readonly service: Service }
  | { readonly type: 'slice'; readonly slice: EndpointSlice }
  /** A deprecated Endpoints object, which counts only for Services without slices. */
  | { readonly type: 'endpoints'; readonly service: string; readonly slices: readonly EndpointSlice[] }
  | { readonly type: 'node'; readonly node: Node }
  | { readonly type: 'route'; readonly route: Route }
  | { readonly type: 'tier'; readonly tier: TierPolicy }
  | { readonly type: 'foreign'; readonly foreign: ForeignPolicy }
  | { readonly type: 'monitor'; readonly monitor: Monitor }
  | { readonly type: 'config'; readonly config: Config }
  | { readonly type: 'callbacks'; readonly callbacks: readonly Callback[] }
  /** Of no interest to the model: another kind, or a pod that has ended. */
  | { readonly type: 'other'; readonly apiVersion: string; readonly kind: string; readonly name: string };

export interface Defaults {
  /** The namespace of objects that name none. */
  readonly namespace: string;
  /**
   * The objects are a cluster's state, not somebody's input: those that an API server has stored (they carry a uid)
   * are believed, whatever fields or old values they have; pods written by hand may be without images.
   */
  readonly stored?: boolean;
}

export interface Parsed {
  /** Undefined when there are problems. */
  readonly object?: ManifestObject;
  readonly problems: readonly Problem[];
}

/** Judges and reads one object of a file as `kubectl apply` with strict validation would. */
export function parseManifest(document: RawDocument, defaults: Defaults): Parsed {
  const problems: Problem[] = [];
  const report = reporter(document, problems);
  const raw = inNamespace(document.raw, defaults.namespace);
  const trusted = defaults.stored === true && text(metadata(raw).uid) !== '';
  if (!trusted) checkManifest(raw, report, defaults.stored === true);
  return problems.length > 0 ? { problems } : { object: parseObject(raw), problems };
}

function inNamespace(raw: unknown, namespace: string): unknown {
  if (namespace === 'default' || !isFields(raw) || !isFields(raw.metadata)) return raw;
  if (text(raw.metadata.namespace) !== '') return raw;
  return { ...raw, metadata: { ...raw.metadata, namespace } };
}

/** Reads any object leniently, by its kind and apiVersion. */
export function parseObject(raw: unknown): ManifestObject {
  const { apiVersion: written, kind: writtenKind } = fields(raw);
  const [apiVersion, kind] = [text(written), text(writtenKind)];
  const other: ManifestObject = { type: 'other', apiVersion, kind, name: text(metadata(raw).name) };
  if (SERVED.get(kind) === apiVersion) return parseBuiltIn(raw, kind) ?? other;
  if (kind === 'ConfigMap' && apiVersion === 'v1') return { type: 'config', config: parseConfigMap(raw) };
  const group = groupOf(apiVersion);
  if (group === 'policy.networking.k8s.io' && kind.endsWith('NetworkPolicy')) {
    return { type: 'tier', tier: parseTierPolicy(raw) };
  }
  if (group === 'gateway.networking.k8s.io' && GATEWAY_ROUTES.has(kind)) {
    return { type: 'route', route: parseGatewayRoute(raw) };
  }
  if (group === MONITORING && (kind === 'ServiceMonitor' || kind === 'PodMonitor')) {
    return { type: 'monitor', monitor: parseMonitor(raw) };
  }
  const foreign = parseForeignPolicy(raw);
  return foreign === undefined ? other : { type: 'foreign', foreign };
}

function parseBuiltIn(raw: unknown, kind: string): ManifestObject | undefined {
  if (WORKLOAD_KINDS.has(kind)) {
    const workload = parseWorkload(raw);
    if (kind !== 'DaemonSet') return { type: 'workload', workload };
    return { type: 'workload', workload, daemonSet: parseDaemonSet(raw) };
  }
  switch (kind) {
    case 'Pod': {
      const pod = parsePod(raw);
      return pod === undefined ? undefined : { type: 'pod', pod };
    }
    case 'Namespace':
      return { type: 'namespace', namespace: parseNamespace(raw) };
    case 'NetworkPolicy':
      return { type: 'policy', policy: parseNetworkPolicy(raw) };
    case 'Service':
      return { type: 'service', service: parseService(raw) };
    case 'EndpointSlice':
      return { type: 'slice', slice: parseEndpointSlice(raw) };
    case 'Endpoints':
      return { type: 'endpoints', service: text(metadata(raw).name), slices: parseEndpoints(raw) };
    case 'Node':
      return { type: 'node', node: parseNode(raw) };
    case 'Ingress':
      return { type: 'route', route: parseIngress(raw) };
    case 'ValidatingWebhookConfiguration':
    case 'MutatingWebhookConfiguration':
      return { type: 'callbacks', callbacks: parseWebhookCallbacks(raw) };
    case 'APIService':
      return callbacks(parseApiService(raw));
    case 'CustomResourceDefinition':
      return callbacks(parseConversion(raw));
    default:
      return undefined;
  }
}

function callbacks(callback: Callback | undefined): ManifestObject | undefined {
  return callback === undefined ? undefined : { type: 'callbacks', callbacks: [callback] };
}
