import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';

const SETTERS = [
  ['memory.ts', 'keepSmall'],
  ['latency.ts', 'keepQuick'],
] as const;

for (const [file, name] of SETTERS) {
  test(`V8 knows the flags that ${name} sets`, () => {
    const { stdout, stderr } = spawnSync(
      process.execPath,
      [
        '--input-type=module',
        '-e',
        `import { ${name} } from './src/server/${file}'; ${name}(); console.log('done');`,
      ],
      { encoding: 'utf8' },
    );
    // V8 only writes a line about a flag that it does not know.
    assert.deepEqual({ stdout, stderr }, { stdout: 'done\n', stderr: '' });
  });
}
