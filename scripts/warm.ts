/**
 * Lets Node compile what the webhook loads and keep the result beside the program: a start is a quarter shorter.
 * Arguments: the folder of the program as it will run, and the user it will run as, which Node's cache is kept by.
 */
import { spawnSync } from 'node:child_process';
import { chownSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';

const [folder = '', user = ''] = process.argv.slice(2);
const uid = Number(user);
if (folder === '' || !Number.isInteger(uid) || uid <= 0) {
  console.error('usage: node scripts/warm.ts FOLDER UID');
  process.exit(2);
}

const cache = join(folder, 'cache');
mkdirSync(cache);
chownSync(cache, uid, uid);
// The first loads the web server, the second the cluster client; a kubeconfig that is empty ends it at once.
run(0, 'serve', '--help');
run(2, 'snapshot', '--kubeconfig=/dev/null');

function run(expected: number, ...args: readonly string[]): void {
  const { status, stderr, error } = spawnSync(
    process.execPath,
    [join(folder, 'dist', 'portent.js'), ...args],
    {
      uid,
      gid: uid,
      cwd: '/',
      env: { NODE_COMPILE_CACHE: cache },
      encoding: 'utf8',
    },
  );
  if (status === expected) return;
  console.error(`portent ${args.join(' ')} ended with ${status}: ${stderr || error?.message}`);
  process.exit(1);
}
