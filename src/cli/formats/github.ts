import type { Report } from './report.ts';

/** Workflow commands: GitHub shows each as an annotation at the manifest's line. */
export function githubLines(report: Report): string[] {
  return report.changes.flatMap(({ file, line, findings }) =>
    findings.map(({ action, rule, subject, message, fix }) => {
      const level = action === 'deny' ? 'error' : action === 'warn' ? 'warning' : 'notice';
      const place = `file=${property(file)},line=${line},title=${property(rule)}`;
      return `::${level} ${place}::${data(`${subject}: ${message} Fix: ${fix}`)}`;
    }),
  );
}

function data(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}

function property(text: string): string {
  return data(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
}
