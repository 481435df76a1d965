import { ruleOf as catalogued } from '../../rules/index.ts';
import { VERSION } from '../version.ts';
import { objectText, type Report, type ReportFinding } from './report.ts';

/** SARIF 2.1.0, for code scanning. */
export function sarifText(report: Report): string {
  const rules = [
    ...new Set(report.changes.flatMap(({ findings }) => findings.map(({ rule }) => rule))),
  ].sort();
  const results = report.changes.flatMap((change) =>
    change.findings.map((finding) => ({
      ruleId: finding.rule,
      ruleIndex: rules.indexOf(finding.rule),
      level: levelOf(finding),
      message: { text: `${finding.subject}: ${finding.message} Fix: ${finding.fix}` },
      locations: [
        {
          physicalLocation: {
            artifactLocation: { uri: encodeURI(change.file) },
            region: { startLine: change.line },
          },
          logicalLocations: [{ fullyQualifiedName: objectText(change), kind: 'resource' }],
        },
      ],
      ...fixesOf(change.file, finding),
    })),
  );
  const driver = { name: 'portent', version: VERSION, rules: rules.map(ruleOf) };
  return JSON.stringify(
    {
      $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
      version: '2.1.0',
      runs: [{ tool: { driver }, results }],
    },
    null,
    2,
  );
}

/** What a code scanner shows of a rule beside its results. */
function ruleOf(id: string): object {
  const rule = catalogued(id);
  if (rule === undefined) return { id };
  const { summary, why, fix } = rule;
  return { id, shortDescription: { text: summary }, fullDescription: { text: why }, help: { text: fix } };
}

/** The ready fix as replaced lines, where it makes the finding go away. */
function fixesOf(file: string, { ready, fix }: ReportFinding): { readonly fixes?: readonly object[] } {
  if (ready === undefined || !ready.gone || ready.replacements.length === 0) return {};
  const replacements = ready.replacements.map(({ line, lines, text }) => ({
    deletedRegion: { startLine: line, startColumn: 1, endLine: line + lines, endColumn: 1 },
    ...(text === '' ? {} : { insertedContent: { text } }),
  }));
  const artifactLocation = { uri: encodeURI(file) };
  return { fixes: [{ description: { text: fix }, artifactChanges: [{ artifactLocation, replacements }] }] };
}

function levelOf({ action }: ReportFinding): 'error' | 'warning' | 'note' {
  return action === 'deny' ? 'error' : action === 'warn' ? 'warning' : 'note';
}
