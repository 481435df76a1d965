import type { Change } from '../model/change.ts';
import type { Snapshot } from '../model/snapshot.ts';

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
  readonly warnings: readonly string[];
  readonly denial?: string | undefined;
  readonly auditAnnotations: Readonly<Record<string, string>>;
  readonly unchecked: readonly { readonly rule: string; readonly reason: string }[];
}

/** Who asks, and what was admitted a moment ago. */
export interface JudgeContext {
  readonly user: { readonly username: string; readonly groups: readonly string[] };
  readonly dryRun: boolean;
  readonly earlier: readonly Change[];
}

/** The decision layer, with its configuration already given. Synchronous. */
export type Judge = (snapshot: Snapshot, change: Change, context: JudgeContext) => Judged;
