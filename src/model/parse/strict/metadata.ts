import { type Path, shown } from '../problem.ts';
import { dnsLabelProblem, dnsSubdomainProblem, labelKeyProblem, labelValueProblem } from '../syntax.ts';
import { fields, isAbsent, isFields, items } from '../wire.ts';
import type { Report } from './report.ts';

/** Annotations may take 256 KiB in all. */
const MOST_ANNOTATION_BYTES = 262_144;

/** Name, namespace, labels and annotations, as ValidateObjectMeta of the API server judges them. */
export function checkMetadata(raw: unknown, kind: string, report: Report): void {
  const meta = fields(fields(raw).metadata);
  const path = ['metadata'];
  if (isAbsent(meta.name) || meta.name === '') {
    const generated = typeof meta.generateName === 'string' && meta.generateName !== '';
    report(
      [...path, 'name'],
      generated ? 'generateName cannot be applied' : 'a name is missing',
      'Write metadata.name',
    );
  } else if (typeof meta.name === 'string') {
    const problem = nameProblem(kind, meta.name);
    if (problem !== undefined) report([...path, 'name'], `${shown(meta.name)} ${problem}`);
  }
  if (typeof meta.namespace === 'string' && meta.namespace !== '') {
    const problem = dnsLabelProblem(meta.namespace);
    if (problem !== undefined) report([...path, 'namespace'], `${shown(meta.namespace)} ${problem}`);
  }
  checkLabels(meta.labels, [...path, 'labels'], report);
  checkAnnotations(meta.annotations, [...path, 'annotations'], report);
}

function nameProblem(kind: string, name: string): string | undefined {
  return kind === 'Namespace' || kind === 'Service' ? dnsLabelProblem(name) : dnsSubdomainProblem(name);
}

/** A map of labels: syntax of every key and value. */
export function checkLabels(raw: unknown, path: Path, report: Report): void {
  if (!isFields(raw)) return;
  for (const [key, value] of Object.entries(raw)) {
    const keyProblem = labelKeyProblem(key);
    if (keyProblem !== undefined) report([...path, key], `label key ${shown(key)}: ${keyProblem}`);
    const valueProblem = typeof value === 'string' ? labelValueProblem(value) : undefined;
    if (valueProblem !== undefined) report([...path, key], `label value ${shown(value)} ${valueProblem}`);
  }
}

function checkAnnotations(raw: unknown, path: Path, report: Report): void {
  if (!isFields(raw)) return;
  let size = 0;
  for (const [key, value] of Object.entries(raw)) {
    const problem = labelKeyProblem(key.toLowerCase());
    if (problem !== undefined) report([...path, key], `annotation key ${shown(key)}: ${problem}`);
    size += key.length + (typeof value === 'string' ? value.length : 0);
  }
  if (size > MOST_ANNOTATION_BYTES)
    report(path, `must take no more than ${MOST_ANNOTATION_BYTES} bytes in all`);
}

const OPERATORS = ['In', 'NotIn', 'Exists', 'DoesNotExist'];

/** A LabelSelector, as ValidateLabelSelector of the API server judges it. */
export function checkSelector(raw: unknown, path: Path, report: Report): void {
  const { matchLabels, matchExpressions } = fields(raw);
  checkLabels(matchLabels, [...path, 'matchLabels'], report);
  items(matchExpressions).forEach((item, i) => {
    const at = [...path, 'matchExpressions', i];
    const { key, operator, values } = fields(item);
    const count = items(values).length;
    if (isAbsent(operator) || operator === '') {
      report([...at, 'operator'], 'an operator is missing', `Write one of ${OPERATORS.join(', ')}`);
    } else if (!OPERATORS.includes(operator as string)) {
      const meant = OPERATORS.find((name) => name.toLowerCase() === String(operator).toLowerCase());
      const fix = meant === undefined ? undefined : `Write operator: ${meant}`;
      report(
        [...at, 'operator'],
        `${shown(operator)} is not an operator; supported: ${OPERATORS.join(', ')}`,
        fix,
      );
    } else if ((operator === 'In' || operator === 'NotIn') && count === 0) {
      report([...at, 'values'], `${operator} needs at least one value`);
    } else if ((operator === 'Exists' || operator === 'DoesNotExist') && count > 0) {
      report([...at, 'values'], `${operator} takes no values`, 'Leave values out');
    }
    const keyProblem = labelKeyProblem(typeof key === 'string' ? key : '');
    if (keyProblem !== undefined) report([...at, 'key'], `label key ${shown(key)}: ${keyProblem}`);
    items(values).forEach((value, n) => {
      const problem = typeof value === 'string' ? labelValueProblem(value) : undefined;
      if (problem !== undefined) report([...at, 'values', n], `label value ${shown(value)} ${problem}`);
    });
  });
}
