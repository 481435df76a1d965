import { Evidence } from '../evidence/evidence.ts';
import { changedObject } from '../model/change.ts';
import type { Simulation } from '../simulate/contract.ts';
import { foreignCaveatIn } from '../simulate/foreign.ts';
import type { Steps } from '../simulate/steps.ts';
import { aspectsOf, bitsOf } from './aspects.ts';
import { RULES } from './index.ts';
import { NOTICED } from './reads.ts';
import type { Finding, Kind, Operation, Rule, RuleContext, RuleSettings, Statement, User } from './rule.ts';

/** What running a rule came to. */
export interface RuleRun {
  readonly rule: Rule;
  readonly findings: readonly Finding[];
  /** Why the rule could not know, or not know all; undefined when it ran on everything it reads. */
  readonly unchecked: string | undefined;
}

export interface RunOptions {
  readonly settings: RuleSettings;
  /** Who makes the change; undefined offline. */
  readonly user?: User | undefined;
  /** Rules that need not run. */
  readonly isOff?: (rule: Rule) => boolean;
  readonly rules?: readonly Rule[];
  /** Whether patches are worked out; they are by default. */
  readonly fixes?: boolean | undefined;
}

/**
 * Runs every rule that looks at this kind of object and operation. A rule that throws is a bug and is not
 * caught here: the caller answers for the request as a whole.
 */
export function runRules(simulation: Simulation, options: RunOptions): RuleRun[] {
  const round = roundOf(simulation, options);
  const { isOff } = options;
  // Most rules have nothing to look at.
  const isQuiet = round.isWhole && round.notReady === undefined;
  const runs: RuleRun[] = [];
  for (const asked of round.asked) {
    if (isOff?.(asked.rule) === true) continue;
    runs.push(isQuiet && !holds(round, asked) ? asked.silent : runRule(round, asked));
  }
  return runs;
}

/** The same in steps, about one for each rule that has something to look at. */
export function* runRulesInSteps(simulation: Simulation, options: RunOptions): Steps<RuleRun[]> {
  const round = roundOf(simulation, options);
  const runs: RuleRun[] = [];
  let isPrepared = simulation.subjects.length === 0;
  for (const asked of round.asked) {
    if (options.isOff?.(asked.rule) === true) continue;
    if (round.notReady === undefined && holds(round, asked)) {
      yield;
      if (!isPrepared && (asked.wants & TAKING) !== 0) {
        isPrepared = true;
        yield* round.context.evidence.prepare();
        yield;
      }
    }
    runs.push(runRule(round, asked));
  }
  return runs;
}

/** What all rules run on. */
interface Round {
  readonly context: RuleContext;
  readonly asked: readonly Asked[];
  /** Why the model cannot be relied on; undefined when it can. */
  readonly notReady: string | undefined;
  readonly noticed: string | undefined;
  /** Nothing is missing that a rule could want to read. */
  readonly isWhole: boolean;
  /** The aspects of the change, as bits. */
  readonly aspects: number;
}

function roundOf(simulation: Simulation, options: RunOptions): Round {
  const { settings, user, rules = RULES, fixes = true } = options;
  const { change, before, after } = simulation;
  const context: RuleContext = {
    simulation,
    change,
    snapshot: after.snapshot,
    before,
    after,
    evidence: new Evidence(simulation, settings.dns.services),
    settings,
    user,
    fixes,
  };
  const noticed = noticedText(context);
  return {
    context,
    asked: rulesFor(rules, changedObject(change).kind, change.operation),
    notReady: modelProblem(context),
    noticed,
    isWhole: noticed === undefined && (after.snapshot.health.missing ?? []).length === 0,
    aspects: aspectsOf(simulation),
  };
}

function holds({ aspects }: Round, { wants }: Asked): boolean {
  return (wants & ~aspects) === 0;
}

