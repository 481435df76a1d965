/**
 * JSON schemas of Kubernetes kinds for kubeconform, made from the OpenAPI document that lies in each version's Go
 * module, once, into the user's cache folder. The module is pinned by its checksum.
 */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** The last patch of each minor version the chart is for, with the checksum of its module (as in go.sum). */
export const KUBERNETES: ReadonlyMap<string, string> = new Map([
  ['v1.30.14', 'h1:MrlKXh9uhLIJpyxOeXhcndzRVSvwiV9iJ8NgH8nqPsg='],
  ['v1.31.14', 'h1:UtjLfqvXLuSVDdJ4+NpQCIfFkKkLnAAVmxAEMsnkhjk='],
  ['v1.32.13', 'h1:5TGYdZ6YZqdp6h/Rp1vX/4TIoybMPdgv97LCZCtPuNQ='],
  ['v1.33.13', 'h1:bmH31xUdSzeA5vk0wZAK9MZp11mdLuzUSeKk0qN3hPQ='],
  ['v1.34.4', 'h1:Yy6R4QB8C9kJPp25GFqEvX5XQwY5qzKeqD0Xx6oAcmk='],
  ['v1.35.4', 'h1:o/8dBC/pHVpYoGV4OAIytAlNPZbdYVTXJHoYvXC4qzM='],
  ['v1.36.3', 'h1:qDQdoMiluAE2Eab6Fa52YV+WjiGz9mZFFoagEA6cI+o='],
]);

/** Changes with the way schemas are made, so that those made otherwise are not used. */
const FORMAT = 1;

interface Schema {
  readonly $ref?: string;
  readonly type?: string;
  readonly format?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: Schema | boolean;
  readonly items?: Schema;
  readonly required?: readonly string[];
  readonly 'x-kubernetes-group-version-kind'?: readonly { group: string; version: string; kind: string }[];
  readonly [field: string]: unknown;
}

type Definitions = Readonly<Record<string, Schema>>;

/** What kubeconform takes as `-schema-location` for this version of Kubernetes. */
export async function schemaLocation(version: string): Promise<string> {
  const cache = process.env.XDG_CACHE_HOME;
  const base = cache === undefined || cache === '' ? join(homedir(), '.cache') : cache;
  const folder = join(base, 'portent', 'schemas', `${version}-${FORMAT}`);
  if (!existsSync(folder)) await make(version, folder);
  return join(folder, '{{.ResourceKind}}{{.KindSuffix}}.json');
}

/** Made in a temporary folder, then renamed: nobody ever sees half of them. */
async function make(version: string, folder: string): Promise<void> {
  await mkdir(dirname(folder), { recursive: true });
  const temporary = await mkdtemp(join(dirname(folder), 'making-'));
  try {
    for (const [name, schema] of schemasOf(await definitionsOf(version))) {
      await writeFile(join(temporary, `${name}.json`), JSON.stringify(schema));
    }
    await rename(temporary, folder).catch((error: unknown) => {
      // Another run was quicker.
      if (!existsSync(folder)) throw error;
    });
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}

async function definitionsOf(version: string): Promise<Definitions> {
  const module = `k8s.io/kubernetes@${version}`;
  // Outside of every module, so that no go.mod has a say.
  const { stdout } = await run('go', ['mod', 'download', '-json', module], {
    cwd: tmpdir(),
    env: { ...process.env, GOFLAGS: '-mod=mod', GOWORK: 'off' },
  }).catch((error: unknown) => {
    throw new Error(`the OpenAPI document of Kubernetes ${version} comes with its Go module: install Go`, {
      cause: error,
    });
  });
  const { Dir, Sum } = JSON.parse(stdout) as { Dir: string; Sum: string };
  if (Sum !== KUBERNETES.get(version))
    throw new Error(`${module} has the checksum ${Sum}, not the pinned one`);
  const document = await readFile(join(Dir, 'api', 'openapi-spec', 'swagger.json'), 'utf8');
  return (JSON.parse(document) as { definitions: Definitions }).definitions;
}

/** One self-contained schema a kind, under the name kubeconform looks for: `deployment-apps-v1`. */
function* schemasOf(definitions: Definitions): Iterable<[string, object]> {
  for (const [name, definition] of Object.entries(definitions)) {
    const kinds = definition['x-kubernetes-group-version-kind'] ?? [];
    // Kinds of every group, such as DeleteOptions, are no objects that anybody applies.
    if (kinds.length !== 1) continue;
    const [{ group, version, kind }] = kinds as [{ group: string; version: string; kind: string }];
    const suffix = group === '' ? version : `${group.split('.')[0]}-${version}`;
    const used = reachable(name, definitions);
    const inside = Object.fromEntries([...used].map((each) => [each, strict(each, definitions[each] ?? {})]));
    yield [`${kind.toLowerCase()}-${suffix}`, { $ref: `#/definitions/${name}`, definitions: inside }];
  }
}

function reachable(name: string, definitions: Definitions): Set<string> {
  const found = new Set<string>();
  const open = [name];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (found.has(next)) continue;
    found.add(next);
    for (const [, other] of JSON.stringify(definitions[next]).matchAll(/"#\/definitions\/([^"]+)"/g)) {
      if (other !== undefined) open.push(other);
    }
  }
  return found;
}

/** Fields that a kind does not have are errors, as in a strict server-side dry run. */
function strict(name: string, schema: Schema): object {
  if (name.endsWith('.util.intstr.IntOrString')) return { type: ['string', 'integer'] };
  if (name.endsWith('.api.resource.Quantity')) return { type: ['string', 'number'] };
  if (schema.properties === undefined || schema.additionalProperties !== undefined) return schema;
  return { ...schema, additionalProperties: false };
}
