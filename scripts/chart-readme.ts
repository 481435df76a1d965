/** The chart's own page: its values with the comments that values.yaml has about them. */
import { readFileSync } from 'node:fs';
import { isMap, isScalar, parse, parseDocument, type YAMLMap } from 'yaml';

/** Where the chart lies in the repository. */
export const folder = 'charts/portent';

/** A value of the chart, or a group of them that has a comment. */
export interface ValueRow {
  readonly path: string;
  /** JSON in one line; '' for a group of values. */
  readonly standard: string;
  readonly meaning: string;
}

/** The generated page: its path in the repository and its text. */
export function chartReadme(): { readonly path: string; readonly text: string } {
  const { description, kubeVersion } = parse(readFileSync(`${folder}/Chart.yaml`, 'utf8')) as {
    readonly description: string;
    readonly kubeVersion: string;
  };
  const rows = [...valueRows()].map(
    ({ path, standard, meaning }) =>
      `| \`${path}\` | ${cell(standard)} | ${meaning.replaceAll('|', '\\|')} |`,
  );
  const text = `# Portent

${description}

Kubernetes ${kubeVersion}; Helm 3 or 4. Nothing else has to be installed.

\`\`\`sh
helm install portent charts/portent --namespace portent-system --create-namespace --set image.repository=REGISTRY/portent
\`\`\`

[docs/install.md](../../docs/install.md) has the image, certificates, upgrades and how to see it work.

## Values

\`values.schema.json\` refuses a value that does not exist, or is none of the choices.

| value | standard | meaning |
| --- | --- | --- |
${rows.join('\n')}
`;
  return { path: `${folder}/README.md`, text };
}

/** What values.yaml holds, in its order. */
export function valueRows(): Iterable<ValueRow> {
  const { contents } = parseDocument(readFileSync(`${folder}/values.yaml`, 'utf8'));
  if (!isMap(contents)) throw new Error('values.yaml holds no values');
  return rowsOf(contents, '');
}

function* rowsOf(map: YAMLMap, above: string): Iterable<ValueRow> {
  for (const [place, { key, value }] of map.items.entries()) {
    if (!isScalar(key)) throw new Error('a value without a name');
    const path = above === '' ? String(key.value) : `${above}.${key.value}`;
    // What stands above the first key belongs to the map; above the first of all, to the file.
    const comment = (place === 0 && above !== '' ? map.commentBefore : undefined) ?? key.commentBefore ?? '';
    const meaning = comment
      .split('\n')
      .map((line) => line.trim())
      .join(' ')
      .trim();
    if (isMap(value) && value.items.length > 0) {
      if (meaning !== '') yield { path, standard: '', meaning };
      yield* rowsOf(value, path);
    } else {
      const json = JSON.stringify((value as { toJSON(): unknown } | null)?.toJSON() ?? null);
      yield { path, standard: json, meaning };
    }
  }
}

const cell = (json: string): string => (json === '' ? '' : `\`${json.replaceAll('|', '\\|')}\``);
