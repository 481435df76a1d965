import type { Change } from '../model/change.ts';
import type { Snapshot } from '../model/snapshot.ts';
import type { Steps } from '../simulate/steps.ts';

/** What this layer reads of a judgement. */
export interface Judged {
  readonly decision: 'allow' | 'warn' | 'deny';
  readonly findings: readonly {
    readonly rule: string;
    readonly severity: string;
    readonly action: string;
    readonly subject: string;
    readonly message: string;
  }[];
  /** Within the bounds of the API server. */
  readonly warnings: readonly string[];
  readonly denial?: string | undefined;
  readonly auditAnnotations: Readonly<Record<string, string>>;
  readonly unchecked: readonly { readonly rule: string; readonly reason: string }[];
  /** Exemptions that counted, or that did not and why. */
  readonly exemptions: readonly ExemptionLine[];
  /** Set when the judgement hangs on whether the user may exempt objects of the namespace. */
  readonly question?:
    | { readonly namespace: string; readonly settle: (answer: ExemptAnswer) => Judged }
    | undefined;
}

/** What became of one exemption. */
export interface ExemptionLine {
  readonly source: string;
  readonly result: string;
  readonly rules: readonly string[];
  readonly reason: string;
  readonly until: string;
}

/** Whether somebody may exempt; without an answer nothing is exempted. */
export type ExemptAnswer =
  | { readonly kind: 'granted' }
  | { readonly kind: 'refused' | 'unanswered'; readonly reason: string };

/** The user of a review, whole, as the API server wants to be asked about him. */
export interface Asker {
  readonly username: string;
  readonly uid: string;
  readonly groups: readonly string[];
  readonly extra: Readonly<Record<string, readonly string[]>>;
}

/** Asks whether somebody may exempt objects of a namespace. Answers in time, and never rejects. */
export type MayExempt = (user: Asker, namespace: string, milliseconds: number) => Promise<ExemptAnswer>;

/** Who asks, and what was admitted a moment ago. */
export interface JudgeContext {
  readonly user: { readonly username: string; readonly groups: readonly string[] };
  readonly dryRun: boolean;
  readonly earlier: readonly Change[];
}

/** The decision layer, with its configuration already given: a judgement, or the steps to it if there is much to judge. */
export type Judge = (snapshot: Snapshot, change: Change, context: JudgeContext) => Judged | Steps<Judged>;
