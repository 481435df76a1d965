/** What the feed needs of a logger; pino's fits. */
export interface Logger {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

const nothing = (): void => undefined;

/** A logger that says nothing. */
export const SILENT: Logger = Object.freeze({ info: nothing, warn: nothing, error: nothing });
