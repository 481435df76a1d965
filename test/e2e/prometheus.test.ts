/** A real Prometheus that scrapes the real program and the real API server, while changes are judged. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Manifest, only, render } from '../chart/helm.ts';
import { type Cluster, startCluster } from '../cluster/cluster.ts';
import { freePorts } from '../cluster/ports.ts';
import { ServerProcess } from '../cluster/process.ts';
import { Watchdog } from '../cluster/watchdog.ts';
import { documents, namespaceOf, pod, policy, service } from './objects.ts';
import { type Portent, register, startPortent } from './portent.ts';

const PROMETHEUS = '/usr/bin/prometheus';
const found = spawnSync(PROMETHEUS, ['--version']).error === undefined;

/** Ports from 31000 are denied, but in one namespace. */
const config = {
  nodePortRange: '30000-30999',
  exemptions: [{ rules: ['node-port-range'], namespaces: ['exempt'], reason: 'the test' }],
};

let cluster: Cluster;
let portent: Portent;
let folder: string;
let watchdog: Watchdog;
let url: string;
let manifests: readonly Manifest[];
let busy = true;
let traffic: Promise<void>;

before(
  async () => {
    if (!found) throw new Error('prometheus is missing: install it (Debian: apt-get install prometheus)');
    manifests = await render('helm3', 'prometheusRule.enabled=true', 'dashboard.enabled=true');
    cluster = await startCluster();
    const before = [
      pod('default', 'web', { app: 'web' }),
      namespaceOf('exempt'),
      service('exempt', 'exempt', { type: 'NodePort', ports: [{ port: 80, nodePort: 31_000 }] }),
    ];
    await cluster.apply(documents(...before));
    portent = await startPortent(cluster, { config });
    await register(cluster, portent);
    await cluster.apply(
      [deadHook('open', 'Ignore', 'configmaps'), deadHook('closed', 'Fail', 'limitranges')].join('\n---\n'),
    );
    traffic = changes();
    url = await startPrometheus();
  },
  { timeout: 60_000 },
);

after(async () => {
  busy = false;
  await traffic;
  await watchdog?.finish();
  await portent?.stop();
  await cluster?.stop();
});

/** A webhook of Portent's name where nobody listens: the API server's figures of calls that fail. */
function deadHook(name: string, failurePolicy: 'Ignore' | 'Fail', resource: string): string {
  return JSON.stringify({
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'ValidatingWebhookConfiguration',
    metadata: { name: `dead-${name}` },
    webhooks: [
      {
        name: 'validate.portent.dev',
        clientConfig: { url: 'https://127.0.0.1:1/validate' },
        rules: [{ apiGroups: [''], apiVersions: ['v1'], resources: [resource], operations: ['CREATE'] }],
        failurePolicy,
        sideEffects: 'None',
        admissionReviewVersions: ['v1'],
        timeoutSeconds: 1,
      },
    ],
  });
}

/** Changes that are allowed, warned about and denied, and calls that fail, until the tests are over. */
async function changes(): Promise<void> {
  const post = (path: string, body: object) => cluster.request('POST', path, body).catch(() => undefined);
  const policies = '/apis/networking.k8s.io/v1/namespaces/default/networkpolicies';
  const ports = (more: object) => ({ ports: [{ port: 80, ...more }] });
  const small = (kind: string, name: string) => ({
    apiVersion: 'v1',
    kind,
    metadata: { name, namespace: 'default' },
  });
  for (let i = 0; busy; i++) {
    await post(policies, policy('default', `warned-${i}`, { podSelector: { matchLabels: { app: 'x' } } }));
    await post('/api/v1/namespaces/default/services?dryRun=All', service('default', 'allowed', ports({})));
    await post(
      '/api/v1/namespaces/default/services',
      service('default', 'denied', { type: 'NodePort', ...ports({ nodePort: 31_000 }) }),
    );
    const moved = { spec: { ports: [{ port: 80, nodePort: 31_001 + (i % 50) }] } };
    await cluster.request('PATCH', '/api/v1/namespaces/exempt/services/exempt', moved).catch(() => undefined);
    await post('/api/v1/namespaces/default/configmaps', small('ConfigMap', `open-${i}`));
    await post('/api/v1/namespaces/default/limitranges', small('LimitRange', `closed-${i}`));
    await sleep(100);
  }
}

async function startPrometheus(): Promise<string> {
  folder = mkdtempSync(join(tmpdir(), 'portent-prometheus-'));
  watchdog = new Watchdog(folder);
  const [port = 0] = await freePorts(1);
  const job = (job_name: string, target: string, more: object) => ({
    job_name,
    static_configs: [{ targets: [target], ...more }],
  });
  const ours = { labels: { namespace: 'portent-system', pod: 'portent-0' } };
  const config = {
    global: { scrape_interval: '1s', evaluation_interval: '1s' },
    rule_files: ['rules.yaml'],
    scrape_configs: [
      job('portent', `127.0.0.1:${portent.metricsPort}`, ours),
      {
        ...job('apiserver', new URL(cluster.url).host, {}),
        scheme: 'https',
        authorization: { credentials: cluster.adminToken },
        tls_config: { ca_file: 'ca.crt' },
      },
    ],
  };
  const files = {
    'prometheus.yaml': JSON.stringify(config),
    'rules.yaml': JSON.stringify(only(manifests, 'PrometheusRule').spec),
    'ca.crt': cluster.caPem,
  };
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text, { mode: 0o600 });
  const server = new ServerProcess(
    {
      name: 'prometheus',
      program: PROMETHEUS,
      folder,
      args: [
        '--config.file=prometheus.yaml',
        '--storage.tsdb.path=data',
        `--web.listen-address=127.0.0.1:${port}`,
        '--log.level=warn',
      ],
    },
    watchdog,
  );
  server.start();
  url = `http://127.0.0.1:${port}`;
  await cluster.waitFor('both targets were scraped', async () => (await query('up == 1')).length === 2, {
    hopeless: () => server.exit,
    context: () => server.tail(),
  });
  return url;
}

