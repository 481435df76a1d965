/** scripts/audit.ts with the real npm, against a registry of this test: not every real one gives advisories. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';

const repository = join(import.meta.dirname, '..', '..');

interface Run {
  readonly code: number | null;
  readonly text: string;
}

async function audited(registry: RequestListener): Promise<Run> {
  const server = createServer(registry).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  try {
    const child = spawn(process.execPath, ['scripts/audit.ts'], {
      cwd: repository,
      // npm's own names win over .npmrc, and nothing of the user's configuration does.
      env: {
        ...process.env,
        npm_config_registry: url,
        npm_config_cache: `${repository}/node_modules/.cache/npm`,
      },
    });
    let text = '';
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (part: string) => {
        text += part;
      });
    const [code] = (await once(child, 'close')) as [number | null];
    return { code, text };
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

/** Answers as a registry that has these advisories, by package. */
function advisories(some: object, asked?: (names: readonly string[]) => void): RequestListener {
  return (request, response) => {
    if (request.url !== '/-/npm/v1/security/advisories/bulk') {
      response.writeHead(404).end('{}');
      return;
    }
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks);
      const isZipped = request.headers['content-encoding'] === 'gzip';
      asked?.(Object.keys(JSON.parse(String(isZipped ? gunzipSync(body) : body)) as object));
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify(some));
    });
  };
}

test('nothing open: one line, and every package was asked about', { timeout: 60_000 }, async () => {
  let names: readonly string[] = [];
  const { code, text } = await audited(
    advisories({}, (asked) => {
      names = asked;
    }),
  );
  assert.match(text, /^npm audit: no open findings in \d{3} packages\n$/);
  assert.equal(code, 0);
  for (const name of ['fastify', 'undici', 'typescript']) assert.ok(names.includes(name), name);
});

test('a finding: named, and a failure', { timeout: 60_000 }, async () => {
  const advisory = {
    ...{ id: 1, url: 'https://example.com/advisory', title: 'It leaks', severity: 'high' },
    ...{ vulnerable_versions: '<999', cwe: [], cvss: { score: 7.5, vectorString: null } },
  };
  const { code, text } = await audited(advisories({ 'node-forge': [advisory] }));
  assert.match(text, /^node-forge .*: high: It leaks https:\/\/example\.com\/advisory$/m);
  assert.match(text, /^npm audit: open findings in \d+ packages$/m);
  assert.equal(code, 1);
});

for (const [what, registry] of [
  ['refuses', (_, response) => response.writeHead(405).end()],
  ['does not know', (_, response) => response.writeHead(404).end('{}')],
  ['breaks off', (request) => request.socket.destroy()],
] as const satisfies readonly (readonly [string, RequestListener])[]) {
  test(`a registry that ${what}: said in one line without its address, and no failure`, {
    timeout: 60_000,
  }, async () => {
    const { code, text } = await audited(registry);
    assert.match(text, /^npm audit: NOT CHECKED, the registry gave no advisories \(.+\)\n$/);
    assert.doesNotMatch(text, /127\.0\.0\.1/);
    assert.equal(code, 0);
  });
}
