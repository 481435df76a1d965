import {
  type ManifestObject,
  parseManifest,
  problemText,
  readDocuments,
} from '../../../src/model/parse/index.ts';

/** Everything wrong with the manifests, as a user reads it without the file's name. */
export function problemsOf(text: string): string[] {
  const { documents, problems } = readDocuments(text, 'f.yaml');
  const found = [...problems];
  for (const document of documents) found.push(...parseManifest(document, { namespace: 'default' }).problems);
  return found.map((problem) => problemText(problem).slice('f.yaml:'.length));
}

/** The objects of manifests that must all be right. */
export function objectsOf(text: string, namespace = 'default'): ManifestObject[] {
  const { documents, problems } = readDocuments(text, 'f.yaml');
  const found = [...problems];
  const objects: ManifestObject[] = [];
  for (const document of documents) {
    const parsed = parseManifest(document, { namespace });
    found.push(...parsed.problems);
    if (parsed.object !== undefined) objects.push(parsed.object);
  }
  if (found.length > 0) throw new Error(found.map(problemText).join('\n'));
  return objects;
}
