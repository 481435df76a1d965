import type { ForeignPolicy } from '../objects.ts';
import { metadata } from './meta.ts';
import { fields, text } from './wire.ts';

/** Policy kinds of other projects that can allow or deny what a NetworkPolicy says, by API group. */
const FOREIGN: ReadonlyMap<string, ReadonlySet<string>> = new Map([
  ['crd.projectcalico.org', new Set(['NetworkPolicy', 'GlobalNetworkPolicy'])],
  ['projectcalico.org', new Set(['NetworkPolicy', 'GlobalNetworkPolicy'])],
  ['cilium.io', new Set(['CiliumNetworkPolicy', 'CiliumClusterwideNetworkPolicy'])],
  ['crd.antrea.io', new Set(['NetworkPolicy', 'ClusterNetworkPolicy'])],
  ['k8s.ovn.org', new Set(['EgressFirewall'])],
  ['k8s.cni.cncf.io', new Set(['MultiNetworkPolicy'])],
  ['security.istio.io', new Set(['AuthorizationPolicy'])],
  ['policy.linkerd.io', new Set(['AuthorizationPolicy'])],
]);

const CLUSTER_WIDE: ReadonlySet<string> = new Set([
  'GlobalNetworkPolicy',
  'CiliumClusterwideNetworkPolicy',
  'ClusterNetworkPolicy',
]);

/** The group of an apiVersion: `apps` of `apps/v1`, '' of `v1`. */
export function groupOf(apiVersion: string): string {
  const slash = apiVersion.indexOf('/');
  return slash < 0 ? '' : apiVersion.slice(0, slash);
}

/** Whether it is a policy of another API, which is counted and not read. */
export function isForeignPolicy(apiVersion: string, kind: string): boolean {
  return FOREIGN.get(groupOf(apiVersion))?.has(kind) === true;
}

/** A policy of another project, only noticed; undefined when its kind is not one of them. */
export function parseForeignPolicy(raw: unknown): ForeignPolicy | undefined {
  const { apiVersion, kind } = fields(raw);
  if (!isForeignPolicy(text(apiVersion), text(kind))) return undefined;
  const { name, namespace } = metadata(raw);
  const clusterWide = CLUSTER_WIDE.has(text(kind));
  return {
    apiVersion: text(apiVersion),
    kind: text(kind),
    namespace: clusterWide ? '' : text(namespace) || 'default',
    name: text(name),
  };
}
