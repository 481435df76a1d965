import { BOTH_FAMILIES, type Families } from '../model/families.ts';
import type { Direction, NetworkPolicy, Pod } from '../model/objects.ts';
import { workloadText } from '../model/objects.ts';
import type { View } from '../model/overlay.ts';
import type { PodClass } from '../model/snapshot.ts';
import { type Addresses, type Block, cidrTexts } from '../netset/addresses.ts';
import { uniteConnections } from '../netset/connections.ts';
import { atomsOf, namedBlocks } from './atoms.ts';
import { ALL, type ConnectionTable, NONE } from './connection-table.ts';
import { matchBlock } from './match.ts';
import { classPoint, familiesOf, outsidePoint, type PodPoint, type Point } from './point.ts';
import { areStrangers, reachPoints, sharesNode } from './reach.ts';
import { type Ruled, ruledBy } from './ruled.ts';

export type Grain = 'workload' | 'pod';

/** Pods of one class that every block in the cluster treats alike, or one piece of the outside. */
export interface Part {
  readonly index: number;
  readonly point: Point;
  /** Undefined outside the cluster. */
  readonly podClass: PodClass | undefined;
  readonly pods: readonly Pod[];
  readonly families: Families;
}

/** What a person calls an end of the grid, and the parts it is made of. */
export interface Row {
  readonly name: string;
  readonly parts: readonly Part[];
  /** Pods in all, counting those an offline workload stands for. */
  readonly count: number;
  readonly family: 'v4' | 'v6' | 'pods';
}

