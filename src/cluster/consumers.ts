/** Where the objects of each kind go in the model. Every consumer drops the raw object as soon as it is read. */
import type { Callback, DaemonSetFacts } from '../model/objects.ts';
import { parseApiService, parseConversion, parseWebhookCallbacks } from '../model/parse/callback.ts';
import { parseConfigMap } from '../model/parse/config-map.ts';
import { parseDaemonSet } from '../model/parse/daemonset.ts';
import { parseForeignPolicy } from '../model/parse/foreign.ts';
import { SHARED } from '../model/parse/meta.ts';
import { parseMonitor } from '../model/parse/monitor.ts';
import { parseNamespace } from '../model/parse/namespace.ts';
import { parseNode } from '../model/parse/node.ts';
import { parsePod } from '../model/parse/pod.ts';
import { parseNetworkPolicy } from '../model/parse/policy.ts';
import { parseGatewayRoute, parseIngress } from '../model/parse/route.ts';
import { parseService } from '../model/parse/service.ts';
import { parseEndpointSlice } from '../model/parse/slice.ts';
import { parseTierPolicy } from '../model/parse/tier.ts';
import type { Store } from '../model/store.ts';
import type { CniFacts, NodeFacts } from './cni/facts.ts';
import { nodeSettings } from './node-facts.ts';
import type { Raw } from './raw.ts';
import type { Consumer } from './reflector.ts';

/** What the CNI is recognised by; kept beside the model. */
export interface CniInputs {
  readonly daemonSets: Map<string, DaemonSetFacts>;
  readonly nodes: Map<string, NodeFacts>;
  /** API groups served; undefined until the first discovery. */
  apiGroups: readonly string[] | undefined;
  /** Of the plug-ins' ConfigMaps; empty until they were read. */
  settings: ReadonlyMap<string, string>;
  /** Something the CNI depends on changed. */
  changed: boolean;
}

/** Before anything was read. */
export function newCniInputs(): CniInputs {
  return {
    daemonSets: new Map(),
    nodes: new Map(),
    apiGroups: undefined,
    settings: new Map(),
    changed: true,
  };
}

/** The same as the CNI is recognised by. */
export function cniFacts({ daemonSets, nodes, apiGroups = [], settings }: CniInputs): CniFacts {
  return { daemonSets: [...daemonSets.values()], nodes: [...nodes.values()], apiGroups, settings };
}

export function podConsumer(store: Store): Consumer {
  return {
    put: (raw) => {
      const pod = parsePod(raw, SHARED, store.readsConfigMaps);
      if (pod !== undefined) store.putPod(pod);
      else {
        const { namespace, name } = raw.metadata as { namespace: string; name: string };
        store.removePod(namespace, name);
      }
    },
    remove: (namespace, name) => store.removePod(namespace, name),
  };
}

export function namespaceConsumer(store: Store): Consumer {
  return {
    put: (raw) => store.putNamespace(parseNamespace(raw)),
    remove: (_, name) => store.removeNamespace(name),
  };
}

export function policyConsumer(store: Store): Consumer {
  return {
    put: (raw) => store.putPolicy(parseNetworkPolicy(raw)),
    remove: (namespace, name) => store.removePolicy(namespace, name),
  };
}

export function serviceConsumer(store: Store): Consumer {
  return {
    put: (raw) => store.putService(parseService(raw)),
    remove: (namespace, name) => store.removeService(namespace, name),
  };
}

export function sliceConsumer(store: Store): Consumer {
  return {
    put: (raw) => store.putSlice(parseEndpointSlice(raw)),
    remove: (namespace, name) => store.removeSlice(namespace, name),
  };
}

export function configConsumer(store: Store): Consumer {
  return {
    put: (raw) => store.putConfig(parseConfigMap(raw)),
    remove: (namespace, name) => store.removeConfig(namespace, name),
  };
}

export function nodeConsumer(store: Store, inputs: CniInputs): Consumer {
  return {
    put: (raw) => {
      const node = parseNode(raw);
      store.putNode(node);
      const facts: NodeFacts = { name: node.name, labels: node.labels, settings: nodeSettings(raw) };
      // Kubelets report every few seconds; only what the CNI is recognised by counts as a change.
      const before = inputs.nodes.get(node.name);
      if (before !== undefined && text(before) === text(facts)) return;
      inputs.nodes.set(node.name, facts);
      inputs.changed = true;
    },
    remove: (_, name) => {
      store.removeNode(name);
      inputs.nodes.delete(name);
      inputs.changed = true;
    },
  };
}

export function daemonSetConsumer(inputs: CniInputs): Consumer {
  return {
    put: (raw) => {
      const facts = parseDaemonSet(raw);
      const key = `${facts.namespace}/${facts.name}`;
      const before = inputs.daemonSets.get(key);
      inputs.daemonSets.set(key, facts);
      if (before === undefined || text(before) !== text(facts)) inputs.changed = true;
    },
    remove: (namespace, name) => {
      inputs.daemonSets.delete(`${namespace}/${name}`);
      inputs.changed = true;
    },
  };
}

export function routeConsumer(store: Store, kind: string): Consumer {
  const parse = kind === 'Ingress' ? parseIngress : parseGatewayRoute;
  return {
    put: (raw) => store.putRoute(parse({ ...raw, kind })),
    remove: (namespace, name) => store.removeRoute(kind, namespace, name),
  };
}

export function monitorConsumer(store: Store, kind: string): Consumer {
  return {
    put: (raw) => store.putMonitor(parseMonitor({ ...raw, kind })),
    remove: (namespace, name) => store.removeMonitor(kind, namespace, name),
  };
}

export function tierConsumer(store: Store, kind: string): Consumer {
  return {
    put: (raw) => store.putTier(parseTierPolicy({ ...raw, kind })),
    remove: (_, name) => store.removeTier(kind, name),
  };
}

/**
 * Policies of other projects. Calico's API server shows Kubernetes' own policies under its own kind a second
 * time, with these prefixes; they are in the model already.
 */
const MIRRORED = /^(knp|kanp|kbanp|kcnp)\./;

export function foreignConsumer(store: Store, apiVersion: string, kind: string): Consumer {
  return {
    put: (raw) => {
      const policy = parseForeignPolicy({ ...raw, apiVersion, kind });
      if (policy !== undefined && !MIRRORED.test(policy.name)) store.putForeign(policy);
    },
    remove: (namespace, name) => store.removeForeign({ apiVersion, kind, namespace, name }),
  };
}

/** One configuration object may hold many webhooks, and an update may drop some of them. */
export function callbackConsumer(store: Store, kind: string): Consumer {
  const held = new Map<string, readonly Callback[]>();
  const replace = (name: string, now: readonly Callback[]): void => {
    for (const callback of held.get(name) ?? []) store.removeCallback(callback.kind, callback.name);
    for (const callback of now) store.putCallback(callback);
    if (now.length > 0) held.set(name, now);
    else held.delete(name);
  };
  return {
    put: (raw) => {
      const whole = { ...raw, kind };
      replace((raw.metadata as { name: string }).name, callbacksOf(whole, kind));
    },
    remove: (_, name) => replace(name, []),
  };
}

function callbacksOf(raw: Raw, kind: string): readonly Callback[] {
  if (kind === 'APIService') return present(parseApiService(raw));
  if (kind === 'CustomResourceDefinition') return present(parseConversion(raw));
  return parseWebhookCallbacks(raw);
}

function present(callback: Callback | undefined): readonly Callback[] {
  return callback === undefined ? [] : [callback];
}

function text(facts: unknown): string {
  return JSON.stringify(facts);
}
