import assert from 'node:assert/strict';
import { test } from 'node:test';
import { problemText, readDocuments } from '../../../src/model/parse/index.ts';

const raws = (text: string) => readDocuments(text, 'f.yaml').documents.map(({ raw }) => raw);
const problems = (text: string) => readDocuments(text, 'f.yaml').problems.map(problemText);

test('several documents, empty ones and comments between', () => {
  const text = '# top\n---\na: 1\n---\n---\n# nothing\n---\nb: 2\n...\n';
  const { documents, problems: none } = readDocuments(text, 'f.yaml');
  assert.deepEqual(
    documents.map(({ raw, line }) => [raw, line]),
    [
      [{ a: 1 }, 3],
      [{ b: 2 }, 8],
    ],
  );
  assert.deepEqual(none, []);
  assert.deepEqual(readDocuments('', 'f').documents, []);
});

test('lists are unrolled, and their items keep their own lines', () => {
  const text =
    'kind: List\napiVersion: v1\nitems:\n- kind: Pod\n  metadata:\n    name: a\n- kind: Pod\n  metadata: {name: b}\n';
  const { documents } = readDocuments(text, 'f.yaml');
  assert.deepEqual(
    documents.map((one) => [one.line, one.lineOf(['metadata', 'name'])]),
    [
      [4, 6],
      [7, 8],
    ],
  );
});

test('items of a typed list take its kind; the list of a list is unrolled too', () => {
  assert.deepEqual(raws('{"apiVersion":"v1","kind":"PodList","items":[{"metadata":{"name":"a"}}]}'), [
    { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'a' } },
  ]);
  assert.deepEqual(raws('[{"a":1},{"kind":"List","items":[{"b":2}]}]'), [{ a: 1 }, { b: 2 }]);
});

test('a field that is not there has the line of what is around it', () => {
  const text = 'a:\n  b:\n  - c: 1\n    d: 2\n  - e: 3\n';
  const [document] = readDocuments(text, 'f.yaml').documents;
  const cases: [(string | number)[], number][] = [
    [[], 1],
    [['a', 'b'], 2],
    [['a', 'b', 0, 'd'], 4],
    [['a', 'b', 1], 5],
    [['a', 'b', 1, 'x', 'y'], 5],
    [['a', 'b', 9], 2],
    [['z'], 1],
  ];
  for (const [path, line] of cases) assert.equal(document?.lineOf(path), line, path.join('.'));
});

test('JSON has lines too', () => {
  const text = '{\n "a": {\n  "b": [\n   1,\n   2\n  ]\n }\n}';
  const [document] = readDocuments(text, 'f.json').documents;
  assert.equal(document?.lineOf(['a', 'b', 1]), 5);
});

test('scalars mean what they mean to Kubernetes, which reads YAML 1.1', () => {
  const cases: [string, unknown][] = [
    ['on', true],
    ['yes', true],
    ['y', true],
    ['Off', false],
    ['n', false],
    ['True', true],
    ['oN', 'oN'],
    ['~', null],
    ['', null],
    ['NULL', null],
    ['010', 8],
    ['0o10', 8],
    ['0x1F', 31],
    ['0b101', 5],
    ['-0x10', -16],
    ['1_000', 1000],
    ['+12', 12],
    ['089', 89],
    ['1e3', 1000],
    ['.5', 0.5],
    ['80.0', 80],
    ['1e400', '1e400'],
    ['1.2.3', '1.2.3'],
    ['12:30:45', '12:30:45'],
    ['2026-01-02', '2026-01-02'],
    ['10.0.0.0/8', '10.0.0.0/8'],
    ['"on"', 'on'],
    ["'010'", '010'],
    ['!!str on', 'on'],
    ['!!str 80', '80'],
    ['!!int "80"', 80],
  ];
  for (const [text, value] of cases) assert.deepEqual(raws(`v: ${text}\n`), [{ v: value }], text);
});

test('keys are text, whatever they look like, and __proto__ is a key like any other', () => {
  const [raw] = raws('1: a\non: b\n__proto__: {polluted: yes}\nconstructor: d\n');
  assert.deepEqual(Object.keys(raw as object), ['1', 'true', '__proto__', 'constructor']);
  assert.equal(Object.getPrototypeOf(raw), Object.prototype);
  assert.equal((raw as { polluted?: unknown }).polluted, undefined);
});

test('a key that stands twice is an error, in YAML and in JSON', () => {
  const message = 'the key "spec" stands twice. Keep one of the two';
  assert.deepEqual(problems('spec: 1\nx: 1\nspec: 2\n'), [`f.yaml:3: ${message}`]);
  assert.deepEqual(problems('{"spec": 1,\n"spec": 2}'), [`f.yaml:2: ${message}`]);
  assert.deepEqual(problems('a: {spec: 1}\nb: {spec: 1}\n'), []);
});

test('anchors, aliases and merges', () => {
  assert.deepEqual(raws('a: &x {p: 1, q: 2}\nb: *x\nc:\n  <<: *x\n  q: 3\nd: {"<<": 1}\n'), [
    { a: { p: 1, q: 2 }, b: { p: 1, q: 2 }, c: { p: 1, q: 3 }, d: { '<<': 1 } },
  ]);
  assert.deepEqual(problems('a: *x\n'), ['f.yaml:1: the anchor x is not defined before it is used']);
  assert.deepEqual(problems('a: &x [1, *x]\n'), ['f.yaml:1: the anchor x contains itself']);
});

test('a text that grows by aliases is refused at once', () => {
  let text = 'a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n';
  for (let i = 1; i < 12; i++)
    text += `a${i}: &a${i} [${Array(10)
      .fill(`*a${i - 1}`)
      .join(',')}]\n`;
  const started = performance.now();
  assert.match(problems(text)[0] as string, /aliases repeat more than 100000 values/);
  assert.ok(performance.now() - started < 500);
});

test('what is no YAML, or no object, is a problem with its line', () => {
  assert.deepEqual(problems('a: 1\n\tb: 2\n'), [
    'f.yaml:2: not valid YAML: tab characters must not be used in indentation. Indent with spaces, never with tabs',
  ]);
  assert.match(problems('a: [1\n')[0] as string, /^f\.yaml:2: not valid YAML: /);
  assert.deepEqual(problems('a: 1\n---\njust text\n'), [
    'f.yaml:3: this is not an object. An object begins with apiVersion and kind',
  ]);
  assert.deepEqual(problems('a: 1\n~: 2\n'), ['f.yaml:2: a key must be text']);
  assert.match(problems(`${'['.repeat(200)}`)[0] as string, /not valid YAML/);
});

test('a byte order mark and Windows line ends are no trouble', () => {
  assert.deepEqual(raws('\ufeffa: 1\r\nb:\r\n  - c\r\n'), [{ a: 1, b: ['c'] }]);
});
