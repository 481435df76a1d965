/** The image that the repository's own Dockerfile makes, on bases made on the spot, and its process. */
import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { get as getHttp } from 'node:http';
import { Agent, request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { after, before, describe, test } from 'node:test';
import { issue, newAuthority } from '../cluster/certificates.ts';
import { freePorts } from '../cluster/ports.ts';
import { waitFor } from '../cluster/wait.ts';
import { buildBase, npmSetting, runtimeBase } from './base.ts';
import { Buildah, buildahMissing } from './buildah.ts';
import { type ImageConfig, startContainer } from './container.ts';

const top = join(import.meta.dirname, '..', '..');
const image = 'localhost/portent';
const node = '/usr/local/bin/node';
const ROOM = 15_000_000;

interface Package {
  readonly version: string;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
}
const manifest = JSON.parse(readFileSync(join(top, 'package.json'), 'utf8')) as Package;

const missing = await buildahMissing();
const authority = await newAuthority('portent-image-ca');
let folder: string;
let buildah: Buildah;
let base: string;
let config: ImageConfig;
let root: string;
let started: ChildProcess | undefined;

async function buildBaseImage(name: string, more: string): Promise<void> {
  const context = join(folder, name);
  writeFileSync(join(context, 'Dockerfile'), `FROM scratch\nCOPY root /\n${more}`);
  await buildah.build(context, join(context, 'Dockerfile'), `localhost/${name}`);
}

/** Path and size of every file that is in one tree and not in the other. */
function beside(tree: string, other: string): Map<string, number> {
  const found = new Map<string, number>();
  for (const name of readdirSync(tree, { recursive: true, encoding: 'utf8' })) {
    const file = lstatSync(join(tree, name));
    if (!file.isDirectory() && !existsSync(join(other, name))) found.set(`/${name}`, file.size);
  }
  return found;
}

if (missing === undefined) describe('the image', imageTests);
else test('the image', () => assert.fail(missing));

function imageTests(): void {
  before(
    async () => {
      folder = mkdtempSync(join(tmpdir(), 'portent-image-'));
      buildah = new Buildah(join(folder, 'buildah'));
      base = join(folder, 'base', 'root');
      chmodSync(folder, 0o755);
      await writeCertificate();
      const node = join(folder, 'node', 'root');
      for (const each of [node, base]) mkdirSync(each, { recursive: true });
      const environment = Object.entries(buildBase(node)).map(([name, value]) => `${name}=${value}`);
      runtimeBase(base);
      await buildBaseImage('node', `ENV ${environment.join(' ')}\n`);
      await buildBaseImage('base', '');
      const bases = ['--build-arg=NODE=localhost/node', '--build-arg=BASE=localhost/base'];
      // What npm has on this machine already is not fetched again.
      const cache = `--volume=${npmSetting('cache')}:/root/.npm`;
      await buildah.build(top, join(top, 'Dockerfile'), image, ...bases, cache);
      config = ((await buildah.describe(image)) as { readonly config: ImageConfig }).config;
      root = await buildah.files(image);
    },
    { timeout: 240_000 },
  );

  after(async () => {
    if (started !== undefined && started.exitCode === null) {
      started.kill('SIGKILL');
      await once(started, 'exit');
    }
    await buildah.clear();
    rmSync(folder, { recursive: true, force: true });
  });

  test('beside the base and Node: less than 15 MB, the bundle alone', () => {
    const files = beside(root, base);
    assert.ok(files.delete(node), 'Node is in the image');
    const size = [...files.values()].reduce((sum, each) => sum + each, 0);
    assert.ok(size > 1_000_000 && size < ROOM, `${size} bytes`);
    const expected =
      /^\/app\/(LICENSE|package\.json|dist\/(portent\.js|sbom\.cdx\.json|chunks\/[\w-]+\.js(\.LEGAL\.txt)?)|cache\/[\w.-]+\/\w+)$/;
    assert.deepEqual(
      [...files.keys()].filter((path) => !expected.test(path)),
      [],
    );
    for (const shell of ['/bin/sh', '/usr/bin/env', '/usr/local/bin/npm'])
      assert.ok(!existsSync(join(root, shell)), shell);
  });

  test('its process is nobody, and its labels say what it is', () => {
    assert.equal(config.User, '65532:65532');
    assert.deepEqual([...config.Entrypoint, ...config.Cmd], [node, '/app/dist/portent.js', 'serve']);
    assert.equal(config.WorkingDir, '/app');
    const labels = new Map(
      Object.entries(config.Labels).map(([name, value]) => [
        name.replace('org.opencontainers.image.', ''),
        value,
      ]),
    );
    assert.equal(labels.get('title'), 'portent');
    assert.equal(labels.get('licenses'), 'Apache-2.0');
    assert.equal(labels.get('version'), manifest.version);
    assert.equal(labels.get('base.name'), 'localhost/base');
    for (const name of ['description', 'revision']) assert.ok((labels.get(name) ?? '') !== '', name);
  });

  test('its bill of materials names what is bundled and no tool that built it', () => {
    const sbom = JSON.parse(readFileSync(join(root, 'app', 'dist', 'sbom.cdx.json'), 'utf8')) as {
      readonly bomFormat: string;
      readonly metadata: { readonly component: { readonly purl: string } };
      readonly components: readonly { readonly purl: string }[];
    };
    assert.equal(sbom.bomFormat, 'CycloneDX');
    assert.equal(sbom.metadata.component.purl, `pkg:npm/portent@${manifest.version}`);
    const named = new Set(sbom.components.map(({ purl }) => decodeURIComponent(purl.split('?', 1)[0] ?? '')));
    for (const [name, version] of Object.entries(manifest.dependencies))
      assert.ok(named.has(`pkg:npm/${name}@${version}`), name);
    for (const [name, version] of Object.entries(manifest.devDependencies)) {
      assert.ok(!named.has(`pkg:npm/${name}@${version}`), name);
    }
  });

  test('on a read-only root, as nobody: it can write nowhere', { timeout: 20_000 }, async () => {
    const probe = `
    const { writeFileSync } = require('node:fs');
    const codes = ['/x', '/app/dist/x', '/tmp/x', '/etc/passwd'].map((path) => {
      try { writeFileSync(path, ''); return 'written'; } catch (error) { return error.code; }
    });
    console.log(JSON.stringify({ uid: process.getuid(), groups: process.getgroups(), codes }));
  `;
    const child = startContainer(root, config, [node, '-e', probe], {});
    const [said, complaint] = await outputs(child);
    assert.equal(complaint, '');
    const { uid, groups, codes } = JSON.parse(said) as {
      readonly uid: number;
      readonly groups: readonly number[];
      readonly codes: readonly string[];
    };
    assert.equal(uid, 65532);
    assert.deepEqual(groups, [65532]);
    assert.deepEqual(new Set(codes), new Set(['EROFS']));
  });

  test('nothing is compiled at the start that was compiled for the image', { timeout: 30_000 }, async () => {
    const cluster = { server: 'https://127.0.0.1:1' };
    const context = { cluster: 'c', user: 'u' };
    const kubeconfig = {
      clusters: [{ name: 'c', cluster }],
      users: [{ name: 'u', user: {} }],
      contexts: [{ name: 'x', context }],
      'current-context': 'x',
    };
    const kube = join(folder, 'kube');
    mkdirSync(kube);
    writeFileSync(join(kube, 'config'), JSON.stringify(kubeconfig));
    const args = [...config.Entrypoint, ...config.Cmd, '--kubeconfig=/kube/config'];
    const variables = { ...(await settings()), NODE_DEBUG_NATIVE: 'COMPILE_CACHE' };
    const program = startContainer(root, config, args, variables, [
      ...volumes(),
      { from: kube, to: '/kube' },
    ]);
    const said = outputs(program);
    await once(program.stdout ?? program, 'data');
    program.kill('SIGINT');
    const [line, log] = await said;
    assert.match(line, /portent serves/);
    const chunks = [...log.matchAll(/cache for \S+ file:\/\/\/app\/dist\/(\S+) was (\w+)/g)];
    assert.ok(chunks.length > 10, log);
    assert.deepEqual(
      chunks.filter(([, , state]) => state !== 'accepted').map(([whole]) => whole),
      [],
    );
  });

  test('on a read-only root, as nobody: it serves', { timeout: 30_000 }, async () => {
    const cluster = join(folder, 'cluster');
    cpSync(join(top, 'test', 'worlds', 'guestbook', 'snapshot'), cluster, { recursive: true });
    const variables = await settings();
    const program = startContainer(
      root,
      config,
      [...config.Entrypoint, ...config.Cmd, '--snapshot=/cluster'],
      variables,
      [...volumes(), { from: cluster, to: '/cluster' }],
    );
    const port = Number(variables.PORTENT_LISTEN_PORT);
    const metricsPort = Number(variables.PORTENT_METRICS_PORT);
    started = program;
    let log = '';
    for (const stream of [program.stdout, program.stderr]) {
      stream?.setEncoding('utf8').on('data', (part: string) => {
        log += part;
      });
    }
    await waitFor('it is healthy', async () => (await health(metricsPort)) === 200, {
      timeout: 15_000,
      hopeless: () => (program.exitCode === null ? undefined : `it ended with ${program.exitCode}`),
      context: () => log,
    });
    const agent = new Agent({ ca: authority.certificate });
    const { response } = JSON.parse(await ask(port, agent)) as {
      readonly response: {
        readonly uid: string;
        readonly allowed: boolean;
        readonly warnings?: readonly string[];
      };
    };
    agent.destroy();
    assert.equal(response.uid, 'image-1');
    assert.equal(response.allowed, true);
    assert.ok(
      response.warnings?.some((warning) => warning.includes('default/redis')),
      JSON.stringify(response),
    );

    program.kill('SIGINT');
    const [code] = (await once(program, 'exit')) as [number | null];
    assert.equal(code, 0, log);
  });
}

/** Where to listen, and with which certificate. */
async function settings(): Promise<Record<string, string>> {
  const [port = 0, metricsPort = 0] = await freePorts(2);
  return {
    PORTENT_LISTEN_ADDRESS: '127.0.0.1',
    PORTENT_LISTEN_PORT: String(port),
    PORTENT_METRICS_ADDRESS: '127.0.0.1',
    PORTENT_METRICS_PORT: String(metricsPort),
    PORTENT_TLS_CERTIFICATE_FILE: '/etc/portent/tls/tls.crt',
    PORTENT_TLS_KEY_FILE: '/etc/portent/tls/tls.key',
  };
}

/** As the chart mounts them. */
const volumes = () => [{ from: join(folder, 'tls'), to: '/etc/portent/tls' }];

async function writeCertificate(): Promise<void> {
  const serving = await issue(authority, {
    commonName: 'portent',
    ipAddresses: ['127.0.0.1'],
    usage: 'server',
  });
  const tls = join(folder, 'tls');
  mkdirSync(tls);
  writeFileSync(join(tls, 'tls.crt'), serving.certificate);
  writeFileSync(join(tls, 'tls.key'), serving.key);
}

/** What a process writes until it ends, to standard output and to standard error. */
async function outputs({ stdout, stderr }: ChildProcess): Promise<[string, string]> {
  if (stdout === null || stderr === null) throw new Error('the container has no outputs');
  return Promise.all([text(stdout), text(stderr)]);
}

function health(port: number): Promise<number> {
  return new Promise((resolve) => {
    getHttp({ host: '127.0.0.1', port, path: '/healthz', agent: false }, (answer) => {
      answer.resume();
      resolve(answer.statusCode ?? 0);
    }).once('error', () => resolve(0));
  });
}

/** The review of a policy that closes the guestbook's Redis to everybody. */
async function ask(port: number, agent: Agent): Promise<string> {
  const kind = { group: 'networking.k8s.io', version: 'v1', kind: 'NetworkPolicy' };
  const review = {
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    request: {
      uid: 'image-1',
      kind,
      resource: { group: kind.group, version: 'v1', resource: 'networkpolicies' },
      namespace: 'default',
      name: 'closed',
      operation: 'CREATE',
      userInfo: { username: 'jane', groups: [] },
      dryRun: true,
      object: {
        apiVersion: 'networking.k8s.io/v1',
        kind: 'NetworkPolicy',
        metadata: { name: 'closed', namespace: 'default' },
        spec: { podSelector: {}, policyTypes: ['Ingress'] },
      },
    },
  };
  const sent = request({
    host: '127.0.0.1',
    port,
    path: '/validate?timeout=5s',
    method: 'POST',
    agent,
    headers: { 'content-type': 'application/json' },
  });
  sent.end(JSON.stringify(review));
  const [answer] = await once(sent, 'response');
  return text(answer);
}
