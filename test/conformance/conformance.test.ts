/**
 * Random worlds whose verdicts two independent engines agree on, asked in the way anybody can: files in,
 * `portent explain --queries` out, a process for each world. The reference of the property tests has to pass
 * the same worlds, or its word would count for nothing.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import type { WorldObject } from '../reference/objects.ts';
import { verdict } from '../reference/reference.ts';
import { type AgreedQuery, type AgreedWorld, agreedWorlds, listText, queryText } from './worlds.ts';

const run = promisify(execFile);
const ROOT = join(import.meta.dirname, '..', '..');

let folder = '';
let program = '';

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'portent-conformance-'));
  program = join(folder, 'portent.mjs');
  // A bundle starts in a third of the time that a tree of sources takes.
  await build({
    entryPoints: [join(ROOT, 'src/cli/portent.ts')],
    outdir: folder,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    splitting: true,
    platform: 'node',
    format: 'esm',
    target: 'node22',
    logLevel: 'silent',
    banner: {
      js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
    },
  });
});

after(() => rm(folder, { recursive: true, force: true }));

for (const name of ['small', 'large'] as const) {
  test(`explain --queries gives every agreed verdict of the ${name} worlds`, async (t) => {
    const worlds = agreedWorlds(name);
    const counts = { allowed: 0, denied: 0, unknown: 0 };
    const mismatches: string[] = [];
    const waiting = [...worlds];
    const work = async (): Promise<void> => {
      for (let world = waiting.pop(); world !== undefined; world = waiting.pop()) {
        const answers = await explainAll(world);
        assert.equal(answers.length, world.queries.length, `${world.id}: one answer to each question`);
        for (const [i, query] of world.queries.entries()) {
          counts[query.verdict]++;
          const answer = answers[i] ?? assert.fail();
          assert.deepEqual(askedOf(answer), askedOf(query), `${world.id}: answers come in order`);
          assert.ok(answer.reason !== '' && Array.isArray(answer.because), `${world.id}: a reason`);
          if (answer.verdict !== query.verdict) {
            mismatches.push(`${world.id} ${JSON.stringify(query)}: ${answer.verdict}, ${answer.reason}`);
          }
        }
      }
    };
    await Promise.all(Array.from({ length: availableParallelism() }, work));
    const total = counts.allowed + counts.denied + counts.unknown;
    t.diagnostic(
      `${name}: ${worlds.length} worlds, ${total} verdicts (${counts.allowed} allowed, ${counts.denied} denied, ` +
        `${counts.unknown} unknown), ${mismatches.length} mismatches`,
    );
    assert.equal(mismatches.length, 0, mismatches.slice(0, 10).join('\n'));
    assert.equal(worlds.length, name === 'small' ? 300 : 12);
    assert.equal(total, name === 'small' ? 12_000 : 18_000);
  });

  test(`the reference gives every agreed verdict of the ${name} worlds`, () => {
    for (const { id, objects, queries } of agreedWorlds(name)) {
      const world = { objects: objects as readonly WorldObject[] };
      for (const { from, to, port, protocol, verdict: agreed } of queries) {
        assert.equal(verdict(world, from, to, port, protocol), agreed, `${id} ${from} -> ${to} ${port}`);
      }
    }
  });
}

interface Answer extends AgreedQuery {
  readonly reason: string;
  readonly because: readonly string[];
}

async function explainAll(world: AgreedWorld): Promise<Answer[]> {
  const snapshot = join(folder, `${world.id}.json`);
  const queries = join(folder, `${world.id}.jsonl`);
  await Promise.all([writeFile(snapshot, listText(world)), writeFile(queries, queryText(world))]);
  const argv = [program, 'explain', '--snapshot', snapshot, '--queries', queries];
  const { stdout } = await run(process.execPath, argv, { maxBuffer: 64 * 1024 * 1024 });
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Answer);
}

function askedOf({ from, to, port, protocol }: AgreedQuery): object {
  return { from, to, port, protocol };
}
