import type { Config } from './config.ts';
import { ConfigError } from './errors.ts';

/** A configuration file that may change while the program runs. */
export interface ConfigFileSource {
  /** What the configuration of the start was made from. */
  readonly first: string;
  /** Its text. Throws a ConfigError when it cannot be read. */
  readonly text: () => string;
  /** The whole configuration with that text. Throws a ConfigError that names every problem. */
  readonly parse: (text: string) => Config;
}

/**
 * Looks at a file again and again. Its content counts, not its times: a mounted ConfigMap changes by swapping a
 * symbolic link, and a network file system may have another clock.
 */
export class ConfigFile {
  readonly #source: ConfigFileSource;
  /** What the last configuration or complaint was made from. */
  #done: string;
  #seen: string;

  constructor(source: ConfigFileSource) {
    this.#source = source;
    this.#done = `+${source.first}`;
    this.#seen = this.#done;
  }

  /** What is new since the last look. A text counts once it is the same in two looks: editors write in steps. */
  look(): Config | ConfigError | 'same' {
    const now = this.#read();
    const settled = now === this.#seen;
    this.#seen = now;
    if (!settled || now === this.#done) return 'same';
    this.#done = now;
    try {
      return this.#source.parse(this.#source.text());
    } catch (error) {
      if (error instanceof ConfigError) return error;
      throw error;
    }
  }

  /** The text, or the reason why there is none, told apart by their first character. */
  #read(): string {
    try {
      return `+${this.#source.text()}`;
    } catch (error) {
      if (error instanceof ConfigError) return `-${error.message}`;
      throw error;
    }
  }
}
