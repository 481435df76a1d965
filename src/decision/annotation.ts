/**
 * The exemption that an object asks for by its own annotations. Anybody who may write the object may write them:
 * they are a wish, and whether it counts is asked elsewhere.
 */
import { type Labels, labelValue } from '../model/labels.ts';
import { nearest } from '../rules/nearest.ts';
import { expiryOf } from './expiry.ts';
import { clip, printable } from './words.ts';

export const EXEMPT = 'portent.dev/exempt';
export const EXEMPT_REASON = 'portent.dev/exempt-reason';
export const EXEMPT_UNTIL = 'portent.dev/exempt-until';

/** What the annotations ask for; all three parts are needed. */
export interface Wish {
  readonly rules: readonly string[];
  readonly reason: string;
  readonly until: string;
}

/** Annotations that cannot be read, with the fix. */
export interface BadWish {
  readonly problem: string;
}

const MOST_RULES = 32;
const LONGEST_REASON = 500;

/** Reads the annotations strictly: half a wish is none. Undefined when there is none. */
export function wishOf(annotations: Labels, known: ReadonlySet<string>): Wish | BadWish | undefined {
  if (annotations.length === 0) return undefined;
  const exempt = labelValue(annotations, EXEMPT);
  const reason = labelValue(annotations, EXEMPT_REASON);
  const until = labelValue(annotations, EXEMPT_UNTIL);
  if (exempt === undefined) {
    if (reason === undefined && until === undefined) return undefined;
    return { problem: `${EXEMPT} is missing; name the rules in it, such as dns-cut,no-backends` };
  }
  const rules = rulesOf(exempt, known);
  if (typeof rules === 'string') return { problem: `${EXEMPT}: ${rules}` };
  const why = printable(reason ?? '').trim();
  if (why === '') return { problem: `${EXEMPT_REASON} is missing; say why` };
  if (why.length > LONGEST_REASON) {
    return { problem: `${EXEMPT_REASON} is longer than ${LONGEST_REASON} characters` };
  }
  if (until === undefined) return { problem: `${EXEMPT_UNTIL} is missing; give a day such as 2030-12-31` };
  if (expiryOf(until) === undefined) {
    const shown = shortened(until);
    return {
      problem: `${EXEMPT_UNTIL}: "${shown}" is no day such as 2030-12-31 and no time such as 2030-12-31T18:00:00Z`,
    };
  }
  return { rules, reason: why, until };
}

/** The rules named, or what is wrong with them. */
function rulesOf(text: string, known: ReadonlySet<string>): readonly string[] | string {
  // Before splitting: an annotation may be 256 KiB of commas.
  if (text.length > MOST_RULES * 81) return `more than ${MOST_RULES} rules`;
  const rules = [...new Set(text.split(',').map((each) => each.trim()))];
  if (rules.length > MOST_RULES) return `more than ${MOST_RULES} rules`;
  for (const rule of rules) {
    if (known.has(rule)) continue;
    if (rule === '') return 'a rule without a name; separate rules by single commas';
    if (rule === '*') return '"*" is not taken; name each rule';
    const near = nearest(rule, known);
    return `no such rule as "${shortened(rule)}"${near === undefined ? '' : `; did you mean ${near}?`}`;
  }
  return rules;
}

function shortened(text: string): string {
  return clip(printable(text), 60);
}
