/** From what the rules found to what is answered: actions, exemptions, the decision and its words. */
import { type Change, changedObject, type Judged } from '../model/change.ts';
import { RULE_IDS } from '../rules/index.ts';
import type { Finding, Rule, Severity, User } from '../rules/rule.ts';
import { SEVERITIES } from '../rules/rule.ts';
import type { RuleRun } from '../rules/run.ts';
import { compareSentences } from '../rules/text.ts';
import type { Simulation } from '../simulate/contract.ts';
import { wishOf } from './annotation.ts';
import type { Enforcement, Exemption, RulesConfig } from './enforcement.ts';
import {
  annotatedUse,
  auditText,
  configuredUse,
  type ExemptionUse,
  type Grant,
  invalidUse,
} from './exemption.ts';
import { hasEnded } from './expiry.ts';
import type { Decision, JudgedFinding, Judgement, UncheckedRule } from './judgement.ts';
import { isAmong } from './scope.ts';
import { boundedWarnings, clip, denialText, printable, warningText } from './words.ts';

/** All that is known of one change before anybody decides. */
export interface Case {
  readonly object: Judged;
  readonly simulation: Simulation;
  readonly runs: readonly RuleRun[];
  readonly enforcement: Enforcement;
  readonly unchecked: readonly UncheckedRule[];
  /** What is wrong with the model; undefined when it can be relied on. */
  readonly stale: string | undefined;
  readonly leaving: boolean;
  readonly config: RulesConfig;
  readonly user: User | undefined;
  readonly now: number | undefined;
  readonly rules: readonly Rule[] | undefined;
}

/** The judgement, open where an annotation's exemption hangs on a right that somebody has to look up. */
export function conclude(known: Case): Judgement {
  const { findings, uses } = ruled(known);
  const { object, leaving, now } = known;
  const wish = leaving ? undefined : wishOf(object.annotations, rulesKnown(known.rules));
  if (wish === undefined) return judgementOf(known, findings, uses);
  if ('problem' in wish) return judgementOf(known, findings, [...uses, invalidUse(wish.problem)]);
  const covered = findings.filter(({ rule, action }) => action !== 'note' && wish.rules.includes(rule));
  if (covered.length === 0) return judgementOf(known, findings, uses);
  const rules = [...new Set(covered.map(({ rule }) => rule))];
  const settle = (grant: Grant): Judgement => {
    const use = annotatedUse(wish, rules, grant, now);
    const exempts = use.result === 'used' || use.result === 'assumed';
    const left = exempts
      ? findings.map((one) => (covered.includes(one) ? noted(one, wish.reason) : one)).sort(byWeight)
      : findings;
    return judgementOf(known, left, [...uses, use]);
  };
  const grant = grantAtOnce(known);
  if (grant !== undefined || hasEnded(wish.until, now)) return settle(grant ?? UNASKED);
  return { ...settle(UNASKED), question: { namespace: object.namespace, settle } };
}

const UNASKED: Grant = Object.freeze({
  kind: 'unanswered',
  reason: 'nobody was asked whether you may exempt',
});

/** Who may exempt, where the configuration alone decides; undefined when the API server must be asked. */
function grantAtOnce({ config, user, object }: Case): Grant | undefined {
  const { by, users, groups } = config.exemptionAnnotation;
  if (by === 'nobody')
    return { kind: 'refused', reason: "the configuration takes no object's own exemption" };
  if (user === undefined) return { kind: 'assumed' };
  if (by === 'access-review') return undefined;
  if (isAmong({ users }, user) || isAmong({ groups }, user)) return { kind: 'granted' };
  const reason = `${clip(printable(user.username), 80)} is not listed as one who may exempt in ${object.namespace}`;
  return { kind: 'refused', reason };
}

/** Findings with their actions, the configuration's exemptions applied, and what became of those. */
function ruled({ runs, enforcement }: Case): { findings: JudgedFinding[]; uses: ExemptionUse[] } {
  const findings: JudgedFinding[] = [];
  const covered = new Map<Exemption, { readonly result: 'used' | 'expired'; readonly rules: Set<string> }>();
  const cover = (exemption: Exemption | undefined, result: 'used' | 'expired', rule: string): void => {
    if (exemption === undefined) return;
    const entry = covered.get(exemption);
    if (entry === undefined) covered.set(exemption, { result, rules: new Set([rule]) });
    else entry.rules.add(rule);
  };
  for (const { rule, findings: found } of runs) {
    // Most rules have nothing to say.
    if (found.length === 0) continue;
    for (const finding of found) {
      const { action, exemption, ended } = enforcement.rule(rule.id, finding.severity, finding.standard);
      if (action === 'off') continue;
      cover(exemption, 'used', rule.id);
      cover(ended, 'expired', rule.id);
      const reason = exemption?.reason;
      findings.push(readable(finding, action, reason));
    }
  }
  const uses = [...covered].map(([exemption, { result, rules }]) =>
    configuredUse(exemption, [...rules], result),
  );
  return { findings: findings.sort(byWeight), uses };
}

