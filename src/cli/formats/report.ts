import type { PatchOperation } from '../../rules/patch.ts';
import type { Diff } from '../../simulate/contract.ts';

export type DecisionWord = 'allow' | 'warn' | 'deny';

/** A finding as `check` shows it. */
export interface ReportFinding {
  readonly rule: string;
  readonly severity: string;
  readonly action: string;
  readonly subject: string;
  readonly message: string;
  readonly because: readonly string[];
  readonly fix: string;
  readonly patch?: readonly PatchOperation[];
  readonly see?: string | undefined;
  /** The patch as a change of the file, tried out. */
  readonly ready?: ReadyFix | undefined;
}

/** What a finding's patch changes in the file of the manifest, and what comes of it. */
export interface ReadyFix {
  /** A unified diff; of the object in plain YAML where the file could not be changed in place. */
  readonly diff: readonly string[];
  /** The same as whole lines; empty where the file could not be changed in place. */
  readonly replacements: readonly Replacement[];
  /** Whether the finding goes away with it. */
  readonly gone: boolean;
  /** Findings that come with it: `dns-cut (high): shop/web[Deployment]`. */
  readonly appears: readonly string[];
}

/** From this line (counted from 1) so many lines give way to the text, which ends with a line break or is empty. */
export interface Replacement {
  readonly line: number;
  readonly lines: number;
  readonly text: string;
}

/** The judgement of one manifest. */
export interface ReportChange {
  readonly operation: string;
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  /** Where the manifest stands. */
  readonly file: string;
  readonly line: number;
  readonly decision: DecisionWord;
  readonly findings: readonly ReportFinding[];
  readonly unchecked: readonly { readonly rule: string; readonly reason: string }[];
  /** What became of exemptions, one sentence each. */
  readonly exemptions: readonly string[];
  /** Left out when all changes are judged as one. */
  readonly diff?: Diff;
}

/** All that `check` found. */
export interface Report {
  readonly decision: DecisionWord;
  readonly changes: readonly ReportChange[];
  /** From the state before the first change to that after the last. */
  readonly diff: Diff;
}

/** The strictest of the decisions; `allow` for none. */
export function worst(decisions: Iterable<DecisionWord>): DecisionWord {
  let found: DecisionWord = 'allow';
  for (const decision of decisions) {
    if (decision === 'deny') return 'deny';
    if (decision === 'warn') found = 'warn';
  }
  return found;
}

/** `NetworkPolicy default/redis`. */
export function objectText({ kind, namespace, name }: ReportChange): string {
  return `${kind} ${namespace}/${name}`;
}
