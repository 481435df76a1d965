/**
 * Builds the programs that tests run against (etcd, kube-apiserver, kubectl, …) from pinned Go modules,
 * once, into the user's cache folder. Run directly: `node test/cluster/build.ts [NAME…]` builds those named
 * (default: the control plane) and prints their paths.
 */
import { execFile, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { accessSync, constants, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdir, mkdtemp, open, readdir, readFile, rename, rm, stat, utimes } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { goVersion, moduleVersion, type Target, type TargetName, target, targets } from './targets.ts';

const run = promisify(execFile);

/** The programs of a complete control plane with pretended nodes. */
export const controlPlane: readonly TargetName[] = [
  'etcd',
  'kube-apiserver',
  'kubectl',
  'kube-controller-manager',
  'kube-scheduler',
  'kwok',
];

/** A lock whose holder has not touched it for this long is taken to be left behind. Milliseconds. */
const lockStale = 30_000;

/** Folders in which a build goes on, or in which one was broken off. */
const temporaryPrefix = 'building-';

/** The programs that `KUBEBUILDER_ASSETS` customarily holds. */
const assets: ReadonlySet<TargetName> = new Set<TargetName>(['etcd', 'kube-apiserver', 'kubectl']);

/** What stands in the way of a build, told in one line for the person who runs the tests. */
export class CannotBuild extends Error {}

/**
 * The path of each program asked for, built first if the cache lacks it. Throws `CannotBuild` with one line
 * that says what to install.
 */
export async function programs(names: readonly TargetName[]): Promise<ReadonlyMap<TargetName, string>> {
  const paths = new Map<TargetName, string>();
  for (const name of names) paths.set(name, await program(target(name)));
  return paths;
}

/** The path of the file kept beside a built program, such as kwok's stages. */
export function besideProgram(path: string, name: TargetName): string {
  const file = target(name).extra?.file;
  if (file === undefined) throw new Error(`nothing is kept beside ${name}`);
  return join(dirname(path), file);
}

async function program(wanted: Target): Promise<string> {
  const folder = process.env.KUBEBUILDER_ASSETS;
  if (folder !== undefined && folder !== '' && assets.has(wanted.name)) {
    const path = join(folder, wanted.name);
    if (isProgram(path)) return path;
  }
  const flags = linkerFlags(wanted);
  const path = join(cacheFolder(wanted, flags), wanted.name);
  if (isComplete(wanted, path)) return path;
  await checkGo(wanted);
  await mkdir(dirname(path), { recursive: true });
  await withLock(`${path}.lock`, wanted.name, async () => {
    if (!isComplete(wanted, path)) await build(wanted, flags, path);
  });
  return path;
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** The program is put in place last, so that its presence means the file beside it is there too. */
function isComplete(wanted: Target, path: string): boolean {
  return (
    isProgram(path) && (wanted.extra === undefined || existsSync(join(dirname(path), wanted.extra.file)))
  );
}

function linkerFlags(wanted: Target): string {
  const version = moduleVersion(wanted.folder, wanted.module);
  return ['-s -w', ...wanted.variables(version, wanted.folder).map((set) => `-X ${set}`)].join(' ');
}

/** One folder for each combination of pinned modules, flags, operating system and architecture. */
function cacheFolder(wanted: Target, flags: string): string {
  const hash = createHash('sha256');
  for (const file of ['go.mod', 'go.sum']) hash.update(readFileSync(join(wanted.folder, file)));
  hash.update(JSON.stringify([wanted.package, flags, wanted.extra ?? null]));
  const key = [
    wanted.name,
    moduleVersion(wanted.folder, wanted.module),
    process.platform,
    process.arch,
    hash.digest('hex').slice(0, 12),
  ].join('-');
  const cache = process.env.XDG_CACHE_HOME;
  return join(cache === undefined || cache === '' ? join(homedir(), '.cache') : cache, 'portent', 'bin', key);
}

/** Builds in a temporary folder of the same file system, then renames: nobody ever sees half a program. */
async function build(wanted: Target, flags: string, path: string): Promise<void> {
  const version = moduleVersion(wanted.folder, wanted.module);
  console.error(`building ${wanted.name} ${version}, about ${wanted.time}, once (kept in ${dirname(path)})`);
  const started = performance.now();
  for (const left of await readdir(dirname(path))) {
    if (left.startsWith(temporaryPrefix))
      await rm(join(dirname(path), left), { recursive: true, force: true });
  }
  const temporary = await mkdtemp(join(dirname(path), temporaryPrefix));
  try {
    const built = join(temporary, wanted.name);
    await go(wanted, [
      'build',
      '-trimpath',
      '-buildvcs=false',
      '-ldflags',
      flags,
      '-o',
      built,
      wanted.package,
    ]);
    if (wanted.extra !== undefined) {
      const source = (await goOutput(wanted, ['list', '-m', '-f', '{{.Dir}}', wanted.module])).trim();
      const beside = join(temporary, wanted.extra.file);
      writeFileSync(beside, await joinYaml(wanted.extra.from.map((folder) => join(source, folder))));
      await rename(beside, join(dirname(path), wanted.extra.file));
    }
    await rename(built, path);
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
  const seconds = Math.round((performance.now() - started) / 1000);
  console.error(`built ${wanted.name} ${version} in ${seconds} s`);
}

async function joinYaml(folders: readonly string[]): Promise<string> {
  const documents: string[] = [];
  for (const folder of folders) {
    for (const name of (await readdir(folder)).sort()) {
      if (!name.endsWith('.yaml') || name === 'kustomization.yaml') continue;
      documents.push(await readFile(join(folder, name), 'utf8'));
    }
  }
  return documents.join('\n---\n');
}

/** Static binaries that need no C compiler; a user's GOFLAGS must not change which versions are built. */
function goEnvironment(): NodeJS.ProcessEnv {
  return { ...process.env, CGO_ENABLED: '0', GOFLAGS: '-mod=readonly', GOWORK: 'off' };
}

async function goOutput(wanted: Target, args: readonly string[]): Promise<string> {
  return (await run('go', args, { cwd: wanted.folder, env: goEnvironment() })).stdout;
}

async function go(wanted: Target, args: readonly string[]): Promise<void> {
  const child = spawn('go', args, {
    cwd: wanted.folder,
    env: goEnvironment(),
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let errors = '';
  child.stderr.setEncoding('utf8');
  child.stderr.on('data', (text: string) => {
    errors = (errors + text).slice(-4000);
  });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  if (code !== 0)
    throw new CannotBuild(`go could not build ${wanted.name} (exit status ${code}):\n${errors}`);
}

/** Go may fetch the toolchain a module asks for by itself, so the question is put inside the module. */
async function checkGo(wanted: Target): Promise<void> {
  const needed = goVersion(wanted.folder);
  const advice =
    `Install Go ${needed} or newer (https://go.dev/dl)` +
    (assets.has(wanted.name)
      ? ', or set KUBEBUILDER_ASSETS to a folder with etcd, kube-apiserver and kubectl.'
      : '.');
  let found: string;
  try {
    found = (await goOutput(wanted, ['env', 'GOVERSION'])).trim().replace(/^go/, '');
  } catch (error) {
    const missing = error instanceof Error && 'code' in error && error.code === 'ENOENT';
    const cause = missing ? 'Go is not installed' : 'the Go that is installed is too old';
    throw new CannotBuild(`${wanted.name} has to be built once, but ${cause}. ${advice}`);
  }
  if (!atLeast(found, needed)) {
    throw new CannotBuild(`${wanted.name} has to be built once, but Go ${found} is too old. ${advice}`);
  }
}

/** Whether one dotted version (`1.26.8`, `1.27rc1`) is another or newer. */
export function atLeast(found: string, needed: string): boolean {
  const numbers = (text: string) => (text.match(/^\d+(\.\d+)*/)?.[0] ?? '').split('.').map(Number);
  const [have, want] = [numbers(found), numbers(needed)];
  for (let i = 0; i < Math.max(have.length, want.length); i++) {
    const difference = (have[i] ?? 0) - (want[i] ?? 0);
    if (difference !== 0) return difference > 0;
  }
  return true;
}

/**
 * Keeps two runs from building the same program at once. It saves time and no more: programs are put in place
 * by a rename, so that two builds would be harmless. The holder touches the lock; one left behind goes stale.
 */
async function withLock(path: string, name: string, work: () => Promise<void>): Promise<void> {
  for (let waited = false; !(await takeLock(path)); waited = true) {
    if (!waited) console.error(`waiting for another run that builds ${name}`);
    await sleep(500);
  }
  const touch = setInterval(() => {
    const now = new Date();
    utimes(path, now, now).catch(() => undefined);
  }, lockStale / 6);
  try {
    await work();
  } finally {
    clearInterval(touch);
    await rm(path, { force: true });
  }
}

async function takeLock(path: string): Promise<boolean> {
  try {
    await (await open(path, 'wx')).close();
    return true;
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  }
  const touched = await stat(path).catch(() => undefined);
  if (touched !== undefined && Date.now() - touched.mtimeMs > lockStale) await rm(path, { force: true });
  return false;
}

async function main(): Promise<void> {
  const wanted = process.argv.slice(2);
  const unknown = wanted.find((name) => !targets.has(name));
  if (unknown !== undefined) {
    throw new CannotBuild(
      `${unknown} is not a program to build. Choose from: ${[...targets.keys()].join(', ')}.`,
    );
  }
  const names =
    wanted.length === 0
      ? controlPlane
      : [...targets.values()].map((each) => each.name).filter((name) => wanted.includes(name));
  for (const [name, path] of await programs(names)) console.log(`${name}\t${path}`);
}

if (import.meta.main) {
  main().catch((error: unknown) => {
    console.error(error instanceof CannotBuild ? error.message : error);
    process.exitCode = 1;
  });
}
