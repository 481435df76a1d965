import { spawn } from 'node:child_process';

/** How a kubectl command ended. */
export interface KubectlResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** What a kubectl command may be given besides its arguments. */
export interface KubectlOptions {
  /** Its standard input. */
  readonly input?: string;
  /** Milliseconds until it is killed (default 60,000). */
  readonly timeout?: number;
}

/** Runs kubectl with a home of its own. A failing command is a result; one that hangs is an error. */
export function runKubectl(
  program: string,
  folder: string,
  args: readonly string[],
  options: KubectlOptions = {},
): Promise<KubectlResult> {
  const timeout = options.timeout ?? 60_000;
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      cwd: folder,
      env: { PATH: '/usr/bin:/bin', HOME: folder },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    const timer = setTimeout(() => child.kill('SIGKILL'), timeout);
    const output = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr'] as const) {
      child[name].setEncoding('utf8').on('data', (text: string) => {
        output[name] += text;
      });
    }
    child.once('error', (error) => {
      clearTimeout(timer);
      reject(error);
    });
    child.once('close', (code) => {
      clearTimeout(timer);
      if (code === null) {
        reject(new Error(`kubectl ${args.join(' ')}: not done within ${timeout / 1000} s\n${output.stderr}`));
      } else resolve({ code, ...output });
    });
    // A command that reads no input closes the pipe early.
    child.stdin.on('error', () => undefined);
    child.stdin.end(options.input ?? '');
  });
}
