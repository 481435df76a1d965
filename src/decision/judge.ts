import { type Change, changedObject } from '../model/change.ts';
import type { Snapshot } from '../model/snapshot.ts';
import type { Rule, User } from '../rules/rule.ts';
import { modelProblem, type RuleRun, type RunOptions, runRules, runRulesInSteps } from '../rules/run.ts';
import type { Simulation } from '../simulate/contract.ts';
import { isLargeChange, touchesMany } from '../simulate/long.ts';
import { simulate } from '../simulate/simulate.ts';
import { finish, isSteps, type Steps } from '../simulate/steps.ts';
import { type Case, conclude, isSameObject, worst } from './conclude.ts';
import { Enforcement, type RulesConfig } from './enforcement.ts';
import type { Judgement, JudgementOfAll, UncheckedRule } from './judgement.ts';

export interface JudgeContext {
  readonly config: RulesConfig;
  /** Who asks; undefined offline. */
  readonly user?: User | undefined;
  readonly dryRun: boolean;
  /** Changes admitted a moment ago that the snapshot does not show yet. */
  readonly earlier: readonly Change[];
  /** Pair evaluations; the simulator's own default when left out. */
  readonly budget?: number | undefined;
  /** All rules when left out. */
  readonly rules?: readonly Rule[] | undefined;
  /** Whether fixes are worked out as patches; they are by default. An answer to the API server has no place for them. */
  readonly fixes?: boolean;
  /** Milliseconds since 1970; without it no exemption that ends counts. */
  readonly now?: number | undefined;
}

/**
 * Judges one change against one snapshot. Pure and synchronous; a dry run is judged like any other. A judgement
 * with a `question` stands as it is until somebody answers.
 */
export function judge(snapshot: Snapshot, change: Change, context: JudgeContext): Judgement {
  const judged = judgeInSteps(snapshot, change, context);
  return isSteps(judged) ? finish(judged) : judged;
}

/** The judgement, or, when there is much to judge, the steps to it. The snapshot must not change in between. */
export function judgeInSteps(
  snapshot: Snapshot,
  change: Change,
  context: JudgeContext,
): Judgement | Steps<Judgement> {
  if (isLargeChange(change)) return walk(snapshot, change, context);
  const simulation = simulated(snapshot, change, context);
  if (touchesMany(simulation)) return walkOn(simulation, context);
  const enforcement = enforcementOf(simulation, context);
  return judgementOf(simulation, enforcement, context, runRules(simulation, optionsOf(enforcement, context)));
}

function* walk(snapshot: Snapshot, change: Change, context: JudgeContext): Steps<Judgement> {
  const simulation = simulated(snapshot, change, context);
  yield;
  // Found here, as a step of its own.
  void simulation.subjects;
  yield;
  return yield* walkOn(simulation, context);
}

function* walkOn(simulation: Simulation, context: JudgeContext): Steps<Judgement> {
  const enforcement = enforcementOf(simulation, context);
  const runs = yield* runRulesInSteps(simulation, optionsOf(enforcement, context));
  return judgementOf(simulation, enforcement, context, runs);
}

function simulated(snapshot: Snapshot, change: Change, { earlier, budget }: JudgeContext): Simulation {
  return simulate(snapshot, change, { earlier, ...(budget === undefined ? {} : { budget }) });
}

function enforcementOf({ change, after }: Simulation, { config, user, now }: JudgeContext): Enforcement {
  return new Enforcement(config, after.snapshot, changedObject(change), user, now);
}

function optionsOf(enforcement: Enforcement, { config, user, fixes, rules }: JudgeContext): RunOptions {
  return {
    settings: config,
    user,
    fixes,
    isOff: (rule) => enforcement.isOff(rule.id, rule.action),
    ...(rules === undefined ? {} : { rules }),
  };
}

function judgementOf(
  simulation: Simulation,
  enforcement: Enforcement,
  { config, user, now, rules }: JudgeContext,
  runs: readonly RuleRun[],
): Judgement {
  const { change, after, budget } = simulation;
  const { snapshot } = after;
  const object = changedObject(change);
  const unchecked = uncheckedOf(runs);
  for (const what of budget.skipped)
    unchecked.push({ rule: 'simulation', reason: `not fully analysed: ${what}` });
  const known: Case = {
    object,
    simulation,
    runs,
    enforcement,
    unchecked,
    stale: modelProblem({ snapshot }),
    // A namespace on its way out must not be held up: its controller deletes what is in it.
    leaving: change.operation === 'DELETE' && snapshot.spaces.get(object.namespace)?.terminating === true,
    config,
    user,
    now,
    rules,
  };
  return conclude(known);
}

/** How several changes are judged. */
export type Mode = 'sequence' | 'together';

/**
 * Judges several changes. `sequence`: each on top of those before it. `together`: each against the whole,
 * as if all were made at one moment, so that a policy and its exceptions may come in any order. Each has a context
 * of its own: a change of the configuration may stand between them.
 */
export function judgeAll(
  snapshot: Snapshot,
  changes: readonly Change[],
  contextAt: (place: number) => JudgeContext,
  mode: Mode,
): JudgementOfAll {
  const judged = changes.map((change, place) => ({
    change,
    judgement: judgeAt(snapshot, changes, place, contextAt(place), mode),
  }));
  const decisions = judged.map(({ judgement }) => judgement.decision);
  return { decision: worst(decisions), changes: judged };
}

/** Judges one of several changes, as `judgeAll` does. */
export function judgeAt(
  snapshot: Snapshot,
  changes: readonly Change[],
  place: number,
  context: JudgeContext,
  mode: Mode,
): Judgement {
  const change = changes[place] as Change;
  const others =
    mode === 'sequence'
      ? changes.slice(0, place)
      : changes.filter((other, at) => at !== place && (at < place || !isSameObject(other, change)));
  return judge(snapshot, change, { ...context, earlier: [...context.earlier, ...others] });
}

function uncheckedOf(runs: readonly RuleRun[]): UncheckedRule[] {
  const found: UncheckedRule[] = [];
  for (const { rule, unchecked } of runs) {
    if (unchecked !== undefined) found.push({ rule: rule.id, reason: unchecked });
  }
  return found;
}
