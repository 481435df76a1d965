import { type Event, parseEvents, YAMLException } from 'js-yaml';
import { type Path, type Problem, pathText, type RawDocument } from './problem.ts';
import { isFields, text } from './wire.ts';
import { type BuiltDocument, buildDocuments } from './yaml-build.ts';
import { findOffset, Lines, offsetOf } from './yaml-lines.ts';

export interface Documents {
  readonly documents: readonly RawDocument[];
  readonly problems: readonly Problem[];
}

/** JSON longer than this is what a program wrote: it is not searched for keys that stand twice. */
const HAND_WRITTEN = 1_000_000;

/**
 * The objects of a text in YAML (one or more documents) or JSON. Lists (`kind: List`, `PodList`, what
 * `kubectl get -o json` prints) are unrolled, empty documents skipped. A text that cannot be read gives a problem
 * and no documents.
 */
export function readDocuments(content: string, file: string): Documents {
  const source = content.charCodeAt(0) === 0xfeff ? content.slice(1) : content;
  const json = /^\s*[{[]/.test(source) ? parseJson(source) : undefined;
  return json === undefined ? readYaml(source, file) : readJson(source, file, json.value);
}

function parseJson(source: string): { value: unknown } | undefined {
  try {
    return { value: JSON.parse(source) };
  } catch {
    return undefined;
  }
}

function readYaml(source: string, file: string): Documents {
  const lines = new Lines(source);
  let events: readonly Event[];
  let built: readonly BuiltDocument[];
  try {
    events = parseEvents(source, {});
    built = buildDocuments(source, events);
  } catch (error) {
    return { documents: [], problems: [syntaxProblem(error, file)] };
  }
  const documents: RawDocument[] = [];
  const problems: Problem[] = [];
  for (const { value, first, problems: found } of built) {
    for (const { event, message, fix } of found) {
      const line = lines.at(offsetOf(events[event]));
      problems.push({ file, line, path: '', message, ...(fix === undefined ? {} : { fix }) });
    }
    if (value === undefined || value === null) continue;
    const lineOf = (path: Path): number => lines.at(findOffset(source, events, first, path));
    unroll(value, file, lineOf, [], documents, problems);
  }
  return { documents, problems };
}

function readJson(source: string, file: string, value: unknown): Documents {
  let yaml: Documents | undefined;
  const asYaml = (): Documents => {
    yaml ??= readYaml(source, file);
    return yaml;
  };
  // JSON is YAML, near enough to find lines and keys that stand twice; the values are those of JSON.
  const problems = source.length > HAND_WRITTEN ? [] : duplicates(asYaml().problems);
  const documents: RawDocument[] = [];
  const whole = Array.isArray(value) ? { kind: 'List', items: value } : value;
  let lines: ((path: Path) => number) | undefined;
  const lineOf = (path: Path): number => {
    lines ??= jsonLines(source);
    return lines(Array.isArray(value) && path[0] === 'items' ? path.slice(1) : path);
  };
  unroll(whole, file, lineOf, [], documents, problems);
  return { documents, problems };
}

function duplicates(problems: readonly Problem[]): Problem[] {
  return problems.filter((problem) => problem.message.endsWith('stands twice'));
}

function jsonLines(source: string): (path: Path) => number {
  try {
    const events = parseEvents(source, { maxDepth: 1000 });
    const lines = new Lines(source);
    return (path) => lines.at(findOffset(source, events, 1, path));
  } catch {
    return () => 1;
  }
}

/** Adds the object, or the items of a list. Items of a typed list need not repeat their kind. */
function unroll(
  raw: unknown,
  file: string,
  lineOf: (path: Path) => number,
  prefix: Path,
  documents: RawDocument[],
  problems: Problem[],
): void {
  if (!isFields(raw)) {
    const message = 'this is not an object';
    const fix = 'An object begins with apiVersion and kind';
    problems.push({ file, line: lineOf(prefix), path: pathText(prefix), message, fix });
    return;
  }
  const kind = text(raw.kind);
  if (kind.endsWith('List') && Array.isArray(raw.items)) {
    const itemKind = kind.slice(0, -'List'.length);
    raw.items.forEach((item: unknown, i) => {
      if (prefix.length > 8) return;
      unroll(
        typed(item, raw.apiVersion, itemKind),
        file,
        lineOf,
        [...prefix, 'items', i],
        documents,
        problems,
      );
    });
    return;
  }
  documents.push({
    raw,
    file,
    get line() {
      return lineOf(prefix);
    },
    lineOf: (path) => lineOf([...prefix, ...path]),
  });
}

function typed(item: unknown, apiVersion: unknown, kind: string): unknown {
  if (kind === '' || !isFields(item) || Object.hasOwn(item, 'kind')) return item;
  return { apiVersion, kind, ...item };
}

function syntaxProblem(error: unknown, file: string): Problem {
  const found = error instanceof YAMLException ? error : undefined;
  const reason = (found?.reason ?? 'cannot be read').replace(/\s+/g, ' ');
  const fix = /tab/i.test(reason) ? { fix: 'Indent with spaces, never with tabs' } : {};
  return { file, line: (found?.mark?.line ?? 0) + 1, path: '', message: `not valid YAML: ${reason}`, ...fix };
}
