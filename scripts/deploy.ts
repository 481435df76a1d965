/**
 * Renders `deploy/portent.yaml` from the chart as it is: its Secret is empty, the replicas fill it. `--check`
 * changes nothing and fails when the file is not what the chart gives.
 */
import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { parseAllDocuments, stringify } from 'yaml';
import { CannotBuild, programs } from '../test/cluster/build.ts';

const run = promisify(execFile);
const root = join(import.meta.dirname, '..');

/** Where the manifests lie. */
export const manifestsPath = join(root, 'deploy', 'portent.yaml');

/** Labels that say "Helm looks after this", which is not so here. */
const helmLabels = ['helm.sh/chart', 'app.kubernetes.io/managed-by'];

const heading = `# Made from charts/portent by scripts/deploy.ts; change the chart, not this file.
`;

/** As Helm and kubectl read and write it: to them a bare `off` is false. */
const yaml = { version: '1.1' } as const;

/** The text that `deploy/portent.yaml` must have. Both versions of Helm give the same. */
export async function renderManifests(helm: string): Promise<string> {
  const args = ['template', 'portent', join(root, 'charts', 'portent'), '--namespace=portent-system'];
  const { stdout } = await run(helm, [...args, '--skip-tests', '--no-hooks']);
  const documents = parseAllDocuments(stdout, yaml)
    .map((document) => document.toJS() as Manifest | null)
    .filter((manifest) => manifest !== null)
    .map(withoutHelm)
    .sort(
      (a, b) =>
        compare(rank(a), rank(b)) || compare(a.kind, b.kind) || compare(a.metadata.name, b.metadata.name),
    );
  return (
    heading + documents.map((document) => `---\n${stringify(document, { ...yaml, lineWidth: 0 })}`).join('')
  );
}

interface Metadata {
  readonly name: string;
  readonly labels?: Readonly<Record<string, string>>;
}

interface Manifest {
  readonly kind: string;
  readonly metadata: Metadata;
  readonly spec?: { readonly template?: { readonly metadata: Metadata } };
}

const FIRST = [
  'CustomResourceDefinition',
  'ServiceAccount',
  'ClusterRole',
  'ClusterRoleBinding',
  'Role',
  'RoleBinding',
];

/** Definitions and rights first; the webhook last, so that it is not asked before anything runs. */
function rank({ kind }: Manifest): number {
  if (FIRST.includes(kind)) return 0;
  return kind === 'ValidatingWebhookConfiguration' ? 2 : 1;
}

function compare<T extends string | number>(a: T, b: T): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function withoutHelm(manifest: Manifest): Manifest {
  const strip = <M extends Metadata>(metadata: M): M => ({
    ...metadata,
    labels: Object.fromEntries(
      Object.entries(metadata.labels ?? {}).filter(([label]) => !helmLabels.includes(label)),
    ),
  });
  const template = manifest.spec?.template;
  return {
    ...manifest,
    metadata: strip(manifest.metadata),
    ...(template === undefined
      ? {}
      : { spec: { ...manifest.spec, template: { ...template, metadata: strip(template.metadata) } } }),
  };
}

async function main(): Promise<number> {
  const helm = (await programs(['helm'])).get('helm') ?? 'helm';
  const text = await renderManifests(helm);
  if (!process.argv.includes('--check')) {
    await writeFile(manifestsPath, text);
    return 0;
  }
  if (text === (await readFile(manifestsPath, 'utf8').catch(() => ''))) return 0;
  console.error('deploy/portent.yaml is not what charts/portent gives: run `node scripts/deploy.ts`');
  return 1;
}

if (import.meta.main) {
  try {
    process.exitCode = await main();
  } catch (error) {
    if (!(error instanceof CannotBuild)) throw error;
    console.error(error.message);
    process.exitCode = 2;
  }
}
