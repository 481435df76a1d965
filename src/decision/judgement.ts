import type { Change } from '../model/change.ts';
import type { Finding } from '../rules/rule.ts';
import type { Simulation } from '../simulate/contract.ts';

export type Decision = 'allow' | 'warn' | 'deny';

/** A finding with what it leads to. */
export interface JudgedFinding extends Finding {
  readonly action: 'note' | 'warn' | 'deny';
  /** The recorded reason of the exemption that made it a note. */
  readonly exemption?: string;
}

/** A rule that could not know, with the reason. */
export interface UncheckedRule {
  readonly rule: string;
  readonly reason: string;
}

/** All that is said about one change. */
export interface Judgement {
  readonly decision: Decision;
  /** Most severe first. */
  readonly findings: readonly JudgedFinding[];
  /** Within the bounds of the API server, most severe first. */
  readonly warnings: readonly string[];
  /** Set when the decision is deny. */
  readonly denial?: string;
  /** For the audit log; keys without a slash (the API server drops those with one). */
  readonly auditAnnotations: Readonly<Record<string, string>>;
  readonly unchecked: readonly UncheckedRule[];
  readonly simulation: Simulation;
}

/** The judgement of each of several changes, in order. */
export interface JudgedChange {
  readonly change: Change;
  readonly judgement: Judgement;
}

export interface JudgementOfAll {
  /** The worst of them. */
  readonly decision: Decision;
  readonly changes: readonly JudgedChange[];
}
