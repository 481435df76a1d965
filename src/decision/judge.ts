import { type Change, changedObject } from '../model/change.ts';
import type { Snapshot } from '../model/snapshot.ts';
import type { Finding, Rule, Severity } from '../rules/rule.ts';
import { SEVERITIES } from '../rules/rule.ts';
import { modelProblem, type RuleRun, runRules } from '../rules/run.ts';
import { compareSentences } from '../rules/text.ts';
import { simulate } from '../simulate/simulate.ts';
import { Enforcement, type RulesConfig, type User } from './enforcement.ts';
import type { Decision, JudgedFinding, Judgement, JudgementOfAll, UncheckedRule } from './judgement.ts';
import { boundedWarnings, clip, denialText, printable, warningText } from './words.ts';

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
}

/** Judges one change against one snapshot. Pure and synchronous; a dry run is judged like any other. */
export function judge(snapshot: Snapshot, change: Change, context: JudgeContext): Judgement {
  const { config, user, earlier, budget, rules } = context;
  const object = changedObject(change);
  const simulation = simulate(snapshot, change, {
    earlier,
    ...(budget === undefined ? {} : { budget }),
  });
  const enforcement = new Enforcement(config, snapshot, object.namespace, user);
  const runs = runRules(simulation, {
    settings: config,
    isOff: (rule) => enforcement.isOff(rule.id, rule.action),
    ...(rules === undefined ? {} : { rules }),
  });
  const findings = ruled(runs, enforcement);
  const unchecked = uncheckedOf(runs);
  for (const what of simulation.budget.skipped)
    unchecked.push({ rule: 'simulation', reason: `not fully analysed: ${what}` });
  const stale = modelProblem({ snapshot });
  // A namespace on its way out must not be held up: its controller deletes what is in it.
  const leaving =
    change.operation === 'DELETE' && snapshot.spaces.get(object.namespace)?.terminating === true;
  const decision = leaving
    ? softened(findings)
    : decisionOf(findings, stale === undefined ? 'allow' : config.stale);
  const shown = findings.filter(
    ({ action }) => action === 'warn' || (action === 'deny' && decision !== 'deny'),
  );
  const lines = shown.map(warningText);
  if (stale !== undefined && config.stale !== 'allow' && !leaving) lines.unshift(staleText(stale));
  const warnings = boundedWarnings(lines);
  const judgement = {
    decision,
    findings,
    warnings,
    auditAnnotations: annotations(decision, findings, unchecked),
    unchecked,
    simulation,
  };
  if (decision !== 'deny') return judgement;
  const more = stale !== undefined && config.stale === 'deny' ? [staleText(stale)] : [];
  return { ...judgement, denial: denialText(object, findings, more) };
}

/**
 * Judges several changes. `sequence`: each on top of those before it. `together`: each against the whole,
 * as if all were made at one moment, so that a policy and its exceptions may come in any order.
 */
export function judgeAll(
  snapshot: Snapshot,
  changes: readonly Change[],
  context: JudgeContext,
  mode: 'sequence' | 'together',
): JudgementOfAll {
  const judged = changes.map((change, place) => {
    const others =
      mode === 'sequence'
        ? changes.slice(0, place)
        : changes.filter((other, at) => at !== place && (at < place || !isSameObject(other, change)));
    const judgement = judge(snapshot, change, { ...context, earlier: [...context.earlier, ...others] });
    return { change, judgement };
  });
  const decisions = judged.map(({ judgement }) => judgement.decision);
  return { decision: worst(decisions), changes: judged };
}

function ruled(runs: readonly RuleRun[], enforcement: Enforcement): JudgedFinding[] {
  const findings: JudgedFinding[] = [];
  for (const { rule, findings: found } of runs) {
    for (const finding of found) {
      const { action, exemption } = enforcement.rule(rule.id, finding.severity, rule.action);
      if (action === 'off') continue;
      findings.push({ ...readable(finding), action, ...(exemption === undefined ? {} : { exemption }) });
    }
  }
  return findings.sort(byWeight(runs));
}

/** Denials first, then by severity, the rule's place in the catalogue, subject and words: the same everywhere. */
function byWeight(runs: readonly RuleRun[]): (a: JudgedFinding, b: JudgedFinding) => number {
  const places = new Map(runs.map(({ rule }, place) => [rule.id, place]));
  const place = ({ rule }: JudgedFinding): number => places.get(rule) ?? 0;
  return (a, b) =>
    weight(a) - weight(b) ||
    place(a) - place(b) ||
    compareSentences(a.subject, b.subject) ||
    compareSentences(a.message, b.message);
}

/** Names in a finding are a stranger's: no shell around this shows anything else than printable text. */
function readable(finding: Finding): Finding {
  return {
    ...finding,
    subject: printable(finding.subject),
    message: printable(finding.message),
    because: finding.because.map(printable),
    fix: printable(finding.fix),
    ...(finding.see === undefined ? {} : { see: printable(finding.see) }),
  };
}

function weight({ action, severity }: { readonly action: string; readonly severity: Severity }): number {
  return (action === 'deny' ? 0 : 10) + SEVERITIES.indexOf(severity);
}

function decisionOf(findings: readonly JudgedFinding[], model: Decision): Decision {
  return worst([model, ...findings.map(({ action }): Decision => (action === 'note' ? 'allow' : action))]);
}

function softened(findings: readonly JudgedFinding[]): Decision {
  return findings.some(({ action }) => action !== 'note') ? 'warn' : 'allow';
}

function worst(decisions: readonly Decision[]): Decision {
  if (decisions.includes('deny')) return 'deny';
  return decisions.includes('warn') ? 'warn' : 'allow';
}

function uncheckedOf(runs: readonly RuleRun[]): UncheckedRule[] {
  return runs.flatMap(({ rule, unchecked }) =>
    unchecked === undefined ? [] : [{ rule: rule.id, reason: unchecked }],
  );
}

function staleText(problem: string): string {
  return `portent: ${problem}. What this change does to connections was not checked.`;
}

/** Short values: the audit log is not a report. */
function annotations(
  decision: Decision,
  findings: readonly JudgedFinding[],
  unchecked: readonly UncheckedRule[],
): Record<string, string> {
  const found: Record<string, string> = { decision };
  if (findings.length > 0) {
    const counts = new Map<string, number>();
    for (const { rule, action } of findings) {
      const key = `${rule}=${action}`;
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
    found.findings = [...counts].map(([key, count]) => (count === 1 ? key : `${key} x${count}`)).join(', ');
  }
  const exempt = findings.filter(({ exemption }) => exemption !== undefined);
  if (exempt.length > 0) {
    const reasons = exempt.map(({ rule, exemption }) => `${rule}: ${printable(exemption ?? '')}`);
    found.exemptions = clip([...new Set(reasons)].join('; '), 1024);
  }
  if (unchecked.length > 0) {
    found.unchecked = clip(
      unchecked.map(({ rule, reason }) => `${rule}: ${printable(reason)}`).join('; '),
      1024,
    );
  }
  return found;
}

function isSameObject(one: Change, other: Change): boolean {
  const a = changedObject(one);
  const b = changedObject(other);
  return a.kind === b.kind && a.namespace === b.namespace && a.name === b.name;
}
