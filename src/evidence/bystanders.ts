import { workloadText } from '../model/objects.ts';
import type { View } from '../model/overlay.ts';
import type { PodClass } from '../model/snapshot.ts';
import { noConnections, subtractConnections, uniteConnections } from '../netset/connections.ts';
import type { End, Simulation } from '../simulate/contract.ts';
import { reach } from '../simulate/reach.ts';
import type { Loss } from './losses.ts';

/** Who loses a connection although nothing shows that they need it. */
export interface Bystanders {
  readonly count: number;
  /** Small clusters are counted exactly, in workloads; of large ones only the most pods it can be is said. */
  readonly exact: boolean;
}

/** Pair evaluations that counting may cost. */
export const MOST_PAIRS = 256;

/** Counts the workloads that lose any connection to or from the change's subjects and are in no loss. */
export function bystandersOf(simulation: Simulation, losses: readonly Loss[]): Bystanders {
  const subjects = simulation.subjects.filter((subject) =>
    subject.directions.some((direction) => subject[direction].after.length > 0),
  );
  if (subjects.length === 0) return { count: 0, exact: true };
  const weight = simulation.weight;
  const classes = allClasses(simulation.after, Math.floor(MOST_PAIRS / weight / subjects.length));
  if (classes === undefined || !simulation.budget.spend(2 * classes.length * subjects.length)) {
    const cut = subjects.some((subject) =>
      subject.directions.some((direction) => {
        const { before, after } = subject[direction];
        return before.length === 0 && after.length > 0;
      }),
    );
    return { count: cut ? simulation.after.snapshot.podCount : 0, exact: false };
  }
  const named = namedIn(losses);
  const found = new Set<string>();
  for (const { podClass, directions } of subjects) {
    for (const other of classes) {
      const name = workloadText(other.workload);
      if (named.has(name) || found.has(name) || other === podClass) continue;
      const us: End = { kind: 'class', podClass };
      const them: End = { kind: 'class', podClass: other };
      const loses =
        (directions.includes('ingress') && cuts(simulation, them, us)) ||
        (directions.includes('egress') && cuts(simulation, us, them));
      if (loses) found.add(name);
    }
  }
  return { count: found.size, exact: true };
}

function cuts({ before, after }: Simulation, from: End, to: End): boolean {
  const old = reach(before, from, to).allowed;
  if (noConnections(old)) return false;
  const now = reach(after, from, to);
  return !noConnections(subtractConnections(old, uniteConnections(now.allowed, now.unknown)));
}

/** All classes of the cluster; undefined when there are more than `most`. */
export function allClasses(view: View, most: number): PodClass[] | undefined {
  const { snapshot } = view;
  // Each class has a pod; classes are not even counted where there may be many.
  if (snapshot.podCount > 4 * MOST_PAIRS || snapshot.spaces.size > MOST_PAIRS) return undefined;
  const all: PodClass[] = [];
  for (const space of snapshot.spaces.values()) {
    if (space.pods.size === 0) continue;
    all.push(...view.classes(space));
    if (all.length > most) return undefined;
  }
  return all;
}

/** Everybody a loss names, and those it is about: their own pairs are told already. */
function namedIn(losses: readonly Loss[]): Set<string> {
  const named = new Set<string>();
  for (const { need } of losses) {
    for (const end of [need.from, need.to]) {
      if (typeof end !== 'string') named.add(workloadText(end.workload));
    }
  }
  return named;
}