function judgementOf(
  known: Case,
  findings: readonly JudgedFinding[],
  exemptions: readonly ExemptionUse[],
): Judgement {
  const { object, config, stale, leaving, unchecked, simulation } = known;
  const decision = leaving
    ? softened(findings)
    : decisionOf(findings, stale === undefined ? 'allow' : config.stale);
  const shown = findings.filter(
    ({ action }) => action === 'warn' || (action === 'deny' && decision !== 'deny'),
  );
  const staleLines = stale !== undefined && config.stale !== 'allow' && !leaving ? [staleText(stale)] : [];
  const judgement = {
    decision,
    findings,
    // What was let off, or was not, comes first: a long list must not push it out.
    warnings: boundedWarnings([
      ...staleLines,
      ...exemptions.map(({ text }) => text),
      ...shown.map(warningText),
    ]),
    auditAnnotations: annotations(decision, findings, exemptions, unchecked),
    unchecked,
    exemptions,
    simulation,
  };
  if (decision !== 'deny') return judgement;
  const more = stale !== undefined && config.stale === 'deny' ? [staleText(stale)] : [];
  const unused = exemptions.flatMap(({ result, text }) => (result === 'used' ? [] : [text]));
  return {
    ...judgement,
    denial: denialText(object, findings, config.exemptionAnnotation.by, [...more, ...unused]),
  };
}

function noted(finding: JudgedFinding, reason: string): JudgedFinding {
  return { ...finding, action: 'note', exemption: reason };
}

const EVERY_RULE: ReadonlySet<string> = new Set(RULE_IDS);

function rulesKnown(rules: readonly Rule[] | undefined): ReadonlySet<string> {
  return rules === undefined ? EVERY_RULE : new Set(rules.map(({ id }) => id));
}

const PLACES = new Map(RULE_IDS.map((id, place) => [id, place]));
const place = ({ rule }: JudgedFinding): number => PLACES.get(rule) ?? RULE_IDS.length;

/** Denials first, then by severity, the rule's place in the catalogue, subject and words: the same everywhere. */
function byWeight(a: JudgedFinding, b: JudgedFinding): number {
  return (
    weight(a) - weight(b) ||
    place(a) - place(b) ||
    compareSentences(a.subject, b.subject) ||
    compareSentences(a.message, b.message)
  );
}

/** Names in a finding are a stranger's: no shell around this shows anything else than printable text. */
function readable(
  finding: Finding,
  action: JudgedFinding['action'],
  exemption: string | undefined,
): JudgedFinding {
  const { rule, severity, subject, message, because, fix, patch, see, link } = finding;
  return {
    rule,
    severity,
    subject: printable(subject),
    message: printable(message),
    because: because.map(printable),
    fix: printable(fix),
    ...(patch === undefined ? {} : { patch }),
    ...(see === undefined ? {} : { see: printable(see) }),
    link,
    action,
    ...(exemption === undefined ? {} : { exemption }),
  };
}

function weight({ action, severity }: { readonly action: string; readonly severity: Severity }): number {
  return (action === 'deny' ? 0 : 10) + SEVERITIES.indexOf(severity);
}

function decisionOf(findings: readonly JudgedFinding[], model: Decision): Decision {
  let decision = model;
  for (const { action } of findings) {
    if (action === 'deny' || (action === 'warn' && decision === 'allow')) decision = action;
  }
  return decision;
}

function softened(findings: readonly JudgedFinding[]): Decision {
  return findings.some(({ action }) => action !== 'note') ? 'warn' : 'allow';
}

/** The strictest of several decisions. */
export function worst(decisions: readonly Decision[]): Decision {
  if (decisions.includes('deny')) return 'deny';
  return decisions.includes('warn') ? 'warn' : 'allow';
}

function staleText(problem: string): string {
  return `portent: ${problem}. What this change does to connections was not checked.`;
}

/** Short values: the audit log is not a report. */
function annotations(
  decision: Decision,
  findings: readonly JudgedFinding[],
  exemptions: readonly ExemptionUse[],
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
  if (exemptions.length > 0) found.exemptions = clip(exemptions.map(auditText).join('; '), 1024);
  if (unchecked.length > 0) {
    found.unchecked = clip(
      unchecked.map(({ rule, reason }) => `${rule}: ${printable(reason)}`).join('; '),
      1024,
    );
  }
  return found;
}

/** Whether two changes are about one object. */
export function isSameObject(one: Change, other: Change): boolean {
  const a = changedObject(one);
  const b = changedObject(other);
  return a.kind === b.kind && a.namespace === b.namespace && a.name === b.name;
}
