import type { Output } from '../output.ts';
import { diffJson, foldedLines } from './diff.ts';
import { githubLines } from './github.ts';
import { junitText } from './junit.ts';
import { objectText, type ReadyFix, type Report, type ReportChange, type ReportFinding } from './report.ts';
import { sarifText } from './sarif.ts';
import { counted, printable } from './text.ts';

/** Writes what `check` found. */
export function writeReport(report: Report, format: string, out: Output): void {
  if (format === 'json') out.line(JSON.stringify(reportJson(report), null, 2));
  else if (format === 'sarif') out.line(sarifText(report));
  else if (format === 'junit') out.write(junitText(report));
  else if (format === 'github') for (const line of githubLines(report)) out.line(line);
  else writeText(report, out);
}

/** The report as plain data with its fields in a fixed order. */
function reportJson({ decision, changes, diff }: Report): object {
  return { decision, changes: changes.map(changeJson), diff: diffJson(diff) };
}

function changeJson(change: ReportChange): object {
  const { operation, kind, namespace, name, decision, findings, unchecked, exemptions, diff } = change;
  return {
    operation,
    object: { kind, namespace, name },
    decision,
    findings: findings.map(findingJson),
    ...(unchecked.length === 0 ? {} : { unchecked: unchecked.map(({ rule, reason }) => ({ rule, reason })) }),
    ...(exemptions.length === 0 ? {} : { exemptions }),
    ...(diff === undefined ? {} : { diff: diffJson(diff) }),
  };
}

function findingJson(finding: ReportFinding): object {
  const { rule, severity, action, subject, message, because, fix, patch, see } = finding;
  return {
    rule,
    severity,
    action,
    subject,
    message,
    because,
    fix,
    ...(patch === undefined ? {} : { patch }),
    ...(see === undefined ? {} : { see }),
  };
}

/** Rows of a diff that a person reads before asking for all of them. */
const SHOWN = 12;

function writeText(report: Report, out: Output): void {
  for (const change of report.changes) {
    out.line(`${change.decision.padEnd(5)} ${change.operation.toLowerCase()} ${objectText(change)}`);
    for (const finding of change.findings) {
      out.line(`  ${finding.action}: ${finding.rule} (${finding.severity}): ${finding.subject}`);
      out.line(`    ${finding.message}`);
      if (finding.because.length > 0) out.line(`    because: ${finding.because.join(', ')}`);
      out.line(`    fix: ${finding.fix}`);
      if (finding.see !== undefined) out.line(`    see: ${finding.see}`);
      if (finding.ready !== undefined) writeFix(finding.ready, out);
    }
    for (const line of change.exemptions) out.line(`  ${line}`);
    for (const { rule, reason } of change.unchecked) out.line(`  not checked: ${rule}: ${reason}`);
    if (change.diff !== undefined) writeShort(foldedLines(change.diff), out);
  }
  if (report.changes.some((change) => change.diff === undefined)) {
    out.line('all changes together:');
    writeShort(foldedLines(report.diff), out);
  }
  const all = report.changes.flatMap(({ findings }) => findings);
  const fixes = all.filter(({ patch }) => patch !== undefined).length;
  if (fixes > 0 && all.every(({ ready }) => ready === undefined)) {
    out.line(`${counted(fixes, 'finding')} with a ready fix: --fix shows what to change`);
  }
  const actions = all.map(({ action }) => action);
  const count = (wanted: string): number => actions.filter((action) => action === wanted).length;
  out.line(
    `${report.decision}: ${counted(report.changes.length, 'change')}, ` +
      `${counted(count('deny'), 'denial')}, ${counted(count('warn'), 'warning')}`,
  );
}

function writeFix({ diff, gone, appears }: ReadyFix, out: Output): void {
  const come = appears.length === 0 ? 'nothing else comes up' : `then comes ${appears.join(', ')}`;
  out.line(`    ready fix, tried out: ${gone ? 'the finding goes away' : 'it is not enough alone'}; ${come}`);
  for (const line of diff) out.line(`      ${printable(line.replace(/\r$/, ''))}`);
}

function writeShort(lines: readonly string[], out: Output): void {
  for (const line of lines.slice(0, SHOWN)) out.line(`  ${line}`);
  if (lines.length > SHOWN) out.line(`  … and ${lines.length - SHOWN} more; "portent diff" lists them all`);
}
