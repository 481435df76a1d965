/** Warnings about good manifests that are right to be said, each with its reason. */
export interface Allowance {
  readonly world: string;
  readonly object: string;
  readonly rule: string;
  readonly reason: string;
}

export const ALLOWED: readonly Allowance[] = [];
