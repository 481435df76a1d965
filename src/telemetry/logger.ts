import { type DestinationStream, destination, type Logger, pino } from 'pino';

export type { Logger } from 'pino';

/** How much to log. */
export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent';

/** A logger, and the way to write out what it still holds. */
export interface Log {
  readonly logger: Logger;
  /** Writes out buffered lines at once; to be called before the process ends. */
  flush(): void;
}

/**
 * One JSON object a line, on standard error, written in the background: a slow reader of the log must not
 * hold up a review.
 */
export function createLog(level: LogLevel, to?: DestinationStream): Log {
  const options = {
    level,
    base: null,
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
    formatters: { level: (label: string) => ({ level: label }) },
  };
  if (to !== undefined) return { logger: pino(options, to), flush: () => {} };
  // A system call for every line would cost as much as judging does; a line waits 200 ms at most.
  const stream = destination({ fd: 2, sync: false, minLength: 8192, periodicFlush: 200 });
  // A closed pipe must not end the webhook.
  stream.on('error', () => {});
  return {
    logger: pino(options, stream),
    flush: () => {
      try {
        stream.flushSync();
      } catch {
        // Not open yet, or closed: there is nowhere to write.
      }
    },
  };
}

/** What one line about a review says. Never the object itself. */
export interface ReviewLine {
  readonly uid: string;
  readonly operation: string;
  /** `NetworkPolicy default/redis` */
  readonly object: string;
  readonly decision: string;
  /** Ids of the rules with findings. */
  readonly rules: readonly string[];
  readonly dryRun: boolean;
  readonly milliseconds: number;
}

/** Writes the line about a review. */
export function logReview(logger: Logger, line: ReviewLine): void {
  logger.info(line, 'review');
}
