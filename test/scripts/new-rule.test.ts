/** `npm run new-rule` in a copy of the checkout, as somebody new would use it. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';

const root = join(import.meta.dirname, '..', '..');
const ID = 'harm-named-id';
let copy: string;

function run(program: string, ...args: string[]): { code: number | null; text: string; errors: string } {
  const { status, stdout, stderr } = spawnSync(program, args, {
    cwd: copy,
    encoding: 'utf8',
    // The test runner of a test says nothing while it believes that it runs inside another.
    env: { PATH: process.env.PATH, HOME: tmpdir() },
  });
  return { code: status, text: stdout, errors: stderr };
}

const newRule = (...args: string[]) => run(process.execPath, 'scripts/new-rule.ts', ...args);
const tool = (name: string, ...args: string[]) => run(`node_modules/.bin/${name}`, ...args);
const ofCopy = (path: string) => readFileSync(join(copy, path), 'utf8');

describe('a new rule', () => {
  before(() => {
    copy = mkdtempSync(join(tmpdir(), 'portent-new-rule-'));
    const parts = ['src', 'test/rules', 'scripts/new-rule.ts', 'package.json', 'tsconfig.json', 'biome.json'];
    for (const part of parts) cpSync(join(root, part), join(copy, part), { recursive: true });
    symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
  });
  after(() => rmSync(copy, { recursive: true, force: true }));

  test('is refused with one line when its id is bad or taken, and nothing is written', () => {
    const index = ofCopy('src/rules/index.ts');
    const cases: [string[], RegExp][] = [
      [[], /^usage: npm run new-rule -- ID \[NetworkPolicy\|Service\]\n$/],
      [['Harm'], /^"Harm" is no id: .*\n$/],
      [['../harm'], /^"\.\.\/harm" is no id: .*\n$/],
      [['harm-'], /^"harm-" is no id: .*\n$/],
      [['dns-cut'], /^src\/rules\/dns-cut\.ts is there already\n$/],
      [['index'], /^src\/rules\/index\.ts is there already\n$/],
      [['harm', 'Pod'], /^"Pod" is not judged; usage: .*\n$/],
      [['harm', 'Service', 'more'], /^usage: .*\n$/],
    ];
    for (const [args, expected] of cases) {
      const { code, text, errors } = newRule(...args);
      assert.deepEqual([code, text], [2, ''], args.join(' '));
      assert.match(errors, expected);
    }
    assert.equal(ofCopy('src/rules/index.ts'), index);
  });

  test('has a file and a line in the list, and compiles and lints as it is', () => {
    const made = newRule(ID);
    assert.equal(made.code, 0, made.errors);
    assert.match(
      made.text,
      new RegExp(`^src/rules/${ID}\\.ts is there, and src/rules/index\\.ts lists it\\.`),
    );
    assert.match(made.text, /docs\/add-a-rule\.md/);
    assert.equal(newRule('harm-to-services', 'Service').code, 0);
    const index = ofCopy('src/rules/index.ts');
    assert.match(index, /^import \{ harmNamedId \} from '\.\/harm-named-id\.ts';$/m);
    assert.match(index, /^ {2}harmNamedId,\n {2}harmToServices,\n\]\);$/m);
    const types = tool('tsc', '--noEmit', '-p', 'tsconfig.json');
    assert.equal(types.code, 0, types.text);
    const lint = tool('biome', 'ci', '--colors=off', 'src/rules');
    assert.equal(lint.code, 0, lint.text + lint.errors);
  });

  test('fails by its own examples until it is written, and says what to do', () => {
    const { code, text } = run(
      process.execPath,
      '--test',
      '--test-reporter=spec',
      '--test-name-pattern=harm|catalogue',
      'test/rules/examples.test.ts',
    );
    assert.equal(code, 1, text);
    for (const id of [ID, 'harm-to-services']) {
      assert.match(
        text,
        new RegExp(`the rule finds nothing here: write check\\(\\) in src/rules/${id}\\.ts`),
      );
    }
    assert.match(text, /write the words of src\/rules\/harm-named-id\.ts/);
    assert.match(text, /^ℹ fail 3$/m, 'two bad examples and the words');
  });
});
