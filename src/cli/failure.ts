/** Exit codes: the answer to "may this be done?". */
export const ALLOWED = 0;
export const DENIED = 1;
export const BAD_INPUT = 2;

/** What ends a command with exit code 2: one line for each thing that is wrong. */
export class Failure extends Error {
  readonly lines: readonly string[];

  constructor(lines: string | readonly string[]) {
    const all = typeof lines === 'string' ? [lines] : lines;
    super(all.join('\n'));
    this.name = 'Failure';
    this.lines = all;
  }
}

/** The lines for stderr that an error deserves. What is not a `Failure` is a bug or the system's own message. */
export function failureLines(error: unknown): readonly string[] {
  if (error instanceof Failure) return error.lines;
  if (error instanceof Error) return error.message.split('\n').filter((line) => line !== '');
  return [String(error)];
}
