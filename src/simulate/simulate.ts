import type { Change } from '../model/change.ts';
import type { Direction, NetworkPolicy } from '../model/objects.ts';
import { afterChange, beforeChange, type View } from '../model/overlay.ts';
import { selects } from '../model/selector.ts';
import type { PodClass, Snapshot } from '../model/snapshot.ts';
import { budgetOf } from './budget.ts';
import type { Isolation, Simulation, Subject } from './contract.ts';

export interface SimulateOptions {
  /** Changes admitted a moment ago that the snapshot does not show yet. */
  readonly earlier?: readonly Change[];
  /** Pair evaluations; see budget.ts. */
  readonly budget?: number;
}

/** Sets up a change against a snapshot: both views, and the classes whose isolation it touches. */
export function simulate(snapshot: Snapshot, change: Change, options: SimulateOptions = {}): Simulation {
  const earlier = options.earlier ?? [];
  const before = beforeChange(snapshot, change, earlier);
  const after = afterChange(snapshot, change, earlier);
  return {
    change,
    before,
    after,
    subjects: subjectsOf(before, after, change),
    budget: budgetOf(options.budget),
  };
}

function subjectsOf(before: View, after: View, change: Change): Subject[] {
  const old = policyOf(change.before);
  const now = policyOf(change.after);
  const named = now ?? old;
  if (named === undefined) return [];
  const space = after.snapshot.spaces.get(named.namespace);
  if (space === undefined) return [];
  const subjects: Subject[] = [];
  for (const podClass of after.classes(space)) {
    if (podClass.hostNetwork) continue;
    const directions = touchedDirections(old, now, podClass);
    if (directions.length === 0) continue;
    subjects.push({
      podClass,
      directions,
      ingress: isolation(before, after, podClass, 'ingress'),
      egress: isolation(before, after, podClass, 'egress'),
    });
  }
  return subjects;
}

function touchedDirections(
  old: NetworkPolicy | undefined,
  now: NetworkPolicy | undefined,
  podClass: PodClass,
): readonly Direction[] {
  const oldSelects = old !== undefined && selects(old.subject, podClass.labels);
  const nowSelects = now !== undefined && selects(now.subject, podClass.labels);
  if (!oldSelects && !nowSelects) return NEITHER;
  const touches = (direction: Direction): boolean =>
    (oldSelects && old[direction] !== undefined) || (nowSelects && now[direction] !== undefined);
  if (touches('ingress')) return touches('egress') ? BOTH : INGRESS;
  return touches('egress') ? EGRESS : NEITHER;
}

const NEITHER: readonly Direction[] = Object.freeze([]);
const INGRESS: readonly Direction[] = Object.freeze(['ingress'] as const);
const EGRESS: readonly Direction[] = Object.freeze(['egress'] as const);
const BOTH: readonly Direction[] = Object.freeze(['ingress', 'egress'] as const);

function isolation(before: View, after: View, podClass: PodClass, direction: Direction): Isolation {
  return { before: before.isolating(podClass, direction), after: after.isolating(podClass, direction) };
}

function policyOf(judged: Change['after'] | Change['before']): NetworkPolicy | undefined {
  return judged?.kind === 'NetworkPolicy' ? judged : undefined;
}
