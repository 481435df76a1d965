import { closeSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { readLive } from '../cluster/snapshot-live.ts';
import { ALLOWED, Failure } from './failure.ts';
import { systemText } from './files.ts';
import { counted } from './formats/text.ts';
import { accessOf } from './live.ts';
import type { SnapshotOptions } from './options.ts';
import { chunked, type Output, standardOutput } from './output.ts';

/** `portent snapshot`: the live cluster's state as one List, in JSON with an object a line. */
export async function snapshotCommand(options: SnapshotOptions): Promise<number> {
  const { objects, problems } = await readLive(accessOf(options));
  for (const problem of problems) process.stderr.write(`warning: not saved: ${problem}\n`);
  if (options.output === '-') writeList(objects, standardOutput());
  else {
    writeFile(options.output, objects);
    process.stderr.write(`saved ${counted(objects.length, 'object')} to ${options.output}\n`);
  }
  return ALLOWED;
}

function writeList(objects: readonly unknown[], out: Output): void {
  out.write('{"apiVersion":"v1","kind":"List","items":[');
  let separator = '\n';
  for (const object of objects) {
    out.write(separator);
    out.write(JSON.stringify(object));
    separator = ',\n';
  }
  out.line('\n]}');
  out.end();
}

/** Beside its place first: a broken attempt does not destroy the last good file. Readable by its owner alone. */
function writeFile(path: string, objects: readonly unknown[]): void {
  const beside = `${path}.${process.pid}.part`;
  try {
    const file = openSync(beside, 'wx', 0o600);
    try {
      writeList(
        objects,
        chunked((text) => writeSync(file, text)),
      );
    } finally {
      closeSync(file);
    }
    renameSync(beside, path);
  } catch (error) {
    rmSync(beside, { force: true });
    throw new Failure(`${path}: ${systemText(error)}`);
  }
}
