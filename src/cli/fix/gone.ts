import type { JudgedFinding } from '../../decision/judgement.ts';

type Said = Pick<JudgedFinding, 'rule' | 'subject' | 'message'>;

/**
 * Whether a finding is none of those of a later judgement. What stands behind the first semicolon (who is allowed
 * now, what may have been meant) can change with the fix while the finding stays.
 */
export function isGone(finding: Said, after: readonly Said[]): boolean {
  return !after.some(
    ({ rule, subject, message }) =>
      rule === finding.rule && subject === finding.subject && headOf(message) === headOf(finding.message),
  );
}

function headOf(message: string): string {
  return message.split('; ', 1)[0] ?? '';
}
