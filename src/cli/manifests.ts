import type { Change, Judged } from '../model/change.ts';
import { readDocuments } from '../model/parse/documents.ts';
import { type ManifestObject, parseManifest } from '../model/parse/manifest.ts';
import { type Problem, problemText, type RawDocument } from '../model/parse/problem.ts';
import { reporter } from '../model/parse/strict/report.ts';
import { fields, text } from '../model/parse/wire.ts';
import type { Snapshot } from '../model/snapshot.ts';
import { Failure } from './failure.ts';
import { filesOf } from './files.ts';
import { checkPortentPolicy, isPortentPolicy, type PolicyManifest } from './policies.ts';
import { shortened } from './state.ts';

/** A manifest of a judged kind, and where it stands. */
export interface JudgedManifest {
  readonly object: Judged;
  readonly file: string;
  readonly line: number;
  readonly document: RawDocument;
  /** The whole file. */
  text(): string;
}

export interface Manifests {
  readonly judged: readonly JudgedManifest[];
  /** PortentPolicies, in order. */
  readonly policies: readonly PolicyManifest[];
  /** All others: they become part of the cluster. */
  readonly others: readonly ManifestObject[];
}

/**
 * Reads the manifests of `-f`, in order, as the API server would take them.
 * @throws Failure with file and line of everything that is wrong.
 */
export function readManifests(paths: readonly string[], namespace: string): Manifests {
  const judged: JudgedManifest[] = [];
  const policies: PolicyManifest[] = [];
  const others: ManifestObject[] = [];
  const problems: string[] = [];
  for (const file of filesOf(paths)) {
    const written = file.read();
    const read = readDocuments(written, file.name);
    problems.push(...read.problems.map(problemText));
    for (const document of read.documents) {
      const parsed = parseManifest(document, { namespace });
      problems.push(...parsed.problems.map(problemText));
      const { object } = parsed;
      if (isPortentPolicy(document)) {
        const found: Problem[] = [];
        checkPortentPolicy(document, reporter(document, found));
        problems.push(...found.sort((a, b) => a.line - b.line).map(problemText));
        const { metadata, spec } = fields(document.raw);
        policies.push({ name: text(fields(metadata).name), spec, place: judged.length });
        continue;
      }
      if (object === undefined) continue;
      const place = { file: document.file, line: document.line, document, text: () => written };
      if (object.type === 'policy') judged.push({ object: object.policy, ...place });
      else if (object.type === 'service') judged.push({ object: object.service, ...place });
      else others.push(object);
    }
  }
  if (problems.length > 0) throw new Failure(shortened(problems));
  if (judged.length + policies.length + others.length === 0)
    throw new Failure(`no manifest in ${paths.join(', ')}`);
  return { judged, policies, others };
}

/** One change a manifest; each knows what those before it made of the same object. */
export function changesOf(
  snapshot: Snapshot,
  judged: readonly JudgedManifest[],
  isDelete: boolean,
): Change[] {
  const current = new Map<string, Judged | undefined>();
  return judged.map(({ object }) => {
    const key = `${object.kind}/${object.namespace}/${object.name}`;
    const before = current.has(key) ? current.get(key) : stored(snapshot, object);
    current.set(key, isDelete ? undefined : object);
    if (isDelete) return { operation: 'DELETE', before: before ?? object, after: undefined };
    if (before === undefined) return { operation: 'CREATE', before, after: object };
    return { operation: 'UPDATE', before, after: object };
  });
}

function stored(snapshot: Snapshot, { kind, namespace, name }: Judged): Judged | undefined {
  const space = snapshot.spaces.get(namespace);
  return kind === 'NetworkPolicy' ? space?.policies.get(name) : space?.services.get(name);
}

/** The changes taken back: laid over the state they are to be made in, what is there before the first of them. */
export function undone(changes: readonly Change[]): Change[] {
  return changes.map(reversed).reverse();
}

function reversed(change: Change): Change {
  switch (change.operation) {
    case 'CREATE':
      return { operation: 'DELETE', before: change.after, after: undefined };
    case 'DELETE':
      return { operation: 'CREATE', before: undefined, after: change.before };
    case 'UPDATE':
      return { operation: 'UPDATE', before: change.after, after: change.before };
  }
}
