import { formatPatch, structuredPatch } from 'diff';
import { stringify } from 'yaml';
import { type JudgeContext, judgeAt, type Mode } from '../../decision/judge.ts';
import type { JudgedFinding, Judgement } from '../../decision/judgement.ts';
import type { Change, Judged } from '../../model/change.ts';
import { parseManifest } from '../../model/parse/manifest.ts';
import type { Snapshot } from '../../model/snapshot.ts';
import type { ReadyFix, Replacement } from '../formats/report.ts';
import type { JudgedManifest } from '../manifests.ts';
import { edited } from './edit.ts';
import { isGone } from './gone.ts';
import { patched } from './patched.ts';

/** Everything a fix is tried against. */
export interface Trial {
  readonly snapshot: Snapshot;
  readonly changes: readonly Change[];
  contextAt(place: number): JudgeContext;
  readonly mode: Mode;
  /** The namespace of manifests that name none. */
  readonly namespace: string;
}

/** Lines of a file shown around those that change. */
const AROUND = 3;

/**
 * A finding's patch applied to the manifest in memory and judged again: what it changes in the file, whether the
 * finding goes away, and what comes instead. Undefined without a patch, or when the patch does not fit what is
 * written.
 */
export function readyFix(
  trial: Trial,
  place: number,
  manifest: JudgedManifest,
  finding: JudgedFinding,
  judgement: Judgement,
): ReadyFix | undefined {
  const { patch } = finding;
  if (patch === undefined) return undefined;
  const { document, file, line } = manifest;
  const right = patched(document.raw, patch);
  if (right === undefined) return undefined;
  const object = judgedOf(right, manifest, trial.namespace);
  const change = trial.changes[place];
  if (object === undefined || change?.after === undefined) return undefined;
  const changes = trial.changes.with(place, { ...change, after: object });
  const { findings } = judgeAt(trial.snapshot, changes, place, trial.contextAt(place), trial.mode);
  const text = edited(manifest.text(), line, patch);
  const before = new Set(judgement.findings.map(nameOf));
  const appears = findings.filter((one) => one.action !== 'note' && !before.has(nameOf(one))).map(nameOf);
  return {
    diff:
      text === undefined
        ? diffLines(file, stringify(document.raw), stringify(right))
        : diffLines(file, manifest.text(), text),
    replacements: text === undefined ? [] : replacements(manifest.text(), text),
    gone: isGone(finding, findings),
    appears: [...new Set(appears)],
  };
}

function judgedOf(raw: unknown, { document }: JudgedManifest, namespace: string): Judged | undefined {
  const { object } = parseManifest({ ...document, raw }, { namespace });
  if (object?.type === 'policy') return object.policy;
  return object?.type === 'service' ? object.service : undefined;
}

function nameOf({ rule, severity, subject }: JudgedFinding): string {
  return `${rule} (${severity}): ${subject}`;
}

function diffLines(file: string, before: string, after: string): string[] {
  const patch = structuredPatch(file, file, before, after, undefined, undefined, { context: AROUND });
  return formatPatch(patch, { includeIndex: false, includeUnderline: false, includeFileHeaders: true })
    .trimEnd()
    .split('\n');
}

/** Whole lines that give way to others. */
function replacements(before: string, after: string): Replacement[] {
  const { hunks } = structuredPatch('', '', before, after, undefined, undefined, { context: 0 });
  return hunks.map(({ oldStart, oldLines, lines }) => ({
    // A hunk that only adds names the line it comes behind.
    line: oldLines === 0 ? oldStart + 1 : oldStart,
    lines: oldLines,
    text: lines
      .filter((one) => one.startsWith('+'))
      .map((one) => `${one.slice(1)}\n`)
      .join(''),
  }));
}
