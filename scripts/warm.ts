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
// Everything is loaded before it is seen that there is no place for certificates.
const args = ['serve', '--kubeconfig=/dev/null', '--tls-directory=/dev/null/none'];
const { status, stderr, error } = spawnSync(process.execPath, [join(folder, 'dist', 'portent.js'), ...args], {
  uid,
  gid: uid,
  cwd: '/',
  env: { NODE_COMPILE_CACHE: cache },
  encoding: 'utf8',
});
if (status !== 2 || !stderr.includes('tls.directory')) {
  console.error(`portent ${args.join(' ')} ended with ${status}: ${stderr || error?.message}`);
  process.exit(1);
}
