/**
 * Objects as a saved snapshot holds them: what the parsers read, and nothing confidential. Lists of what is
 * kept, never of what is dropped: a field of a later Kubernetes version stays out until somebody has looked at it.
 */

import { isForeignPolicy } from '../model/parse/foreign.ts';
import { keepsAnnotation } from '../model/parse/meta.ts';
import { parsePod } from '../model/parse/pod.ts';
import { nodeSettingsAnnotation } from './node-facts.ts';
import { isRaw, listAt, type Raw, rawAt, textAt } from './raw.ts';
import { slimDaemonSet } from './slim-daemonset.ts';

type Slim = (raw: Raw) => Raw | undefined;

/**
 * The object with only what a snapshot needs; undefined for an object that it does not need at all (a pod that
 * has ended). `apiVersion` and `kind` are added: lists leave them out.
 */
export function slim(raw: Raw, apiVersion: string, kind: string): Raw | undefined {
  // Other projects have kinds of the same names, of which only the names are read.
  const known = isForeignPolicy(apiVersion, kind) ? undefined : SLIM.get(kind);
  const rest = (known ?? metadataOnly)(raw);
  if (rest === undefined) return undefined;
  return {
    apiVersion,
    kind,
    metadata: { ...slimMetadata(raw), ...rawAt(rest, 'metadata') },
    ...without(rest),
  };
}

const metadataOnly: Slim = () => ({});
const wholeSpec: Slim = (raw) => ({ spec: raw.spec });

const SERVICE_FIELDS = [
  'type',
  'clusterIP',
  'clusterIPs',
  'externalIPs',
  'externalName',
  'loadBalancerClass',
  'loadBalancerSourceRanges',
  'externalTrafficPolicy',
  'internalTrafficPolicy',
  'publishNotReadyAddresses',
  'selector',
  'ports',
  'ipFamilies',
  'ipFamilyPolicy',
  'sessionAffinity',
  'healthCheckNodePort',
] as const;

const SLIM: ReadonlyMap<string, Slim> = new Map<string, Slim>([
  ['Pod', slimPod],
  ['Namespace', (raw) => ({ status: pick(raw.status, ['phase']) })],
  ['NetworkPolicy', wholeSpec],
  ['AdminNetworkPolicy', wholeSpec],
  ['BaselineAdminNetworkPolicy', wholeSpec],
  ['ClusterNetworkPolicy', wholeSpec],
  ['PortentPolicy', wholeSpec],
  ['Service', (raw) => ({ spec: pick(raw.spec, SERVICE_FIELDS) })],
  ['EndpointSlice', slimSlice],
  ['Node', slimNode],
  ['DaemonSet', slimDaemonSet],
  ['Ingress', slimIngress],
  ['HTTPRoute', slimRoute],
  ['GRPCRoute', slimRoute],
  ['TLSRoute', slimRoute],
  ['TCPRoute', slimRoute],
  ['UDPRoute', slimRoute],
  ['ServiceMonitor', slimMonitor],
  ['PodMonitor', slimMonitor],
  ['ValidatingWebhookConfiguration', slimWebhooks],
  ['MutatingWebhookConfiguration', slimWebhooks],
  ['APIService', (raw) => ({ spec: pick(raw.spec, ['group', 'version', 'service']) })],
  ['CustomResourceDefinition', slimDefinition],
]);

function slimPod(raw: Raw): Raw | undefined {
  const pod = parsePod(raw);
  if (pod === undefined) return undefined;
  const spec = rawAt(raw, 'spec');
  const containers = (key: string): Raw[] =>
    listAt(spec, key).map((each) => pick(each, ['name', 'ports', 'restartPolicy']));
  const { workload, references, networks, apiUse } = pod;
  return {
    spec: {
      ...pick(spec, ['nodeName', 'hostNetwork']),
      containers: containers('containers'),
      initContainers: containers('initContainers').filter(({ restartPolicy }) => restartPolicy === 'Always'),
    },
    status: {
      ...pick(raw.status, ['phase', 'podIP', 'podIPs']),
      conditions: listAt(raw.status, 'conditions')
        .filter((each) => textAt(each, 'type') === 'Ready')
        .map((each) => pick(each, ['type', 'status'])),
    },
    // Where the pod points to was read from its environment, arguments and volumes, which are not saved.
    // Of its additional networks only the names: the annotation may hold more.
    portent: {
      workload: { kind: workload.kind, name: workload.name },
      references,
      ...(networks === '' ? {} : { networks }),
      ...(apiUse === '' ? {} : { apiUse }),
    },
  };
}

/**
 * The objects of one saved cluster state, its pods' references only to Services that are in it. A reference is a
 * guess from an environment or an argument: of `API_SERVER=hunter2` nothing says that it is not a password.
 */
