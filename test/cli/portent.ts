/** The command as a user runs it: the built program in a process of its own. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..', '..');
const program = join(root, 'dist', 'portent.js');

export interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `portent ARGS` in the checkout, without any cluster or configuration of the person who tests. */
export function portent(
  args: readonly string[],
  input = '',
  environment: Readonly<Record<string, string>> = {},
): Ran {
  const home = join(tmpdir(), 'portent-no-home');
  const { status, stdout, stderr, error } = spawnSync(process.execPath, [program, ...args], {
    cwd: root,
    input,
    encoding: 'utf8',
    maxBuffer: 1 << 28,
    env: { PATH: process.env.PATH, HOME: home, ...environment },
  });
  if (error !== undefined) throw error;
  return { code: status, stdout, stderr };
}

/** Writes files into a new folder and gives its path. */
export function folderOf(files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'portent-cli-'));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  return folder;
}
