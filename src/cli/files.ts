import { type Dirent, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { Failure } from './failure.ts';

/** A file by the name it has in errors, and a way to read it once. */
export interface TextFile {
  readonly name: string;
  read(): string;
}

const MANIFEST = /\.(ya?ml|json)$/i;

/**
 * The files behind paths: a file is itself, a folder its YAML and JSON files (subfolders included) by name,
 * `-` standard input.
 * @throws Failure with one line for each path that is not there.
 */
export function filesOf(paths: readonly string[]): TextFile[] {
  const files: TextFile[] = [];
  const problems: string[] = [];
  for (const path of paths) {
    try {
      if (path === '-') files.push({ name: 'stdin', read: () => readFileSync(0, 'utf8') });
      else if (statSync(path).isDirectory()) {
        const found = [...walk(path)];
        if (found.length === 0) problems.push(`${path}: no .yaml, .yml or .json file in this folder`);
        files.push(...found);
      } else files.push(fileAt(path));
    } catch (error) {
      problems.push(`${path}: ${systemText(error)}`);
    }
  }
  if (problems.length > 0) throw new Failure(problems);
  return files;
}

function* walk(folder: string): Iterable<TextFile> {
  const entries = readdirSync(folder, { withFileTypes: true });
  entries.sort((a, b) => (a.name < b.name ? -1 : 1));
  for (const entry of entries) {
    const path = join(folder, entry.name);
    if (isFolder(entry, path)) {
      // Links to folders may lead in a circle.
      if (!entry.isSymbolicLink()) yield* walk(path);
    } else if (MANIFEST.test(entry.name)) yield fileAt(path);
  }
}

function isFolder(entry: Dirent, path: string): boolean {
  if (!entry.isSymbolicLink()) return entry.isDirectory();
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}

function fileAt(path: string): TextFile {
  return {
    name: path,
    read: () => {
      try {
        return readFileSync(path, 'utf8');
      } catch (error) {
        throw new Failure(`${path}: ${systemText(error)}`);
      }
    },
  };
}

/** What the system says about a file, in words. */
export function systemText(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (code === 'ENOENT') return 'no such file or folder';
  if (code === 'EACCES') return 'may not be read (permission denied)';
  if (code === 'EISDIR') return 'is a folder';
  return error instanceof Error ? error.message : String(error);
}