export function keepKnownReferences(objects: readonly Raw[]): Raw[] {
  const path = (namespace: unknown, name: unknown): string => JSON.stringify([namespace, name]);
  const services = new Set<string>();
  for (const { kind, metadata } of objects) {
    if (kind === 'Service' && isRaw(metadata)) services.add(path(metadata.namespace, metadata.name));
  }
  return objects.map((object) => {
    if (object.kind !== 'Pod' || !isRaw(object.portent)) return object;
    const references = listAt(object.portent, 'references').filter(
      (each) => isRaw(each) && services.has(path(each.namespace, each.service)),
    );
    return { ...object, portent: { ...object.portent, references } };
  });
}

function slimSlice(raw: Raw): Raw {
  return {
    addressType: raw.addressType,
    ports: listAt(raw, 'ports').map((each) => pick(each, ['name', 'protocol', 'port'])),
    endpoints: listAt(raw, 'endpoints').map((each) => ({
      ...pick(each, ['addresses']),
      conditions: pick(rawAt(each, 'conditions'), ['ready']),
      ...(isRaw(each) && isRaw(each.targetRef)
        ? { targetRef: pick(each.targetRef, ['kind', 'name', 'namespace']) }
        : {}),
    })),
  };
}

function slimNode(raw: Raw): Raw {
  return {
    metadata: nodeSettingsAnnotation(raw),
    status: {
      addresses: listAt(raw.status, 'addresses').map((each) => pick(each, ['type', 'address'])),
      nodeInfo: pick(rawAt(rawAt(raw, 'status'), 'nodeInfo'), ['kubeletVersion']),
    },
  };
}

function slimIngress(raw: Raw): Raw {
  const spec = rawAt(raw, 'spec');
  const rules = listAt(spec, 'rules').map((rule) => {
    const paths = listAt(rawAt(rule, 'http'), 'paths');
    return { http: { paths: paths.map((path) => pick(path, ['path', 'pathType', 'backend'])) } };
  });
  return { spec: { ...pick(spec, ['ingressClassName', 'defaultBackend']), rules } };
}

function slimRoute(raw: Raw): Raw {
  const spec = rawAt(raw, 'spec');
  const reference = (each: unknown): Raw => pick(each, ['group', 'kind', 'name', 'namespace', 'port']);
  const filters = (of: unknown): Raw[] =>
    listAt(of, 'filters')
      .map((each) => rawAt(each, 'requestMirror'))
      .filter((mirror) => isRaw(mirror.backendRef))
      .map((mirror) => ({ requestMirror: { backendRef: reference(mirror.backendRef) } }));
  return {
    spec: {
      parentRefs: listAt(spec, 'parentRefs').map((each) => pick(each, ['kind', 'name', 'namespace'])),
      rules: listAt(spec, 'rules').map((rule) => ({
        backendRefs: listAt(rule, 'backendRefs').map((each) => ({
          ...reference(each),
          filters: filters(each),
        })),
        filters: filters(rule),
      })),
    },
  };
}

/** Whom a monitor selects; its endpoints may hold credentials. */
function slimMonitor(raw: Raw): Raw {
  const spec = rawAt(raw, 'spec');
  const endpoints = (key: string): Raw[] =>
    listAt(spec, key).map((each) => pick(each, ['port', 'portNumber', 'targetPort']));
  return {
    spec: {
      ...pick(spec, ['selector', 'namespaceSelector']),
      endpoints: endpoints('endpoints'),
      podMetricsEndpoints: endpoints('podMetricsEndpoints'),
    },
  };
}

function slimWebhooks(raw: Raw): Raw {
  return {
    webhooks: listAt(raw, 'webhooks').map((each) => ({
      ...pick(each, ['name', 'failurePolicy']),
      clientConfig: slimClient(rawAt(each, 'clientConfig')),
    })),
  };
}

/** Only a definition with a conversion webhook matters; its schema never does. */
function slimDefinition(raw: Raw): Raw | undefined {
  const conversion = rawAt(rawAt(raw, 'spec'), 'conversion');
  if (conversion.strategy !== 'Webhook') return undefined;
  const clientConfig = slimClient(rawAt(rawAt(conversion, 'webhook'), 'clientConfig'));
  return { spec: { conversion: { strategy: 'Webhook', webhook: { clientConfig } } } };
}

/** A URL may hold a password, and a certificate is of no use here. */
function slimClient(config: Raw): Raw {
  return isRaw(config.service) ? { service: pick(config.service, ['namespace', 'name', 'port']) } : {};
}

function slimMetadata(raw: Raw): Raw {
  const metadata = rawAt(raw, 'metadata');
  const annotations = Object.entries(rawAt(metadata, 'annotations')).filter(([name]) =>
    keepsAnnotation(name),
  );
  return {
    ...pick(metadata, ['name', 'namespace', 'uid', 'labels', 'deletionTimestamp']),
    ...(annotations.length > 0 ? { annotations: Object.fromEntries(annotations) } : {}),
  };
}

function without({ metadata: _, ...rest }: Raw): Raw {
  return rest;
}

/** The named fields that are there. */
export function pick(raw: unknown, keys: readonly string[]): Raw {
  if (!isRaw(raw)) return {};
  return Object.fromEntries(keys.filter((key) => Object.hasOwn(raw, key)).map((key) => [key, raw[key]]));
}
