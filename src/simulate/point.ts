import { type Families, V4, V6 } from '../model/families.ts';
import type { Node, Pod } from '../model/objects.ts';
import type { View } from '../model/overlay.ts';
import type { PodClass, Snapshot } from '../model/snapshot.ts';
import type { Address, Addresses } from '../netset/addresses.ts';
import type { End } from './contract.ts';

/** Pods that policies can select: never host-network ones. */
export interface PodPoint {
  readonly kind: 'pods';
  readonly podClass: PodClass;
  /** The pods meant: all of the class, or some. They speak the same families. */
  readonly pods: readonly Pod[];
  /** Only what passes over this family counts; all families when left out. */
  readonly family?: Families;
}

/** An end that is only addresses to a policy: outside the cluster, a node, or a host-network pod. */
export interface AddressPoint {
  readonly kind: 'addresses';
  /** Empty when they are not known. */
  readonly addresses: Addresses;
  /** The nodes this end lives on, by name; empty outside the cluster. */
  readonly nodes: readonly string[];
  readonly family?: Families;
}

export type Point = PodPoint | AddressPoint;

/** The families an end speaks; 0 while it has no address that is known. */
export function familiesOf(point: Point): Families {
  const spoken =
    point.kind === 'addresses'
      ? (point.addresses.v4.length > 0 ? V4 : 0) | (point.addresses.v6.length > 0 ? V6 : 0)
      : point.podClass.families;
  return point.family === undefined ? spoken : spoken & point.family;
}

/** What a policy sees of an end. Host-network pods are their node (their traffic is the node's). */
export function pointOf(view: View, end: End): Point {
  if (end.kind === 'outside') return outsidePoint(view.snapshot, end.addresses);
  if (end.kind === 'class') return classPoint(end.podClass, end.podClass.pods);
  if (end.pod.hostNetwork) return hostPoint([end.pod]);
  const podClass = view.classOf(end.pod);
  if (podClass === undefined) throw new Error(`pod ${end.pod.namespace}/${end.pod.name} is not in the model`);
  return { kind: 'pods', podClass, pods: [end.pod] };
}

/** The pods of a class, or some of them, as a policy sees them. */
export function classPoint(podClass: PodClass, pods: readonly Pod[]): Point {
  return podClass.hostNetwork ? hostPoint(pods) : { kind: 'pods', podClass, pods };
}

/** Addresses outside the cluster; a node's own address is that node. */
export function outsidePoint(snapshot: Snapshot, addresses: Addresses): AddressPoint {
  const single = singleAddress(addresses);
  return { kind: 'addresses', addresses, nodes: single === undefined ? [] : nodesAt(snapshot, single) };
}

function hostPoint(pods: readonly Pod[]): AddressPoint {
  const v4: number[] = [];
  const v6: bigint[] = [];
  const nodes = new Set<string>();
  for (const pod of pods) {
    if (pod.node !== '') nodes.add(pod.node);
    for (const address of pod.addresses) {
      if (typeof address === 'number') v4.push(address);
      else v6.push(address);
    }
  }
  return { kind: 'addresses', addresses: { v4: asRanges(v4), v6: asRanges(v6) }, nodes: [...nodes] };
}

function asRanges<T extends Address>(addresses: T[]): T[] {
  const sorted = [...new Set(addresses)].sort((a, b) => (a < b ? -1 : 1));
  return sorted.flatMap((address) => [address, address]);
}

function singleAddress(set: Addresses): Address | undefined {
  if (set.v4.length === 2 && set.v6.length === 0 && set.v4[0] === set.v4[1]) return set.v4[0];
  if (set.v6.length === 2 && set.v4.length === 0 && set.v6[0] === set.v6[1]) return set.v6[0];
  return undefined;
}

function nodesAt(snapshot: Snapshot, address: Address): string[] {
  const names: string[] = [];
  for (const node of snapshot.nodes.values()) if (ownsAddress(node, address)) names.push(node.name);
  return names;
}

function ownsAddress(node: Node, address: Address): boolean {
  return node.addresses.includes(address);
}
