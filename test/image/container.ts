/** A container as a careful runtime runs it: the image's own user and command, on a root that is read-only. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** What an image says of its processes (OCI image configuration). */
export interface ImageConfig {
  readonly User: string;
  readonly Entrypoint: readonly string[];
  readonly Cmd: readonly string[];
  readonly Env: readonly string[];
  readonly WorkingDir: string;
  readonly Labels: Readonly<Record<string, string>>;
}

/** A folder of this machine that the container sees, read-only as all the rest. */
export interface Volume {
  readonly from: string;
  readonly to: string;
}

// $1: root, $2: user:group, $3: number of volumes, then FROM TO for each, then the command.
const script = `
set -e
root=$1 user=$2 volumes=$3
shift 3
mount --make-rprivate /
mount --bind "$root" "$root"
while [ "$volumes" -gt 0 ]; do
  mount --bind "$1" "$root$2"
  mount -o remount,bind,ro "$root$2"
  shift 2
  volumes=$((volumes - 1))
done
mount --bind /dev/null "$root/dev/null"
mount -t proc proc "$root/proc"
mount -o remount,bind,ro "$root"
exec chroot --userspec="$user" --groups= "$root" "$@"
`;

/**
 * Starts a command in the image's files, in mounts of its own. The network is this machine's. `env` adds to the
 * image's own variables; nothing of this process's environment gets in.
 */
export function startContainer(
  root: string,
  image: ImageConfig,
  command: readonly string[],
  env: Readonly<Record<string, string>>,
  volumes: readonly Volume[] = [],
): ChildProcess {
  // Where a runtime mounts something, it makes the place first.
  for (const place of ['proc', 'dev', ...volumes.map(({ to }) => to)])
    mkdirSync(join(root, place), { recursive: true });
  writeFileSync(join(root, 'dev', 'null'), '');
  const mounts = volumes.flatMap(({ from, to }) => [from, to]);
  const variables = Object.fromEntries(image.Env.map((pair) => pair.split(/=(.*)/s, 2)));
  return spawn(
    'unshare',
    [
      ...['--mount', '--', 'setpriv', '--no-new-privs', '/bin/sh', '-c', script, 'container'],
      ...[root, image.User, String(volumes.length), ...mounts, ...command],
    ],
    {
      cwd: '/',
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...variables, ...env, PATH: process.env.PATH ?? '' },
    },
  );
}
