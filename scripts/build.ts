/**
 * Bundles the program into dist/. Each command is a chunk of its own, loaded when it is used, so that the
 * commands that only compute start without the web server and the cluster client.
 */
import { chmodSync, globSync, readFileSync, rmSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { normalize } from 'node:path';
import { type BuildFailure, type BuildResult, build, type Plugin } from 'esbuild';

const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };

/**
 * Takes Node's own modules as they are instead of importing them: an import copies every export, and among those
 * of node:http are some whose first look loads Node's whole fetch, 50 ms that a start of the webhook does not have.
 */
const plainBuiltins: Plugin = {
  name: 'plain-builtins',
  setup: ({ onResolve, onLoad }) => {
    const namespace = 'builtin';
    onResolve({ filter: /^[a-z_:/0-9]+$/ }, ({ path, kind }) => {
      if (kind !== 'import-statement' || !isBuiltin(path)) return undefined;
      return { path: path.startsWith('node:') ? path : `node:${path}`, namespace };
    });
    onLoad({ filter: /./, namespace }, ({ path }) => ({
      contents: `module.exports = process.getBuiltinModule(${JSON.stringify(path)});`,
    }));
  },
};

/**
 * Of the cluster client only the reading of credentials is used; its package does not say that the rest, one class for
 * each type of the API, may be left out.
 */
const credentialsOnly: Plugin = {
  name: 'credentials-only',
  setup: ({ onResolve, resolve }) => {
    onResolve({ filter: /^(@kubernetes\/client-node$|\.)/ }, async ({ path, pluginData, ...where }) => {
      const inside = /[\\/]@kubernetes[\\/]client-node[\\/]/.test(where.importer);
      if (pluginData === credentialsOnly || !(inside || path.startsWith('@'))) return undefined;
      const { importer, kind, resolveDir } = where;
      return {
        ...(await resolve(path, { importer, kind, resolveDir, pluginData: credentialsOnly })),
        sideEffects: false,
      };
    });
  },
};

const result = await bundle();
if (result === undefined) process.exit(1);
// Chunks of an earlier build; a program that is running may still want them, so they go last.
const written = new Set(Object.keys(result.metafile?.outputs ?? {}).map(normalize));
for (const file of globSync('dist/**/*.{js,map,txt}')) if (!written.has(normalize(file))) rmSync(file);
chmodSync('dist/portent.js', 0o755);

async function bundle(): Promise<BuildResult | undefined> {
  try {
    return await build({
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
      metafile: true,
      plugins: [plainBuiltins, credentialsOnly],
      define: { PORTENT_VERSION: JSON.stringify(version) },
      // Bundled CommonJS packages ask for Node's own modules with require().
      banner: {
        js: "import{createRequire as portentCreateRequire}from'node:module';const require=portentCreateRequire(import.meta.url);",
      },
      logLevel: 'warning',
    });
  } catch (error) {
    // What is wrong with the sources is printed already; anything else is not.
    if ((error as Partial<BuildFailure>).errors === undefined) throw error;
    return undefined;
  }
}
