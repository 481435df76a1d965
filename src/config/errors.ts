/** One thing wrong with the configuration. */
export interface Problem {
  /** `rules.node-port-range.action`, or '' for the file as a whole. */
  readonly path: string;
  /** What is wrong and what to write instead. */
  readonly text: string;
}

/** Everything wrong with a configuration, one line each. */
export class ConfigError extends Error {
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[], file = '') {
    const where = file === '' ? '' : `${file}: `;
    super(problems.map(({ path, text }) => `${where}${path === '' ? '' : `${path}: `}${text}`).join('\n'));
    this.name = 'ConfigError';
    this.problems = problems;
  }
}
