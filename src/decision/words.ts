/**
 * The words a user reads. Every name in them may have been written by an attacker: control characters,
 * line breaks and characters that reorder text never get through, and every bound holds whatever comes in.
 */
import type { Judged } from '../model/change.ts';
import type { ExemptionAnnotation } from './enforcement.ts';
import type { JudgedFinding } from './judgement.ts';

/** The API server drops a warning with a line break, and kubectl shows long ones badly. In bytes of UTF-8. */
export const WARNING_LENGTH = 256;
/** The API server cuts all warnings of one answer together at 4 KiB. */
export const WARNINGS_BYTES = 4096;
/** A denial is shown whole; a stranger's names must not make it a flood. */
export const DENIAL_LENGTH = 4096;
const MOST_REASONS = 8;

/**
 * Control characters, format characters (zero-width ones and those that change the direction of text, Unicode
 * TR 36), line and paragraph separators: a terminal must show what is there.
 */
const HOSTILE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu;

/** Nearly every text is of this kind, and then nothing has to be looked at twice. */
const PLAIN = /^[ -~]*$/;

/** One line of printable text: what is hostile becomes a space, lone surrogates U+FFFD. */
export function printable(text: string): string {
  if (PLAIN.test(text)) return text;
  return text.replace(HOSTILE, ' ').toWellFormed();
}

/** At most `most` UTF-16 units, ending in `…` when something was cut; never half a character. */
export function clip(text: string, most: number): string {
  if (text.length <= most) return text;
  const cut = text.slice(0, most - 1);
  const last = cut.charCodeAt(cut.length - 1);
  const half = last >= 0xd800 && last <= 0xdbff;
  return `${half ? cut.slice(0, -1) : cut}…`;
}

/** A subject is never cut shorter than this, however long the sentence. */
const SUBJECT_LENGTH = 80;
/** A sentence that begins with a workload, `shop/web can …`: it says itself whom it is about. */
const BEGINS_WITH_NAME = /^[a-z0-9][-a-z0-9.]*\/[a-z0-9][-a-z0-9.]*[ ,]/i;

/**
 * One finding, whose texts are printable, as a warning: the rule, the object it is about unless the sentence names it,
 * the sentence, and the command that shows more where it still fits.
 */
export function warningText(finding: JudgedFinding): string {
  const { rule, message, see } = finding;
  const text = `${rule}: ${aboutText(finding)}${message}`;
  if (see !== undefined && text.length + 1 + see.length <= WARNING_LENGTH) {
    const whole = `${text} ${see}`;
    if (bytes(whole) <= WARNING_LENGTH) return whole;
  }
  return clipBytes(text, WARNING_LENGTH);
}

/** At most `most` bytes of UTF-8, ending in `…` when something was cut. */
function clipBytes(text: string, most: number): string {
  if (bytes(text) <= most) return text;
  let length = Math.min(text.length, most);
  let cut = clip(text, length - 1);
  while (bytes(cut) > most) {
    // No character takes more than three bytes a unit: the cut never removes too much at once.
    length -= Math.ceil((bytes(cut) - most) / 3);
    cut = clip(text, length - 1);
  }
  return cut;
}

/** Of several files applied at once nobody could tell whose warning it is: an object is named in front. */
function aboutText({ rule, subject, message }: JudgedFinding): string {
  const plain = subject.replace(/\[[^[\]]*\]$/, '');
  const place = message.indexOf(plain);
  // Named only after an "it", nobody could tell what "it" is.
  const isNamed = place >= 0 && !/\bits?\b/.test(message.slice(0, place));
  if (isNamed || BEGINS_WITH_NAME.test(message)) return '';
  const room = WARNING_LENGTH - bytes(`${rule}: : ${message}`);
  return `${clipBytes(subject, Math.max(SUBJECT_LENGTH, room))}: `;
}

/** Lines that fit the API server's bounds, in the order given; what does not fit is counted in the last one. */
export function boundedWarnings(lines: readonly string[]): string[] {
  const short = lines.map((line) => clipBytes(printable(line), WARNING_LENGTH));
  // Nearly always all of them fit, whatever they hold.
  if (short.length * WARNING_LENGTH <= WARNINGS_BYTES) return short;
  const reserve = bytes(restText(lines.length));
  let left = WARNINGS_BYTES;
  for (const [i, line] of short.entries()) {
    const size = bytes(line);
    const last = i === short.length - 1;
    if (size > left - (last ? 0 : reserve)) return [...short.slice(0, i), restText(short.length - i)];
    left -= size;
  }
  return short;
}

function restText(count: number): string {
  return `portent: ${count} more ${count === 1 ? 'finding' : 'findings'}; portent check -f FILE shows all of them.`;
}

/** What was refused, why, what to do, and how to be exempted: several lines. */
export function denialText(
  object: Judged,
  findings: readonly JudgedFinding[],
  exemptBy: ExemptionAnnotation['by'],
  more: readonly string[] = [],
): string {
  const denied = findings.filter(({ action }) => action === 'deny');
  const lines = [
    `Portent refuses this ${object.kind} ${printable(object.namespace)}/${printable(object.name)}.`,
    ...more.map(printable),
  ];
  for (const finding of denied.slice(0, MOST_REASONS)) {
    lines.push(`${finding.rule}: ${clip(printable(finding.message), 2 * WARNING_LENGTH)}`);
    if (finding.because.length > 0) {
      lines.push(`  because: ${clip(finding.because.map(printable).join(', '), WARNING_LENGTH)}`);
    }
    lines.push(`  what to do: ${clip(printable(finding.fix), 2 * WARNING_LENGTH)}`);
    if (finding.see !== undefined) lines.push(`  see: ${clip(printable(finding.see), WARNING_LENGTH)}`);
  }
  if (denied.length > MOST_REASONS) lines.push(`and ${denied.length - MOST_REASONS} more reasons.`);
  const rules = [...new Set(denied.map(({ rule }) => rule))];
  if (rules.length === 0) return clip(lines.join('\n'), DENIAL_LENGTH);
  // However many reasons there are, the way out is told.
  const last = `${exemptionText(object, rules, exemptBy)}\nMore about it: portent rules ${rules[0]}`;
  return `${clip(lines.join('\n'), DENIAL_LENGTH - last.length - 1)}\n${last}`;
}

function exemptionText(object: Judged, rules: readonly string[], by: ExemptionAnnotation['by']): string {
  if (by === 'nobody')
    return 'For an exemption: ask whoever runs Portent to write one into its configuration.';
  const namespace = printable(object.namespace);
  const whom =
    by === 'listed'
      ? 'only users listed in the configuration may'
      : `who applies it needs the verb exempt on portentpolicies.portent.dev in namespace ${namespace}`;
  const named = clip(rules.join(','), WARNING_LENGTH);
  return (
    `For an exemption: annotate the object with portent.dev/exempt: "${named}", portent.dev/exempt-reason and ` +
    `portent.dev/exempt-until (a day); ${whom}.`
  );
}

function bytes(text: string): number {
  return Buffer.byteLength(text);
}
