/** Runs the benches one after the other, each in a process of its own, and prints a line of JSON a figure. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const BENCHES = ['model', 'simulate', 'hostile', 'admission', 'folders', 'start', 'fresh', 'real', 'serve'];
const asked = process.argv.slice(2);

for (const name of asked.length === 0 ? BENCHES : asked) {
  if (!BENCHES.includes(name)) {
    console.error(`no bench ${name}; there are ${BENCHES.join(', ')}`);
    process.exit(2);
  }
  console.error(`bench ${name} …`);
  const file = fileURLToPath(new URL(`./${name}.ts`, import.meta.url));
  const { status } = spawnSync(process.execPath, ['--expose-gc', file], {
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  if (status !== 0) process.exit(status ?? 1);
}
