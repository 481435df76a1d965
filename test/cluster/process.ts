import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Watchdog } from './watchdog.ts';

/** What a process needs to be started, and started again. */
export interface ProcessSpec {
  readonly name: string;
  readonly program: string;
  readonly args: readonly string[];
  /** Its home and working folder; its output goes to `NAME.log` there. */
  readonly folder: string;
}

/** One server of the cluster: started, signalled and ended by its pid, with its output in a log file. */
export class ServerProcess {
  readonly #spec: ProcessSpec;
  readonly #watchdog: Watchdog;
  #child: ChildProcess | undefined;
  #exit: string | undefined;
  #ended: Promise<void> = Promise.resolve();

  constructor(spec: ProcessSpec, watchdog: Watchdog) {
    this.#spec = spec;
    this.#watchdog = watchdog;
  }

  get name(): string {
    return this.#spec.name;
  }

  get logPath(): string {
    return join(this.#spec.folder, `${this.#spec.name}.log`);
  }

  /** The pid while the process lives. */
  get pid(): number | undefined {
    return this.#exit === undefined ? this.#child?.pid : undefined;
  }

  /** Why the process is not running, in words; undefined while it runs. */
  get exit(): string | undefined {
    return this.#exit;
  }

  /** Starts the process. It appends to its log, so that a restart keeps what was there. */
  start(): void {
    if (this.pid !== undefined) throw new Error(`${this.name} runs already`);
    const log = openSync(this.logPath, 'a');
    try {
      // A bare environment: no proxy, kubeconfig or configuration file of the user's reaches the cluster.
      const child = spawn(this.#spec.program, this.#spec.args, {
        cwd: this.#spec.folder,
        env: { PATH: '/usr/bin:/bin', HOME: this.#spec.folder },
        stdio: ['ignore', log, log],
      });
      this.#exit = undefined;
      this.#child = child;
      this.#ended = new Promise((resolve) => {
        const ended = (why: string) => {
          this.#exit ??= why;
          if (child.pid !== undefined) this.#watchdog.release(child.pid);
          resolve();
        };
        child.once('error', (error) => ended(`could not be run: ${error.message}`));
        child.once('exit', (code, signal) => ended(signal === null ? `exit status ${code}` : `${signal}`));
      });
      if (child.pid !== undefined) this.#watchdog.guard(child.pid);
      child.unref();
    } finally {
      closeSync(log);
    }
  }

  /** Sends a signal. Throws if the process is gone. */
  signal(signal: NodeJS.Signals): void {
    if (this.pid === undefined)
      throw new Error(`${this.name} does not run (${this.#exit ?? 'never started'})`);
    this.#child?.kill(signal);
  }

  /** Ends the process: SIGTERM, then SIGKILL after `grace` milliseconds. Waits until it is gone. */
  async stop(grace: number): Promise<void> {
    if (this.pid === undefined) return;
    this.#child?.ref();
    if (grace > 0) {
      // A stopped process would not see the SIGTERM.
      this.signal('SIGCONT');
      this.signal('SIGTERM');
      const timer = new AbortController();
      await Promise.race([
        this.#ended,
        sleep(grace, undefined, { signal: timer.signal }).catch(() => undefined),
      ]);
      timer.abort();
    }
    if (this.pid !== undefined) this.signal('SIGKILL');
    await this.#ended;
  }

  /** The last lines of the log, for a failure message. */
  tail(lines = 25): string {
    let text = '';
    try {
      text = readFileSync(this.logPath, 'utf8');
    } catch {
      return `(${this.name} wrote nothing)`;
    }
    return text
      .trimEnd()
      .split('\n')
      .slice(-lines)
      .map((line) => line.slice(0, 600))
      .join('\n');
  }
}
