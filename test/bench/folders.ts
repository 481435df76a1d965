/** `portent list` and `diff` on folders of manifests, as whole processes of the built program. */
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stringify } from 'yaml';
import { benchCluster, type RawObject } from './cluster.ts';
import { print, quantile } from './figures.ts';

const RUNS = 5;
const PROGRAM = fileURLToPath(new URL('../../dist/portent.js', import.meta.url));

async function run(pods: number, policies: number): Promise<void> {
  const cluster = benchCluster(pods, policies);
  const folder = mkdtempSync(join(tmpdir(), 'portent-bench-'));
  try {
    const workloads = {
      deployments: cluster.apps.map(({ namespace, name }) => deployment(namespace, name)),
      // Every pod with a label that no other has.
      pods: [...cluster.pods],
    };
    for (const [shape, objects] of Object.entries(workloads)) {
      const state = join(folder, shape);
      mkdirSync(state);
      const all = [...cluster.namespaces, ...objects, ...cluster.policies];
      writeFileSync(join(state, 'all.yaml'), all.map((one) => stringify(one)).join('---\n'));
      const size = { unit: 's', pods, policies, note: shape };
      const listed = await median(['list', '--snapshot', state, '-o', 'json']);
      print({ name: 'list_seconds', value: listed.seconds, ...size });
      print({ name: 'list_peak_mib', value: listed.peak, ...size, unit: 'MiB' });
      const change = join(folder, 'added.yaml');
      writeFileSync(change, stringify(addedPolicy(cluster.apps[3])));
      const compared = await median(['diff', '--snapshot', state, '-f', change, '-o', 'json']);
      print({ name: 'diff_seconds', value: compared.seconds, ...size });
      print({ name: 'diff_peak_mib', value: compared.peak, ...size, unit: 'MiB' });
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function median(args: string[]): Promise<{ seconds: number; peak: number }> {
  const runs = [];
  for (let i = 0; i < RUNS; i++) runs.push(await once(args));
  return {
    seconds: quantile(
      runs.map(({ seconds }) => seconds),
      0.5,
    ),
    peak: Math.max(...runs.map(({ peak }) => peak)),
  };
}

/** One process, its output read and thrown away; its peak memory from the kernel, sampled while it runs. */
function once(args: string[]): Promise<{ seconds: number; peak: number }> {
  return new Promise((resolve, reject) => {
    const begin = performance.now();
    // The program prints its own peak when it ends: nobody else knows it as well.
    const report = `process.on('exit', () => process.stderr.write('peak ' + process.resourceUsage().maxRSS + '\\n'))`;
    const preload = `data:text/javascript,${encodeURIComponent(report)}`;
    const child = spawn(process.execPath, ['--import', preload, PROGRAM, ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let errors = '';
    child.stdout.resume();
    child.stderr.on('data', (chunk) => {
      errors += chunk;
    });
    child.on('error', reject);
    child.on('close', (code) => {
      const peak = /^peak (\d+)$/m.exec(errors);
      if (code !== 0 || peak === null)
        reject(new Error(`portent ${args.join(' ')} ended with ${code}: ${errors}`));
      else resolve({ seconds: (performance.now() - begin) / 1000, peak: Number(peak[1]) / 1024 });
    });
  });
}

function deployment(namespace: string, name: string): RawObject {
  const labels = { app: name, tier: 'front' };
  const ports = [{ name: 'http', containerPort: 8080 }];
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace },
    spec: {
      replicas: 5,
      selector: { matchLabels: { app: name } },
      template: {
        metadata: { labels },
        spec: { containers: [{ name: 'main', image: 'example.test/app', ports }] },
      },
    },
  };
}

function addedPolicy(app: { namespace: string; name: string } | undefined): RawObject {
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name: 'added', namespace: app?.namespace ?? 'default' },
    spec: { podSelector: { matchLabels: { app: app?.name } }, policyTypes: ['Ingress'], ingress: [] },
  };
}

await run(1_000, 200);
await run(5_000, 1_000);
