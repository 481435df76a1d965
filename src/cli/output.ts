import { writeSync } from 'node:fs';

/** Characters gathered before they are written: fewer system calls, and never one giant string. */
const CHUNK = 1 << 16;

/** Where a command writes what it finds, piece by piece. */
export interface Output {
  write(text: string): void;
  line(text?: string): void;
  end(): void;
}

/**
 * Standard output, written at once. `process.stdout` would keep every piece in memory until the command yields,
 * and a command that computes does not; a slow reader slows it down instead.
 */
export function standardOutput(): Output {
  return chunked((text) => writeAll(1, Buffer.from(text)));
}

/** Milliseconds between attempts while the reader of a pipe is slow. */
const PAUSE = 2;
const sleeper = new Int32Array(new SharedArrayBuffer(4));

function writeAll(file: number, bytes: Buffer): void {
  let done = 0;
  while (done < bytes.length) {
    try {
      done += writeSync(file, bytes, done);
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? error.code : '';
      // `portent list | head` is no error.
      if (code === 'EPIPE') process.exit();
      if (code !== 'EAGAIN') throw error;
      Atomics.wait(sleeper, 0, 0, PAUSE);
    }
  }
}

/** Gathers pieces and hands them on in chunks. */
export function chunked(sink: (text: string) => void): Output {
  let pieces: string[] = [];
  let size = 0;
  const flush = (): void => {
    if (size > 0) sink(pieces.join(''));
    pieces = [];
    size = 0;
  };
  const write = (text: string): void => {
    pieces.push(text);
    size += text.length;
    if (size >= CHUNK) flush();
  };
  return { write, line: (text = '') => write(`${text}\n`), end: flush };
}
