/** Root file systems made from what this machine has, in place of base images from a registry. */
import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, cpSync, existsSync, mkdirSync, realpathSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Copies a program and every library that it links to. Throws with the tool's words when that cannot be told. */
function addProgram(root: string, program: string, place: string): void {
  copy(program, join(root, place));
  for (const library of librariesOf(program)) copy(realpathSync(library), join(root, library));
}

/** Paths of the shared libraries of a program, its loader among them. */
function librariesOf(program: string): string[] {
  const lines = execFileSync('ldd', [program], { encoding: 'utf8' }).split('\n');
  return lines.flatMap((line) => /(?:=> |^\s+)(\/\S+) \(0x/.exec(line)?.[1] ?? []);
}

function copy(from: string, to: string): void {
  mkdirSync(dirname(to), { recursive: true });
  copyFileSync(from, to);
}

/** What the program needs beside itself: libraries and an account. No shell, as in the base that is meant. */
export function runtimeBase(root: string): void {
  mkdirSync(join(root, 'etc'), { recursive: true });
  writeFileSync(join(root, 'etc', 'passwd'), 'nonroot:x:65532:65532:nonroot:/home/nonroot:/sbin/nologin\n');
  mkdirSync(join(root, 'tmp'));
  chmodSync(join(root, 'tmp'), 0o1777);
  for (const library of librariesOf(process.execPath)) copy(realpathSync(library), join(root, library));
}

/** What the Dockerfile's first stage runs: Node, npm and a shell. Gives the environment that npm needs here. */
export function buildBase(root: string): Readonly<Record<string, string>> {
  runtimeBase(root);
  addProgram(root, process.execPath, '/usr/local/bin/node');
  addProgram(root, realpathSync('/bin/sh'), '/bin/sh');
  for (const program of ['/usr/bin/env', '/bin/cp']) addProgram(root, realpathSync(program), program);
  const modules = join(root, 'usr', 'local', 'lib', 'node_modules');
  cpSync(npmFolder(), join(modules, 'npm'), { recursive: true });
  const starter = join(root, 'usr', 'local', 'bin', 'npm');
  writeFileSync(
    starter,
    '#!/bin/sh\nexec /usr/local/bin/node /usr/local/lib/node_modules/npm/bin/npm-cli.js "$@"\n',
  );
  chmodSync(starter, 0o755);
  const environment: Record<string, string> = {
    PATH: '/usr/local/bin:/usr/bin:/bin',
    HOME: '/root',
    npm_config_registry: npmSetting('registry'),
    npm_config_cache: '/root/.npm',
    npm_config_prefer_offline: 'true',
  };
  // Machines behind an inspecting proxy trust more authorities than Node brings.
  const authorities = [npmSetting('cafile'), process.env.NODE_EXTRA_CA_CERTS ?? ''].find((path) =>
    existsSync(path),
  );
  if (authorities !== undefined) {
    copy(realpathSync(authorities), join(root, 'etc', 'authorities.pem'));
    environment.npm_config_cafile = '/etc/authorities.pem';
  }
  return environment;
}

/** A setting of the npm that is used here. */
export function npmSetting(name: string): string {
  return npm('config', 'get', name);
}

function npm(...args: string[]): string {
  return execFileSync(process.execPath, [join(npmFolder(), 'bin', 'npm-cli.js'), ...args], {
    encoding: 'utf8',
  }).trim();
}

/** The package of the npm that runs this, or else of the one that is installed. */
function npmFolder(): string {
  const starter =
    process.env.npm_execpath ?? execFileSync('/bin/sh', ['-c', 'command -v npm'], { encoding: 'utf8' });
  return dirname(dirname(realpathSync(starter.trim())));
}
