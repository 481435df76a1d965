import { type ChildProcess, spawn } from 'node:child_process';

/**
 * Reads `+ PID` and `- PID` lines. At the end of its input it kills what is left and removes the folder. Its
 * input ends whenever the parent does, by SIGKILL too, which no handler in the parent could answer.
 */
const script = `
trap '' INT TERM HUP
live=
while read -r sign pid; do
  if [ "$sign" = + ]; then live="$live $pid"; continue; fi
  rest=
  for each in $live; do [ "$each" = "$pid" ] || rest="$rest $each"; done
  live=$rest
done
[ -z "$live" ] || kill -9 $live 2>/dev/null
sleep 0.2
rm -rf -- "$1"
`;

/** Ends processes and removes a folder when this process is gone, in whatever way it goes. */
export class Watchdog {
  readonly #child: ChildProcess;

  constructor(folder: string) {
    this.#child = spawn('/bin/sh', ['-c', script, 'watchdog', folder], {
      cwd: '/',
      detached: true,
      stdio: ['pipe', 'ignore', 'ignore'],
    });
    this.#child.unref();
    const input = this.#child.stdin;
    input?.on('error', () => undefined);
    if (input !== null && 'unref' in input && typeof input.unref === 'function') input.unref();
  }

  guard(pid: number): void {
    this.#child.stdin?.write(`+ ${pid}\n`);
  }

  release(pid: number): void {
    this.#child.stdin?.write(`- ${pid}\n`);
  }

  /** Kills what is still guarded, removes the folder, and waits until that is done. */
  async finish(): Promise<void> {
    this.#child.ref();
    const gone = new Promise<void>((resolve) => {
      if (this.#child.exitCode === null) this.#child.once('exit', () => resolve());
      else resolve();
    });
    this.#child.stdin?.end();
    await gone;
  }
}
