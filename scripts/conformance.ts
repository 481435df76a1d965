import { existsSync, globSync, readFileSync } from 'node:fs';

const BEGIN = '<!-- conformance:begin -->';
const END = '<!-- conformance:end -->';

/** The README with its table of proved semantics made anew from the names of the tests: `row 7: NotIn …`. */
export function conformance(readme: string): string {
  const from = readme.indexOf(BEGIN);
  const to = readme.indexOf(END);
  if (from < 0 || to < from) throw new Error(`README.md lacks ${BEGIN} … ${END}`);
  return `${readme.slice(0, from + BEGIN.length)}\n${table()}${readme.slice(to)}`;
}

interface Row {
  readonly number: number;
  readonly text: string;
  readonly file: string;
}

function table(): string {
  const rows = globSync('test/semantics/*.test.ts').sort().flatMap(rowsOf);
  if (rows.length === 0) return '';
  rows.sort((a, b) => a.number - b.number || (a.text < b.text ? -1 : 1));
  const byNumber = Map.groupBy(rows, (row) => row.number);
  const lines = [...byNumber].map(([number, some]) => {
    const files = [...new Set(some.map((row) => row.file))];
    const links = files.map((file) => `[${file.split('/').at(-1)}](${file})`).join(', ');
    const texts = [...new Set(some.map((row) => row.text))];
    return `| ${number} | ${texts.join('; ').replaceAll('|', '\\|')} | ${links} |`;
  });
  return `\n| row | what holds | proved in |\n| --- | --- | --- |\n${lines.join('\n')}\n\n`;
}

function rowsOf(file: string): Row[] {
  if (!existsSync(file)) return [];
  const names = readFileSync(file, 'utf8').matchAll(/['"`]row (\d+): ((?:[^'"`\\]|\\.)+)['"`]/g);
  return [...names].map(([, number = '', text = '']) => ({
    number: Number(number),
    text: text.replaceAll(/\\(.)/g, '$1'),
    file: file.replaceAll('\\', '/'),
  }));
}
