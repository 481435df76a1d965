/** Where the API server is, as far as the model shows it: no pod that a selector could match (semantics, row 27). */
import { labelValue } from '../model/labels.ts';
import type { NamedPort, Node } from '../model/objects.ts';
import type { View } from '../model/overlay.ts';
import type { PodClass, Snapshot } from '../model/snapshot.ts';
import type { Address } from '../netset/addresses.ts';

const ROLES: readonly string[] = ['node-role.kubernetes.io/control-plane', 'node-role.kubernetes.io/master'];

/** Pods through which the API servers of several clouds connect to the cluster. */
const TUNNELS: ReadonlySet<string> = new Set(['konnectivity-agent', 'tunnelfront', 'aks-link', 'vpn-shoot']);
const TUNNEL_LABELS: readonly string[] = ['k8s-app', 'app', 'component'];

/** An address and port where the API server listens. */
export interface ApiEndpoint {
  readonly address: Address;
  readonly ports: readonly NamedPort[];
}

/** What the Service default/kubernetes leads to: addresses after translation. Empty when the model does not show it. */
export function apiEndpoints({ spaces }: Snapshot): ApiEndpoint[] {
  const found: ApiEndpoint[] = [];
  for (const { ready, notReady, ports } of spaces.get('default')?.slices.get('kubernetes')?.values() ?? []) {
    for (const address of [...ready, ...notReady]) found.push({ address, ports });
  }
  return found;
}

/**
 * The API servers as sources of connections, each with the addresses it may connect from: the nodes of the control
 * plane, or the addresses that default/kubernetes leads to where the control plane is not among the nodes.
 */
export function apiSources(snapshot: Snapshot): (readonly Address[])[] {
  const nodes = new Set<Node>();
  const listening = new Set(apiEndpoints(snapshot).map(({ address }) => address));
  for (const node of snapshot.nodes.values()) {
    const isOne =
      ROLES.some((role) => labelValue(node.labels, role) !== undefined) ||
      node.addresses.some((address) => listening.has(address));
    if (isOne && node.addresses.length > 0) nodes.add(node);
  }
  if (nodes.size > 0) return [...nodes].map(({ addresses }) => addresses);
  return [...listening].map((address) => [address]);
}

/** The pods whose connections are the API server's own. */
export function apiTunnels(view: View): PodClass[] {
  const space = view.snapshot.spaces.get('kube-system');
  if (space === undefined) return [];
  return view
    .classes(space)
    .filter(({ labels }) => TUNNEL_LABELS.some((key) => TUNNELS.has(labelValue(labels, key) ?? '')));
}
