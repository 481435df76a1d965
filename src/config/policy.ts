import { problemsOf, unknownRules } from './config.ts';
import { type PolicySpec, policySpec } from './enforcement.ts';
import type { Problem } from './errors.ts';

/**
 * Reads the `spec` of a PortentPolicy; one without a spec sets nothing.
 * @returns the spec, or everything that is wrong with it, with paths from the spec on.
 */
export function readPolicySpec(
  spec: unknown,
  rules: readonly string[],
): { readonly spec: PolicySpec } | { readonly problems: readonly Problem[] } {
  const result = policySpec.safeParse(spec ?? {}, { reportInput: true });
  if (!result.success) return { problems: problemsOf(result.error.issues) };
  const problems = unknownRules(result.data, rules);
  return problems.length === 0 ? { spec: result.data } : { problems };
}