function runRule(round: Round, asked: Asked): RuleRun {
  const { context, notReady, noticed } = round;
  const { rule } = asked;
  if (notReady !== undefined && rule.needs === 'model') return { rule, findings: [], unchecked: notReady };
  const result = holds(round, asked) ? rule.check(context) : NO_STATEMENTS;
  if ('kind' in result) return { rule, findings: [], unchecked: result.reason };
  let findings: Finding[] | undefined;
  for (const said of result) {
    findings ??= [];
    findings.push(complete(rule, said));
  }
  if (findings === undefined && round.isWhole) return asked.silent;
  return {
    rule,
    findings: findings ?? NO_FINDINGS,
    unchecked: unreadText(rule, context) ?? (noticed !== undefined && isJudge(rule) ? noticed : undefined),
  };
}

/** Rules that ask for one of these ask for losses. */
const TAKING = bitsOf(['takes', 'takesIngress', 'takesEgress']);

const NO_FINDINGS: readonly Finding[] = Object.freeze([]);
const NO_STATEMENTS: readonly Statement[] = Object.freeze([]);

/** A rule with what is known of it beforehand. */
interface Asked {
  readonly rule: Rule;
  /** The aspects it asks for, as bits. */
  readonly wants: number;
  /** What its run comes to when it has nothing to say. */
  readonly silent: RuleRun;
}

const chosen = new WeakMap<readonly Rule[], Map<string, readonly Asked[]>>();

/** Those of the rules that look at this kind of object and operation; found once. */
function rulesFor(rules: readonly Rule[], kind: Kind, operation: Operation): readonly Asked[] {
  let known = chosen.get(rules);
  if (known === undefined) {
    known = new Map();
    chosen.set(rules, known);
  }
  const key = `${kind} ${operation}`;
  let found = known.get(key);
  if (found === undefined) {
    found = rules
      .filter((rule) => rule.kinds.includes(kind) && rule.operations.includes(operation))
      .map((rule) => ({
        rule,
        wants: bitsOf(rule.aspects ?? []),
        silent: { rule, findings: NO_FINDINGS, unchecked: undefined },
      }));
    known.set(key, found);
  }
  return found;
}

const noticedKinds: ReadonlySet<string> = new Set(NOTICED);

/** Whether the rule asks who may connect to whom, which policies of other projects decide too. */
function isJudge({ reads }: Rule): boolean {
  return reads?.includes(NOTICED[0] as string) === true;
}

/** The policy of another project that may decide too; undefined when there is none. */
function noticedText({ snapshot, change }: RuleContext): string | undefined {
  if (snapshot.foreign.size === 0) return undefined;
  return foreignCaveatIn(snapshot, ['', changedObject(change).namespace], ({ kind, apiVersion }) =>
    noticedKinds.has(`${kind}.${apiVersion.split('/', 1)[0]}`),
  );
}

/** Which of the kinds that a rule reads are not in the model; undefined when it has them all. */
function unreadText({ reads }: Rule, { snapshot }: RuleContext): string | undefined {
  const { missing = [] } = snapshot.health;
  if (missing.length === 0 || reads === undefined) return undefined;
  const unread = missing.filter((label) => reads.includes(label));
  return unread.length === 0
    ? undefined
    : `${unread.join(', ')} could not be read: what they would show is left out`;
}

/** Why the model cannot be relied on; undefined when it can. */
export function modelProblem({ snapshot }: Pick<RuleContext, 'snapshot'>): string | undefined {
  const { state, problems } = snapshot.health;
  if (state === 'fixed' || state === 'live') return undefined;
  const reason =
    state === 'syncing' ? 'the model of the cluster is still loading' : 'the model of the cluster is stale';
  return problems.length === 0 ? reason : `${reason}: ${problems.join('; ')}`;
}

function complete(rule: Rule, said: Statement): Finding {
  return {
    rule: rule.id,
    severity: said.severity ?? rule.severity,
    standard: said.action ?? rule.action,
    subject: said.subject,
    message: said.message,
    because: said.because,
    fix: said.fix ?? rule.fix,
    ...(said.patch === undefined ? {} : { patch: said.patch }),
    ...(said.see === undefined ? {} : { see: said.see }),
    link: `docs/rules/${rule.id}.md`,
  };
}
