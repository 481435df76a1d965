/** Characters gathered before they are written: fewer system calls, and never one giant string. */
const CHUNK = 1 << 16;

/** Where a command writes what it finds, piece by piece. */
export interface Output {
  write(text: string): void;
  line(text?: string): void;
  end(): void;
}

/**
 * Standard output. Node writes to files, terminals and (on POSIX) pipes synchronously, so a slow reader slows
 * the command down and memory stays flat.
 */
export function standardOutput(): Output {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    // `portent list | head` is no error.
    if (error.code === 'EPIPE') process.exit();
    throw error;
  });
  return chunked((text) => process.stdout.write(text));
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
