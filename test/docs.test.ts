import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';

const root = join(import.meta.dirname, '..');
const read = (path: string): string => readFileSync(join(root, path), 'utf8');

test('every test that the threat model names is there, under that name', () => {
  const rows = [...read('docs/threat-model.md').matchAll(/\| `(test\/[^`]+)`: (.+) \|$/gm)];
  assert.ok(rows.length >= 30, `${rows.length} rows`);
  const missing = rows.flatMap(([, file = '', title = '']) => {
    if (!existsSync(join(root, file))) return [`${file} is not there`];
    const titles = read(file).replaceAll("\\'", "'");
    return titles.includes(title) ? [] : [`${file} has no test "${title}"`];
  });
  assert.deepEqual(missing, []);
});

test('no line of a table in the threat model is without its test', () => {
  const lines = read('docs/threat-model.md')
    .split('\n')
    .filter((line) => line.startsWith('| ') && !line.startsWith('| ---') && !line.endsWith('| test |'));
  assert.deepEqual(
    lines.filter((line) => !/\| `test\/[^`]+`: .+ \|$/.test(line)),
    [],
  );
});

test('links between the documents lead somewhere', () => {
  const broken: string[] = [];
  for (const file of ['README.md', ...globSync('docs/**/*.md', { cwd: root })]) {
    for (const [, target = ''] of read(file).matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^[a-z]+:/.test(target)) continue;
      const [path = '', heading] = target.split('#');
      const place = path === '' ? file : join(dirname(file), path);
      if (!existsSync(join(root, place))) broken.push(`${file}: ${target}`);
      else if (heading !== undefined && !headings(read(place)).has(heading))
        broken.push(`${file}: ${target}`);
    }
  }
  assert.deepEqual(broken, []);
});

/** Headings as links name them: lower case, words joined by hyphens. */
function headings(text: string): Set<string> {
  return new Set(
    [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
      heading
        .toLowerCase()
        .replace(/[^\p{L}\p{N} _-]/gu, '')
        .replaceAll(' ', '-'),
    ),
  );
}