interface Sample {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: readonly [time: number, value: string];
}

async function ask(path: string, parameters: Readonly<Record<string, string>> = {}): Promise<unknown> {
  const answer = await fetch(`${url}${path}?${new URLSearchParams(parameters)}`, {
    signal: AbortSignal.timeout(5_000),
  });
  const body = (await answer.json()) as {
    readonly status: string;
    readonly error?: string;
    readonly data: unknown;
  };
  assert.equal(body.status, 'success', `${JSON.stringify(parameters)}: ${body.error}`);
  return body.data;
}

async function query(expr: string): Promise<readonly Sample[]> {
  const { result } = (await ask('/api/v1/query', { query: expr })) as { readonly result: readonly Sample[] };
  return result;
}

interface Dashboard {
  readonly templating: {
    readonly list: readonly { readonly name: string; readonly type: string; readonly definition?: string }[];
  };
  readonly panels: readonly {
    readonly title: string;
    readonly type: string;
    readonly targets?: readonly { readonly expr: string }[];
  }[];
}

function dashboard(): Dashboard {
  const { data, metadata } = only(manifests, 'ConfigMap', 'portent-dashboard') as Manifest & {
    readonly data: Readonly<Record<string, string>>;
  };
  assert.equal(new Map(Object.entries(metadata.labels ?? {})).get('grafana_dashboard'), '1');
  return JSON.parse(data['portent.json'] ?? '') as Dashboard;
}

/** What Grafana puts in place of its variables. */
const filled = (expr: string): string =>
  expr
    .replaceAll('$namespace', 'portent-system')
    .replaceAll('$pod', '.+')
    .replaceAll('$__rate_interval', '10s')
    .replaceAll('$__range', '1m');

test('every query of the dashboard gives numbers', { timeout: 60_000 }, async () => {
  const queries = dashboard().panels.flatMap(({ title, targets = [] }) =>
    targets.map(({ expr }) => ({ title, expr: filled(expr) })),
  );
  assert.ok(queries.length >= 25, `${queries.length} queries`);
  for (const { title, expr } of queries) {
    assert.doesNotMatch(expr, /\$/, title);
    await cluster.waitFor(`${title}: ${expr}`, async () => {
      const samples = await query(expr);
      return samples.some(({ value }) => Number.isFinite(Number(value[1])));
    });
  }
});

test('the variables of the dashboard find the namespace and the replica', { timeout: 20_000 }, async () => {
  const values: [string, unknown][] = [];
  for (const { name, type, definition = '' } of dashboard().templating.list) {
    if (type !== 'query') continue;
    const [, selector = '', label = ''] = /^label_values\((.+), (\w+)\)$/.exec(filled(definition)) ?? [];
    values.push([name, await ask(`/api/v1/label/${label}/values`, { 'match[]': selector })]);
  }
  assert.deepEqual(values, [
    ['namespace', ['portent-system']],
    ['pod', ['portent-0']],
  ]);
});

test('what the traffic was is what the panels say', { timeout: 30_000 }, async () => {
  const decisions = 'sum by (decision) (portent_admission_requests_total) > 0';
  const seen = (await query(decisions)).map(({ metric }) => metric.decision);
  assert.deepEqual(seen.toSorted(), ['allow', 'deny', 'warn']);
  const refused = await query(
    'sum by (error_type) (apiserver_admission_webhook_rejection_count{name="validate.portent.dev"}) > 0',
  );
  assert.deepEqual(refused.map(({ metric }) => metric.error_type).toSorted(), [
    'calling_webhook_error',
    'no_error',
  ]);
});

test('every alert is evaluated without an error', { timeout: 30_000 }, async () => {
  interface Rule {
    readonly name: string;
    readonly health: string;
    readonly lastError?: string;
    readonly state: string;
  }
  const rules = await cluster.waitFor('every rule was evaluated', async () => {
    const { groups } = (await ask('/api/v1/rules')) as {
      readonly groups: readonly { readonly rules: readonly Rule[] }[];
    };
    const all = groups.flatMap((group) => group.rules);
    return all.length > 0 && all.every(({ health }) => health !== 'unknown') && all;
  });
  assert.deepEqual(
    rules.filter(({ health }) => health !== 'ok').map(({ name, lastError }) => `${name}: ${lastError}`),
    [],
  );
  const { groups } = only(manifests, 'PrometheusRule').spec as {
    readonly groups: readonly { readonly rules: readonly unknown[] }[];
  };
  assert.equal(rules.length, groups.flatMap((group) => group.rules).length);
  // The calls that fail and the test's certificate of one day are seen, though not for long enough to be told of.
  await cluster.waitFor('the alerts that ought to wait', async () => {
    const { alerts } = (await ask('/api/v1/alerts')) as {
      readonly alerts: readonly {
        readonly labels: Readonly<Record<string, string>>;
        readonly state: string;
      }[];
    };
    const seen = alerts.map(({ labels, state }) => `${labels.alertname} ${state}`).toSorted();
    const expected = ['PortentCertificateEnds', 'PortentFailsClosed', 'PortentFailsOpen'];
    return seen.join() === expected.map((name) => `${name} pending`).join();
  });
});

test('promtool has no complaint about what the program serves', async () => {
  const { text } = await portent.health('/metrics');
  const { stdout, stderr, status } = spawnSync('promtool', ['check', 'metrics'], {
    input: text,
    encoding: 'utf8',
  });
  assert.equal(stdout + stderr, '');
  assert.equal(status, 0);
});
