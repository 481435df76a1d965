/**
 * docs/install.md followed to the letter, in a cluster where nothing is installed: from `helm install` to a change
 * that is denied, its metric and an alert. Only the image is missing: the pods run here.
 */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { get } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { programs } from '../cluster/build.ts';
import { freePorts } from '../cluster/ports.ts';
import { ServerProcess } from '../cluster/process.ts';
import { Watchdog } from '../cluster/watchdog.ts';
import { Installed } from './installed.ts';
import { documents } from './objects.ts';
import { definition } from './rights.ts';

const repository = join(import.meta.dirname, '..', '..');
const page = readFileSync(join(repository, 'docs', 'install.md'), 'utf8');
const tools = await programs(['helm', 'kubectl']);
const PROMETHEUS = '/usr/bin/prometheus';

let installed: Installed;
let folder: string;
let watchdog: Watchdog;
const over = new AbortController();
let kubelet: Promise<void>;

before(
  async () => {
    installed = await Installed.start();
    folder = mkdtempSync(join(tmpdir(), 'portent-page-'));
    watchdog = new Watchdog(folder);
    for (const [name, path] of tools) symlinkSync(path, join(folder, name));
    // What the Prometheus operator brings.
    const kinds = ['ServiceMonitor', 'PrometheusRule'];
    await installed.cluster.apply(
      documents(
        ...kinds.map((kind) => definition({ group: 'monitoring.coreos.com', kind, versions: ['v1'] })),
      ),
    );
  },
  { timeout: 90_000 },
);

after(async () => {
  over.abort();
  await kubelet;
  await watchdog?.finish();
  await installed?.stop();
});

/** The commands of a section, one text for each indented block. */
function blocksOf(heading: string): readonly string[] {
  const [, section = ''] = page.split(`\n## ${heading}\n`);
  const [text = ''] = section.split('\n## ');
  const blocks = text.split(/\n(?! {4}|\n)/).map((part) =>
    part
      .split('\n')
      .filter((line) => line.startsWith('    ') || line === '')
      .map((line) => line.slice(4))
      .join('\n')
      .trim(),
  );
  return blocks.filter((block) => block !== '');
}

interface Done {
  readonly code: number;
  readonly said: string;
}

/** Runs commands as somebody would who pastes them into a terminal: the code is that of the last one. */
function paste(commands: string): Promise<Done> {
  return new Promise((resolve) => {
    const child = spawn('/bin/bash', ['-c', commands.replaceAll('/tmp/', `${folder}/`)], {
      cwd: repository,
      env: {
        PATH: `${folder}:/usr/bin:/bin`,
        HOME: folder,
        KUBECONFIG: installed.cluster.kubeconfigPath,
      },
      timeout: 60_000,
    });
    let said = '';
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (part: string) => {
        said += part;
      });
    child.once('close', (code) => resolve({ code: code ?? 137, said }));
  });
}

test('the page, from nothing to a denial, its Event and its metric', { timeout: 120_000 }, async () => {
  const [install = ''] = blocksOf('With Helm');
  // The kubelet plays from the moment the namespace is there.
  kubelet = (async () => installed.keepUp(over.signal))();
  const [first = '', second = ''] = install.split(/\n(?=helm test)/);
  const rolledOut = await paste(first);
  assert.equal(rolledOut.code, 0, rolledOut.said);
  assert.match(rolledOut.said, /deployment "portent" successfully rolled out/);
  // The nodes of this cluster take every pod for ready at once; a real one asks, and the wait is then in the command.
  await installed.follow(2);
  const tested = await paste(second);
  assert.equal(tested.code, 0, tested.said);
  assert.match(tested.said, /Phase: +Succeeded/);

  const [ask = '', refuse = '', look = ''] = blocksOf('See it work');
  const warned = await paste(ask);
  assert.equal(warned.code, 0, warned.said);
  assert.match(warned.said, /^Warning: namespace-isolated: /m);
  const refused = await paste(refuse);
  assert.equal(refused.code, 1, refused.said);
  assert.match(
    refused.said,
    /admission webhook "validate\.portent\.dev" denied the request: .*namespace-isolated/s,
  );
  const found = await paste(look);
  assert.match(found.said, /Denied +networkpolicy\/isolate +create denied: namespace-isolated/);
  assert.match(found.said, /^portent_admission_requests_total\{.*decision="deny",dry_run="false"\} 1$/m);
});

test('and to the alert', { timeout: 120_000 }, async () => {
  if (spawnSync(PROMETHEUS, ['--version']).error !== undefined)
    throw new Error('prometheus is missing: install it (Debian: apt-get install prometheus)');
  const [, , , stop = '', again = ''] = blocksOf('See it work');
  const stopped = await paste(stop);
  assert.equal(stopped.code, 0, stopped.said);
  assert.match(stopped.said, /isolate created \(server dry run\)/);
  const url = await startPrometheus();
  const more = stop.split('\n').at(-1) ?? '';
  await installed.cluster.waitFor(
    'the alert fires',
    async () => {
      await paste(more);
      return (await text(`${url}/api/v1/alerts`)).includes('"alertname":"PortentFailsOpen"');
    },
    { timeout: 30_000 },
  );
  const back = await paste(again);
  assert.equal(back.code, 0, back.said);
});

/** Prometheus with the rules as they are in the cluster now, but that they need not hold for minutes. */
async function startPrometheus(): Promise<string> {
  const rule = await installed.get<{ readonly spec: object }>(
    '/apis/monitoring.coreos.com/v1/namespaces/portent-system/prometheusrules/portent',
  );
  const { host } = new URL(installed.cluster.url);
  const apiServer = {
    job_name: 'apiserver',
    scheme: 'https',
    static_configs: [{ targets: [host] }],
    authorization: { credentials: installed.cluster.adminToken },
    tls_config: { ca_file: 'ca.crt' },
  };
  const config = {
    global: { scrape_interval: '1s', evaluation_interval: '1s' },
    rule_files: ['rules.yaml'],
    scrape_configs: [apiServer],
  };
  const files = {
    'prometheus.yaml': JSON.stringify(config),
    'rules.yaml': JSON.stringify(rule.spec).replaceAll(/"for":"\d+m"/g, '"for":"0s"'),
    'ca.crt': installed.cluster.caPem,
  };
  for (const [name, content] of Object.entries(files))
    writeFileSync(join(folder, name), content, { mode: 0o600 });
  const [port = 0] = await freePorts(1);
  const args = ['--config.file=prometheus.yaml', '--storage.tsdb.path=data', '--log.level=warn'];
  args.push(`--web.listen-address=127.0.0.1:${port}`);
  new ServerProcess({ name: 'prometheus', program: PROMETHEUS, folder, args }, watchdog).start();
  return `http://127.0.0.1:${port}`;
}

function text(url: string): Promise<string> {
  return new Promise((resolve, reject) => {
    get(url, (answer) => {
      let all = '';
      answer.setEncoding('utf8').on('data', (part: string) => {
        all += part;
      });
      answer.once('end', () => resolve(all));
    }).once('error', reject);
  });
}
