import type { Change } from '../model/change.ts';
import type { Direction, NetworkPolicy } from '../model/objects.ts';
import { aroundChange, type View } from '../model/overlay.ts';
import type { Selector } from '../model/selector.ts';
import type { PodClass, Snapshot } from '../model/snapshot.ts';
import { budgetOf } from './budget.ts';
import type { Budget, Isolation, Simulation, Subject } from './contract.ts';
import { weightOfChange } from './weight.ts';

export interface SimulateOptions {
  /** Changes admitted a moment ago that the snapshot does not show yet. */
  readonly earlier?: readonly Change[];
  /** Pair evaluations; see budget.ts. */
  readonly budget?: number;
}

/** Sets up a change against a snapshot: both views, and the classes whose isolation it touches. */
export function simulate(snapshot: Snapshot, change: Change, options: SimulateOptions = {}): Simulation {
  const { before, after } = aroundChange(snapshot, change, options.earlier);
  return new Simulated(change, before, after, budgetOf(options.budget));
}

class Simulated implements Simulation {
  readonly change: Change;
  readonly before: View;
  readonly after: View;
  readonly budget: Budget;
  #selected: readonly PodClass[] | undefined;
  #subjects: readonly Subject[] | undefined;
  #weight = 0;

  constructor(change: Change, before: View, after: View, budget: Budget) {
    this.change = change;
    this.before = before;
    this.after = after;
    this.budget = budget;
  }

  get selected(): readonly PodClass[] {
    this.#selected ??= selectedBy(this.after, policyOf(this.change.after));
    return this.#selected;
  }

  /** Found when first asked for, as a step of its own. */
  get subjects(): readonly Subject[] {
    this.#subjects ??= subjectsOf(this);
    return this.#subjects;
  }

  /** Found when first asked for: a change that takes nothing from anybody has no use for it. */
  get weight(): number {
    if (this.#weight === 0) this.#weight = weightOfChange(this.change, this.subjects);
    return this.#weight;
  }
}

function selectedBy(view: View, policy: NetworkPolicy | undefined): readonly PodClass[] {
  const space = policy === undefined ? undefined : view.snapshot.spaces.get(policy.namespace);
  return space === undefined || policy === undefined ? NO_CLASSES : view.selected(space, policy.subject);
}

function subjectsOf({ change, before, after, selected: selectedNow }: Simulation): Subject[] {
  const old = policyOf(change.before);
  const now = policyOf(change.after);
  const subjects: Subject[] = [];
  const sameSubject = old !== undefined && now !== undefined && isSame(old.subject, now.subject);
  const selectedOld = sameSubject ? selectedNow : selectedBy(after, old);
  const add = (podClass: PodClass, wasSelected: boolean, isSelected: boolean): void => {
    if (podClass.hostNetwork) return;
    const directions = touchedDirections(wasSelected ? old : undefined, isSelected ? now : undefined);
    if (directions.length > 0) subjects.push(new TouchedClass(before, after, podClass, directions));
  };
  const both = sameSubject || selectedOld.length === 0 ? undefined : new Set(selectedOld);
  for (const podClass of selectedNow) add(podClass, sameSubject || both?.delete(podClass) === true, true);
  for (const podClass of both ?? NO_CLASSES) add(podClass, true, false);
  return subjects;
}

/** Parsed selectors share the lists of what they ask for. */
function isSame(one: Selector, other: Selector): boolean {
  return one.requirements === other.requirements && one.problem === other.problem;
}

const NO_CLASSES: readonly PodClass[] = Object.freeze([]);

/** A class the change touches. Its policies are looked up when asked for: most policies have one direction. */
class TouchedClass implements Subject {
  readonly podClass: PodClass;
  readonly directions: readonly Direction[];
  readonly #before: View;
  readonly #after: View;
  #ingress: Isolation | undefined;
  #egress: Isolation | undefined;

  constructor(before: View, after: View, podClass: PodClass, directions: readonly Direction[]) {
    this.#before = before;
    this.#after = after;
    this.podClass = podClass;
    this.directions = directions;
  }

  get ingress(): Isolation {
    this.#ingress ??= this.#isolation('ingress');
    return this.#ingress;
  }

  get egress(): Isolation {
    this.#egress ??= this.#isolation('egress');
    return this.#egress;
  }

  #isolation(direction: Direction): Isolation {
    const { podClass } = this;
    return {
      before: this.#before.isolating(podClass, direction),
      after: this.#after.isolating(podClass, direction),
    };
  }
}

/** The directions in which one of the two isolates. */
function touchedDirections(
  old: NetworkPolicy | undefined,
  now: NetworkPolicy | undefined,
): readonly Direction[] {
  const ingress = old?.ingress !== undefined || now?.ingress !== undefined;
  const egress = old?.egress !== undefined || now?.egress !== undefined;
  if (ingress) return egress ? BOTH : INGRESS;
  return egress ? EGRESS : NEITHER;
}

const NEITHER: readonly Direction[] = Object.freeze([]);
const INGRESS: readonly Direction[] = Object.freeze(['ingress'] as const);
const EGRESS: readonly Direction[] = Object.freeze(['egress'] as const);
const BOTH: readonly Direction[] = Object.freeze(['ingress', 'egress'] as const);

function policyOf(judged: Change['after'] | Change['before']): NetworkPolicy | undefined {
  return judged?.kind === 'NetworkPolicy' ? judged : undefined;
}
