import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { programs } from '../cluster/build.ts';

/** The folder of the chart. */
export const chartFolder = join(import.meta.dirname, '..', '..', 'charts', 'portent');

/** Both majors of Helm that people use. */
export const helms = ['helm3', 'helm'] as const;
export type Helm = (typeof helms)[number];

// Built here, where no test's time limit runs.
const paths = await programs(helms);

/** An object of a rendered chart. Tests look only at what they name. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string; readonly labels?: object };
  readonly [field: string]: unknown;
}

/** How a Helm command ended. */
export interface HelmResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs Helm; a command that fails is a result. */
export function runHelm(helm: Helm, args: readonly string[]): Promise<HelmResult> {
  const program = paths.get(helm) ?? helm;
  return new Promise((resolve) => {
    execFile(program, [...args], { timeout: 60_000 }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : 1, stdout, stderr });
    });
  });
}

/** The objects of release `portent` in `portent-system` with `--set` values. Throws with Helm's words. */
export async function render(helm: Helm, ...values: readonly string[]): Promise<readonly Manifest[]> {
  const sets = values.map((value) => `--set-json=${value}`);
  const result = await runHelm(helm, [
    'template',
    'portent',
    chartFolder,
    '--namespace=portent-system',
    ...sets,
  ]);
  if (result.code !== 0) throw new Error(result.stderr);
  return parseAllDocuments(result.stdout)
    .map((document) => document.toJS() as Manifest | null)
    .filter((manifest) => manifest !== null);
}

/** The one object of that kind (and name). Throws when there is none or more. */
export function only(manifests: readonly Manifest[], kind: string, name?: string): Manifest {
  const found = manifests.filter(
    (each) => each.kind === kind && (name === undefined || each.metadata.name === name),
  );
  const [first] = found;
  if (first === undefined || found.length > 1) {
    throw new Error(`${found.length} of ${kind} ${name ?? ''} in ${manifests.map((each) => each.kind)}`);
  }
  return first;
}
