import type { Change } from '../model/change.ts';
import type { Finding } from '../rules/rule.ts';
import type { Simulation } from '../simulate/contract.ts';
import type { ExemptionUse, Grant } from './exemption.ts';

export type Decision = 'allow' | 'warn' | 'deny';

/** A finding with what it leads to. */
export interface JudgedFinding extends Omit<Finding, 'standard'> {
  readonly action: 'note' | 'warn' | 'deny';
  /** The recorded reason of the exemption that made it a note. */
  readonly exemption?: string;
}

/** A rule that could not know, with the reason. */
export interface UncheckedRule {
  readonly rule: string;
  readonly reason: string;
}

/** A judgement that hangs on whether the user may exempt objects of the namespace. */
export interface OpenQuestion {
  readonly namespace: string;
  /** The judgement with the answer in it. Until then nothing is exempted. */
  readonly settle: (answer: Exclude<Grant, { readonly kind: 'assumed' }>) => Judgement;
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
  /** Exemptions that covered a finding, and annotations that could not be read. */
  readonly exemptions: readonly ExemptionUse[];
  /** Set when an annotation's exemption would count and somebody has to be asked. */
  readonly question?: OpenQuestion;
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
