/** The commands that findings name, run as they stand there, in the world of the example. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { RULES } from '../../src/rules/index.ts';
import { judgeWorld } from '../rules/world.ts';
import { folderOf, portent } from './portent.ts';

const seen = new Set<string>();

for (const rule of RULES) {
  for (const world of [...rule.examples.bad, ...rule.examples.good]) {
    for (const { rule: id, see } of judgeWorld(world).findings) {
      if (see === undefined) continue;
      // What a policy and what a Service did may be asked for in the same words.
      const once = `${world.manifest.includes('kind: Service')} ${see}`;
      if (seen.has(once)) continue;
      seen.add(once);
      test(`${id}: ${see}`, () => {
        const [program, command = '', ...words] = wordsOf(see);
        assert.equal(program, 'portent');
        const cluster = folderOf({ '1.yaml': world.cluster });
        const folder = folderOf({ 'change.yaml': world.manifest });
        const file = join(folder, 'change.yaml');
        const state = ['--snapshot', cluster];
        if (command === 'diff') {
          const { code, stdout, stderr } = portent([
            command,
            ...words.map((word) => (word === 'FILE' ? file : word)),
            ...state,
          ]);
          assert.deepEqual([code, stderr], [0, '']);
          assert.match(stdout, /^- /m, 'it shows what is lost');
          return;
        }
        assert.equal(command, 'explain');
        // The object is stored now: what the finding says is so.
        const changed = world.operation === 'DELETE' ? [] : ['--snapshot', folder];
        const { code, stdout, stderr } = portent([command, ...words, ...state, ...changed]);
        assert.deepEqual([code, stderr], [1, '']);
        assert.match(stdout, /^denied: /);
      });
    }
  }
}

test('some findings name a command', () => {
  assert.ok([...seen].some((see) => see.includes(' portent explain ')));
  assert.ok([...seen].some((see) => see.includes(' portent diff ')));
});

/** The words as a shell hands them on; single quotes are the only ones used. */
function wordsOf(line: string): string[] {
  return [...line.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? '');
}
