/** What one server lets itself be asked for. Times in seconds, sizes in bytes. */
export interface Limits {
  readonly body: number;
  /** What has arrived of all bodies that are not whole yet, and the reviews that wait for an answer, together. */
  readonly bodies: number;
  /** Reviews that wait for the API server's word on an exemption. All others are answered as soon as they are there. */
  readonly inFlight: number;
  /** Past it the one that has been idle longest gives way. */
  readonly connections: number;
  readonly headerSeconds: number;
  readonly bodySeconds: number;
  readonly idleSeconds: number;
  readonly lagSeconds: number;
  readonly memoryPercent: number;
}

/**
 * How long the caller waits, in milliseconds, from `?timeout=10s`: the API server passes its deadline so
 * (a Go duration). Undefined when it says nothing that can be read.
 */
export function deadlineOf(url: string): number | undefined {
  const parts = DEADLINE.exec(url);
  if (parts === null) return undefined;
  const factor = parts[2] === 'ms' ? 1 : parts[2] === 's' ? 1000 : 60_000;
  return Number(parts[1]) * factor;
}

const DEADLINE = /[?&]timeout=([0-9]{1,6}(?:\.[0-9]{1,3})?)(ms|s|m)(?:&|$)/;
