import { objectText, type Report } from './report.ts';

/** JUnit XML: one test case a change; a denial fails it, warnings go to its output. */
export function junitText(report: Report): string {
  const denied = report.changes.filter(({ decision }) => decision === 'deny').length;
  const lines = ['<?xml version="1.0" encoding="UTF-8"?>'];
  lines.push(`<testsuites><testsuite name="portent" tests="${report.changes.length}" failures="${denied}">`);
  for (const change of report.changes) {
    const { file, line, operation, findings } = change;
    const name = escaped(`${operation.toLowerCase()} ${objectText(change)}`);
    lines.push(
      `<testcase classname="${escaped(file)}" name="${name}" file="${escaped(file)}" line="${line}">`,
    );
    for (const finding of findings) {
      if (finding.action !== 'deny') continue;
      lines.push(
        `<failure type="${escaped(finding.rule)}" message="${escaped(`${finding.subject}: ${finding.message}`)}">${escaped(finding.fix)}</failure>`,
      );
    }
    const rest = findings.filter(({ action }) => action !== 'deny');
    const texts = rest.map((one) => `${one.action}: ${one.rule}: ${one.subject}: ${one.message}`);
    if (texts.length > 0) lines.push(`<system-out>${escaped(texts.join('\n'))}</system-out>`);
    lines.push('</testcase>');
  }
  lines.push('</testsuite></testsuites>');
  return `${lines.join('\n')}\n`;
}

/** Text for XML 1.0: markup escaped, characters it cannot hold replaced. */
function escaped(text: string): string {
  let clean = '';
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0;
    const legal =
      code === 9 || code === 10 || code === 13 || (code >= 32 && code <= 0xd7ff) || code >= 0xe000;
    clean += legal && code !== 0xfffe && code !== 0xffff ? character : '\ufffd';
  }
  return clean
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
