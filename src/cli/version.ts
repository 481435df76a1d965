declare const PORTENT_VERSION: string | undefined;

/** The version of the package; the bundler puts it in. */
export const VERSION = typeof PORTENT_VERSION === 'string' ? PORTENT_VERSION : '0.0.0-source';
