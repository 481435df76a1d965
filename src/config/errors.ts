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
    super(problems.map(({ path, text }) => `${where}${pathText(path)}${oneLine(text)}`).join('\n'));
    this.name = 'ConfigError';
    this.problems = problems;
  }
}

/** Keys may be anything; what nobody could read is quoted. */
function pathText(path: string): string {
  if (path === '') return '';
  return `${/^[\w.,:/*() -]+$/.test(path) && path.trim() === path ? path : oneLine(JSON.stringify(path))}: `;
}

/** What would break the line, or hide something in it, is written as an escape. */
function oneLine(text: string): string {
  return text.replace(
    /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu,
    (found) => `\\u${(found.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`,
  );
}
