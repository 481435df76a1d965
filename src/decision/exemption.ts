/** Exemptions as they were used, or not, in one review; and what is said of them. */
import type { Wish } from './annotation.ts';
import { EXEMPT_UNTIL } from './annotation.ts';
import type { Exemption } from './enforcement.ts';
import { hasEnded } from './expiry.ts';
import { clip, printable } from './words.ts';

/** Whether the user may exempt objects of the namespace. `unanswered` never exempts. */
export type Grant =
  | { readonly kind: 'granted' }
  /** Nobody was asked: offline there is no user. */
  | { readonly kind: 'assumed' }
  | { readonly kind: 'refused'; readonly reason: string }
  | { readonly kind: 'unanswered'; readonly reason: string };

/** What became of one exemption. `used` and `assumed` made notes of findings; the others changed nothing. */
export interface ExemptionUse {
  readonly source: 'annotation' | 'configuration';
  readonly result: 'used' | 'assumed' | 'expired' | 'refused' | 'unanswered' | 'invalid';
  /** The rules whose findings it covers; none for an annotation that cannot be read. */
  readonly rules: readonly string[];
  /** As its author gave it. */
  readonly reason: string;
  /** '' for one that does not end. */
  readonly until: string;
  /** One line for the user. */
  readonly text: string;
}

const REASON_SHOWN = 120;
const RULES_SHOWN = 3;

/** An annotation that cannot be read. */
export function invalidUse(problem: string): ExemptionUse {
  const text = `exemption not used: ${problem}.`;
  return { source: 'annotation', result: 'invalid', rules: [], reason: '', until: '', text };
}

/** What became of a readable annotation that covers findings of these rules. */
export function annotatedUse(
  wish: Wish,
  rules: readonly string[],
  grant: Grant,
  now: number | undefined,
): ExemptionUse {
  const { reason, until } = wish;
  const common = { source: 'annotation', rules, reason, until } as const;
  if (hasEnded(until, now)) {
    const text = `exemption expired since ${until}: ${counts(rules)} again; set ${EXEMPT_UNTIL} anew, or remove the annotations.`;
    return { ...common, result: 'expired', text };
  }
  switch (grant.kind) {
    case 'granted':
      return { ...common, result: 'used', text: usedText(rules, reason, until) };
    case 'assumed': {
      const text = `${usedText(rules, reason, until)} In the cluster, who applies it must be allowed to exempt.`;
      return { ...common, result: 'assumed', text };
    }
    case 'refused':
    case 'unanswered':
      return {
        ...common,
        result: grant.kind,
        text: `exemption not used: ${grant.reason}; ${counts(rules)}.`,
      };
  }
}

/** An exemption of the configuration that covers findings of these rules. */
export function configuredUse(
  { reason, until = '' }: Exemption,
  rules: readonly string[],
  result: 'used' | 'expired',
): ExemptionUse {
  const text =
    result === 'used'
      ? usedText(rules, reason, until)
      : `exemption expired since ${until}: ${counts(rules)} again; it is in Portent's configuration.`;
  return { source: 'configuration', result, rules, reason, until, text };
}

/** For the audit log. */
export function auditText({ source, result, rules, reason, until }: ExemptionUse): string {
  const where = source === 'annotation' ? ', by annotation' : '';
  const end = until === '' ? '' : `, until ${until}`;
  const named = rules.length === 0 ? 'annotation' : rules.join(', ');
  const why = reason === '' ? '' : `: ${printable(reason)}`;
  return `${named} (${result}${where}${end})${why}`;
}

function usedText(rules: readonly string[], reason: string, until: string): string {
  const end = until === '' ? '' : ` until ${until}`;
  return `exempted: ${namesOf(rules)}${end} (${clip(printable(reason).trim(), REASON_SHOWN)}).`;
}

function counts(rules: readonly string[]): string {
  return `${namesOf(rules)} ${rules.length === 1 ? 'counts' : 'count'}`;
}

function namesOf(rules: readonly string[]): string {
  const shown = rules.slice(0, RULES_SHOWN).join(', ');
  return rules.length > RULES_SHOWN ? `${shown} and ${rules.length - RULES_SHOWN} more` : shown;
}
