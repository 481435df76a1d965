/**
 * Bundles the program into dist/. Each command is a chunk of its own, loaded when it is used, so that the
 * commands that only compute start without the web server and the cluster client.
 */
import { chmodSync, readFileSync, rmSync } from 'node:fs';
import { build } from 'esbuild';

const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };

rmSync('dist', { recursive: true, force: true });
const result = await build({
  entryPoints: ['src/cli/portent.ts'],
  outdir: 'dist',
  chunkNames: 'chunks/[name]-[hash]',
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node22',
  legalComments: 'linked',
  minifyWhitespace: true,
  define: { PORTENT_VERSION: JSON.stringify(version) },
  // Bundled CommonJS packages ask for Node's own modules with require().
  banner: {
    js: "import{createRequire as portentCreateRequire}from'node:module';const require=portentCreateRequire(import.meta.url);",
  },
  logLevel: 'warning',
});
if (result.errors.length > 0) process.exit(1);
chmodSync('dist/portent.js', 0o755);
