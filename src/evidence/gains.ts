import type { Direction } from '../model/objects.ts';
import { workloadText } from '../model/objects.ts';
import type { PodClass } from '../model/snapshot.ts';
import { ALL_ADDRESSES } from '../netset/addresses.ts';
import {
  type Connections,
  NO_CONNECTIONS,
  noConnections,
  subtractConnections,
  uniteConnections,
} from '../netset/connections.ts';
import type { End, Simulation } from '../simulate/contract.ts';
import { reach } from '../simulate/reach.ts';
import { outsideWeightOf } from '../simulate/weight.ts';
import { allClasses, MOST_PAIRS } from './bystanders.ts';

/** What a policy change opens. */
export interface Gains {
  /** Classes that were isolated in the direction and are not any more: everything is open to them. */
  readonly opened: ReadonlyMap<Direction, readonly PodClass[]>;
  /** Classes still isolated that addresses outside the cluster may newly reach, with the connections. */
  readonly exposed: readonly { readonly podClass: PodClass; readonly gained: Connections }[];
  /** Workloads that newly reach, or are newly reached by, one still isolated; undefined when not counted. */
  readonly peers: readonly string[] | undefined;
}

/** Works out what a change of a policy opens; pods are counted only in small clusters. */
export function gainsOf(simulation: Simulation): Gains {
  const opened = new Map<Direction, PodClass[]>();
  const exposed: { podClass: PodClass; gained: Connections }[] = [];
  let looks = MOST_PAIRS;
  let complete = true;
  const partly: { podClass: PodClass; direction: Direction }[] = [];
  for (const subject of simulation.subjects) {
    const { podClass, directions } = subject;
    for (const direction of directions) {
      const { before, after } = subject[direction];
      if (before.length === 0) continue;
      if (after.length === 0) {
        const list = opened.get(direction);
        if (list === undefined) opened.set(direction, [podClass]);
        else list.push(podClass);
        continue;
      }
      partly.push({ podClass, direction });
      if (direction !== 'ingress') continue;
      looks -= Math.max(outsideWeightOf(before, direction), outsideWeightOf(after, direction));
      if (looks < 0 || !simulation.budget.spend(2)) {
        complete = false;
        continue;
      }
      const outside: End = { kind: 'outside', addresses: ALL_ADDRESSES };
      const gained = gainedBetween(simulation, outside, { kind: 'class', podClass });
      if (!noConnections(gained)) exposed.push({ podClass, gained });
    }
  }
  if (!complete) simulation.budget.skip('what addresses outside the cluster may newly reach');
  return { opened, exposed, peers: peersOf(simulation, partly) };
}

function peersOf(
  simulation: Simulation,
  partly: readonly { podClass: PodClass; direction: Direction }[],
): string[] | undefined {
  if (partly.length === 0) return [];
  const classes = allClasses(simulation.after, Math.floor(MOST_PAIRS / simulation.weight / partly.length));
  if (classes === undefined || !simulation.budget.spend(2 * classes.length * partly.length)) return undefined;
  const found = new Set<string>();
  for (const { podClass, direction } of partly) {
    const us: End = { kind: 'class', podClass };
    for (const other of classes) {
      if (other === podClass) continue;
      const them: End = { kind: 'class', podClass: other };
      const gained =
        direction === 'ingress' ? gainedBetween(simulation, them, us) : gainedBetween(simulation, us, them);
      if (!noConnections(gained)) found.add(workloadText(other.workload));
    }
  }
  return [...found];
}

/** Certainly allowed now, and certainly not before. */
function gainedBetween({ before, after }: Simulation, from: End, to: End): Connections {
  const now = reach(after, from, to).allowed;
  if (noConnections(now)) return NO_CONNECTIONS;
  const old = reach(before, from, to);
  return subtractConnections(now, uniteConnections(old.allowed, old.unknown));
}