/** All ends of a view, and between any two of them what is allowed, as ids of a connection table. */
export class Grid {
  readonly view: View;
  readonly table: ConnectionTable;
  readonly rows: readonly Row[];
  /** The pieces of the outside, after the pods. */
  readonly outside: readonly Row[];
  readonly #parts: Part[] = [];
  readonly #bySpace = new Map<string, Part[]>();
  readonly #ruled: { ingress: (Ruled | undefined)[]; egress: (Ruled | undefined)[] } = {
    ingress: [],
    egress: [],
  };
  readonly #shared = new Map<string, Ruled>();
  readonly #policyIds = new Map<NetworkPolicy, number>();
  readonly #speaks6: boolean;

  /** `blocks`: cut the outside at these as well, so that two grids are cut alike. */
  constructor(
    view: View,
    table: ConnectionTable,
    grain: Grain,
    blocks: readonly Block[] = namedBlocks(view),
  ) {
    this.view = view;
    this.table = table;
    const cutters =
      view.snapshot.cni.blocksMatchPods === 'no' && view.snapshot.tiers.size === 0 ? [] : blocks;
    this.rows = this.#podRows(grain, cutters);
    const atoms = atomsOf(blocks);
    this.#speaks6 =
      atoms.v6.length > 1 ||
      this.#parts.some(({ pods }) =>
        pods.some((pod) => pod.addresses.some((one) => typeof one === 'bigint')),
      );
    this.outside = [
      ...atoms.v4.map((addresses) => this.#outsideRow(addresses, 'v4')),
      ...(this.#speaks6 ? atoms.v6.map((addresses) => this.#outsideRow(addresses, 'v6')) : []),
    ];
  }

  get parts(): readonly Part[] {
    return this.#parts;
  }

  partsIn(space: string): readonly Part[] {
    return this.#bySpace.get(space) ?? [];
  }

  /** Whether some pod of the row can speak to the outside of this family. */
  speaks(row: Row, family: 'v4' | 'v6'): boolean {
    return row.parts.some(({ point, pods }) => {
      if (point.kind === 'addresses') return false;
      return pods.some(
        ({ addresses }) =>
          addresses.length === 0 ||
          addresses.some((one) => typeof one === (family === 'v4' ? 'number' : 'bigint')),
      );
    });
  }

  /** What some pod of `from` may open to some other pod of `to`: certainly, and for all that is known. */
  cell(from: Row, to: Row): { allowed: number; possible: number } {
    let allowed = NONE;
    let possible = NONE;
    for (const source of from.parts) {
      for (const target of to.parts) {
        if (source === target && isOnePod(source)) continue;
        if (source.point.kind === 'addresses' && target.point.kind === 'addresses') continue;
        if (source.point.kind === target.point.kind && areStrangers(source.families, target.families))
          continue;
        const egress = this.#side(source, 'egress');
        const ingress = this.#onNode(source, target) ? undefined : this.#side(target, 'ingress');
        if (egress?.mixed?.has(target.index) || ingress?.mixed?.has(source.index)) {
          const apart = reachPoints(this.view, source.point, target.point);
          allowed = this.table.unite(allowed, this.table.id(apart.allowed));
          possible = this.table.unite(
            possible,
            this.table.id(uniteConnections(apart.allowed, apart.unknown)),
          );
          continue;
        }
        const sent = egress === undefined ? ALL : (egress.allowed[target.index] as number);
        const taken = ingress === undefined ? ALL : (ingress.allowed[source.index] as number);
        allowed = this.table.unite(allowed, this.table.intersect(sent, taken));
        const maySend = egress === undefined ? ALL : (egress.possible[target.index] as number);
        const mayTake = ingress === undefined ? ALL : (ingress.possible[source.index] as number);
        possible = this.table.unite(possible, this.table.intersect(maySend, mayTake));
        if (allowed === ALL) return { allowed, possible: ALL };
      }
    }
    return { allowed, possible };
  }

  /** Undefined when the part is not isolated in this direction and no tier speaks: everything passes. */
  #side(part: Part, direction: Direction): Ruled | undefined {
    const { point, podClass } = part;
    if (point.kind !== 'pods' || podClass === undefined) return undefined;
    const known = this.#ruled[direction][part.index];
    if (known !== undefined) return known;
    const policies = this.view.isolating(podClass, direction);
    const pairwise = this.view.snapshot.tiers.size > 0 || this.view.unclear(podClass, direction).length > 0;
    if (policies.length === 0 && !pairwise) return undefined;
    const key = pairwise ? `part ${part.index} ${direction}` : this.#keyOf(point, policies, direction);
    let ruled = this.#shared.get(key);
    if (ruled === undefined) {
      ruled = ruledBy(this, point, direction, policies);
      this.#shared.set(key, ruled);
    }
    this.#ruled[direction][part.index] = ruled;
    return ruled;
  }

  /** Parts with the same key are treated alike by the same policies. */
  #keyOf(point: PodPoint, policies: readonly NetworkPolicy[], direction: Direction): string {
    let key = direction === 'ingress' ? 'i' : 'e';
    for (const policy of policies) {
      let id = this.#policyIds.get(policy);
      if (id === undefined) {
        id = this.#policyIds.size;
        this.#policyIds.set(policy, id);
      }
      key += ` ${id}`;
    }
    if (direction === 'ingress') {
      for (const { name, protocol, port } of point.podClass.namedPorts) key += `|${name}/${protocol}/${port}`;
    }
    return `${key}/${point.podClass.families}`;
  }

  #onNode(source: Part, target: Part): boolean {
    return source.point.kind === 'addresses' && sharesNode(source.point, target.pods);
  }

  #podRows(grain: Grain, cutters: readonly Block[]): Row[] {
    const near = cutters.length === 0 ? [] : this.#nearPods(cutters);
    const grouped = new Map<string, Part[]>();
    for (const space of this.view.snapshot.spaces.values()) {
      const here: Part[] = [];
      for (const podClass of this.view.classes(space)) {
        for (const pods of grain === 'pod' ? podClass.pods.map((pod) => [pod]) : cut(podClass, near)) {
          const part = this.#addPart(classPoint(podClass, pods), podClass, pods);
          here.push(part);
          const name = grain === 'pod' ? podText(pods[0] as Pod) : workloadText(podClass.workload);
          const parts = grouped.get(name);
          if (parts === undefined) grouped.set(name, [part]);
          else parts.push(part);
        }
      }
      this.#bySpace.set(space.name, here);
    }
    return [...grouped.keys()].sort().map((name) => {
      const parts = grouped.get(name) as Part[];
      const count = parts.reduce((sum, { pods }) => sum + pods.reduce((n, pod) => n + pod.replicas, 0), 0);
      return { name, parts, count, family: 'pods' };
    });
  }

  /** The blocks that could cover a pod's address at all. */
  #nearPods(blocks: readonly Block[]): Block[] {
    const view = this.view;
    return blocks.filter(({ addresses }) => {
      const { v4, v6 } = addresses;
      for (const space of view.snapshot.spaces.values()) {
        for (const pod of space.pods.values()) {
          for (const one of pod.addresses) {
            if (typeof one === 'number' ? inHull(v4, one) : inHull(v6, one)) return true;
          }
        }
      }
      return false;
    });
  }

  #outsideRow(addresses: Addresses, family: 'v4' | 'v6'): Row {
    const part = this.#addPart(outsidePoint(this.view.snapshot, addresses), undefined, []);
    return { name: cidrTexts(addresses).join(' '), parts: [part], count: 0, family };
  }

  #addPart(point: Point, podClass: PodClass | undefined, pods: readonly Pod[]): Part {
    const part: Part = { index: this.#parts.length, point, podClass, pods, families: familiesOf(point) };
    this.#parts.push(part);
    return part;
  }
}

/** How a pod is named in output: an offline workload's stand-in by its workload. */
export function podText(pod: Pod): string {
  return pod.name === pod.workload.name && pod.workload.kind !== 'Pod'
    ? workloadText(pod.workload)
    : `${pod.namespace}/${pod.name}`;
}

function isOnePod(part: Part): boolean {
  return part.pods.length === 1 && part.pods[0]?.replicas === 1;
}

function inHull<T extends number | bigint>(ranges: readonly T[], address: T): boolean {
  const first = ranges[0];
  const last = ranges[ranges.length - 1];
  return first !== undefined && last !== undefined && first <= address && address <= last;
}

/** The class's pods in parts that the blocks treat alike; host-network pods each by itself. */
function cut(podClass: PodClass, blocks: readonly Block[]): (readonly Pod[])[] {
  if (podClass.pods.length === 1) return [podClass.pods];
  if (podClass.hostNetwork) return podClass.pods.map((pod) => [pod]);
  const parts = new Map<string, Pod[]>();
  for (const pod of podClass.pods) {
    const alone: PodPoint = { kind: 'pods', podClass, pods: [pod] };
    const key = blocks.map((block) => matchBlock(block, alone, BOTH_FAMILIES, 'yes')).join();
    const part = parts.get(key);
    if (part === undefined) parts.set(key, [pod]);
    else part.push(pod);
  }
  return [...parts.values()];
}
