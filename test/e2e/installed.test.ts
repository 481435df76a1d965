/**
 * The chart installed by both majors of Helm into a real cluster, unchanged: its pods run here as on a node, and
 * the API server calls them through the Service. See `Installed`.
 */
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { chartFolder, helms } from '../chart/helm.ts';
import { Installed } from './installed.ts';
import { documents, namespaceOf, policy, service } from './objects.ts';
import type { Pod } from './pod-types.ts';
import { apply, naming } from './portent.ts';

const space = 'portent-system';
const inSpace = `/api/v1/namespaces/${space}`;
let installed: Installed;
/** The chart as the next release has it. */
const next = nextChart();

before(
  async () => {
    installed = await Installed.start();
    await installed.cluster.apply(documents(namespaceOf('shop')));
  },
  { timeout: 90_000 },
);

after(async () => {
  rmSync(dirname(next), { recursive: true });
  await installed?.stop();
});

/** Denies in one namespace what is only a warning elsewhere. */
const strictShop = {
  apiVersion: 'portent.dev/v1alpha1',
  kind: 'PortentPolicy',
  metadata: { name: 'strict-shop' },
  spec: {
    rules: {
      'namespace-isolated': { overrides: [{ namespaces: ['shop'], action: 'deny' }], action: 'warn' },
    },
  },
};
const isolating = (namespace: string) => policy(namespace, 'isolate', { podSelector: {} });

/** Every object of the cluster, but for what comes and goes by itself. */
async function everything(): Promise<Set<string>> {
  const resources = (await installed.kubectl('api-resources', '--verbs=list', '-o', 'name'))
    .trim()
    .split('\n');
  const lasting = resources.filter((name) => !/^(events|leases|componentstatuses)\b/.test(name));
  const format = 'custom-columns=K:.kind,S:.metadata.namespace,N:.metadata.name';
  const text = await installed.kubectl('get', lasting.join(), '-A', '-o', format, '--no-headers');
  return new Set(
    text
      .trim()
      .split('\n')
      .map((line) => line.trim().replaceAll(/\s+/g, ' ')),
  );
}

async function stored(): Promise<Readonly<Record<string, string>>> {
  const { data = {} } = await installed.get<{ readonly data?: Readonly<Record<string, string>> }>(
    `${inSpace}/secrets/portent-tls`,
  );
  return Object.fromEntries(
    Object.entries(data).map(([key, text]) => [key, Buffer.from(text, 'base64').toString()]),
  );
}

/** The sum over the replicas of the series that the pattern names. */
async function counted(series: RegExp): Promise<number> {
  const pages = await Promise.all([...installed.pods.values()].map((pod) => pod.page('/metrics')));
  const values = pages.flatMap(({ text }) =>
    text
      .split('\n')
      .filter((line) => series.test(line))
      .map((line) => Number(line.split(' ').at(-1))),
  );
  return values.reduce((sum, value) => sum + value, 0);
}

/** What the API server counts of calls that failed. */
async function failures(): Promise<string> {
  const { text } = await installed.cluster.request('GET', '/metrics');
  const about = /^apiserver_admission_webhook_(fail_open_count|rejection_count).*validate\.portent\.dev/;
  return text
    .split('\n')
    .filter((line) => about.test(line))
    .join('\n');
}

/** Applies until it is denied: a PortentPolicy takes a moment, and a busy machine sheds calls. */
async function denied(object: object = isolating('shop')): Promise<string> {
  try {
    return await installed.cluster.waitFor('it is denied', async () => {
      const { code, stderr } = await apply(installed.cluster, object);
      if (code !== 1) await installed.cluster.kubectl(['delete', '-f', '-'], { input: documents(object) });
      return code === 1 && stderr;
    });
  } catch (error) {
    throw new Error(await failures(), { cause: error });
  }
}

/** A copy of the chart with another version, as the next release has it. */
function nextChart(): string {
  const folder = join(mkdtempSync(join(tmpdir(), 'portent-chart-')), 'portent');
  cpSync(chartFolder, folder, { recursive: true });
  const file = join(folder, 'Chart.yaml');
  writeFileSync(file, readFileSync(file, 'utf8').replace(/^version: .*$/m, 'version: 0.9.9'));
  return folder;
}

/** The Deployment's, the Secret's and the definition's own names for themselves: they change with a new object. */
async function identities(): Promise<readonly string[]> {
  const paths = [
    `/apis/apps/v1/namespaces/${space}/deployments/portent`,
    `${inSpace}/secrets/portent-tls`,
    `${inSpace}/services/portent`,
    `${inSpace}/serviceaccounts/portent`,
    `/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations/${space}`,
    `/apis/rbac.authorization.k8s.io/v1/clusterroles/${space}`,
    '/apis/apiextensions.k8s.io/v1/customresourcedefinitions/portentpolicies.portent.dev',
    '/apis/portent.dev/v1alpha1/portentpolicies/strict-shop',
  ];
  return Promise.all(paths.map(async (path) => (await installed.get<Pod>(path)).metadata.uid));
}

const podNames = async (count: number): Promise<readonly string[]> =>
  (await installed.deployed(count)).map(({ metadata }) => metadata.name).sort();

async function unregistered(): Promise<string> {
  const { exit, said } = await installed.unregister();
  assert.equal(exit, 'exit status 0', said);
  return said;
}

for (const helm of helms) {
  describe(helm, () => {
    let empty: Set<string>;

    test('installed as it comes: two replicas share a certificate and tell the API server', {
      timeout: 60_000,
    }, async () => {
      empty = await everything();
      await installed.install(helm);
      const pods = await installed.follow(2);
      const secret = await stored();
      const certificate = new X509Certificate(secret['tls.crt'] ?? '');
      assert.equal(certificate.checkHost('portent.portent-system.svc'), 'portent.portent-system.svc');
      assert.equal(await installed.published(), secret['ca.crt']);
      const ends = `portent_certificate_expiry_timestamp_seconds ${certificate.validToDate.getTime() / 1000}`;
      for (const pod of pods) {
        assert.ok((await pod.page('/metrics')).text.includes(ends));
        assert.equal((await pod.page('/healthz')).text, 'ok\n');
        assert.equal((await pod.page('/readyz')).text, 'ok\n');
        assert.match(pod.log(), /"server":"https:\/\/10\.96\.0\.1:443"/);
        assert.doesNotMatch(pod.log(), /403|Forbidden|not allowed/);
      }
      await installed.inForce();
    });

    test('kubectl apply is warned, then denied by a PortentPolicy; it is counted, and an Event', {
      timeout: 40_000,
    }, async () => {
      const { cluster } = installed;
      const said = await apply(cluster, isolating('shop'), '--dry-run=server');
      assert.equal(said.code, 0, said.stderr);
      assert.equal(naming(said, 'namespace-isolated', 'every pod of namespace shop').length, 1, said.stderr);
      await cluster.apply(documents(strictShop));
      const words = await denied();
      assert.match(
        words,
        /admission webhook "validate\.portent\.dev" denied the request: .*namespace-isolated/s,
      );
      assert.ok(
        (await counted(/^portent_admission_requests_total\{.*"create".*"deny",dry_run="false"\}/)) >= 1,
      );
      await cluster.waitFor('the Event', async () => {
        const args = ['get', 'events.events.k8s.io', '-n', 'shop', '-o', 'json'] as const;
        const { items } = JSON.parse(await installed.kubectl(...args)) as {
          readonly items: readonly { readonly reason: string; readonly reportingInstance: string }[];
        };
        return items.some((each) => each.reason === 'Denied' && installed.pods.has(each.reportingInstance));
      });
      const status = await installed.get<{ readonly status: { readonly conditions: readonly object[] } }>(
        '/apis/portent.dev/v1alpha1/portentpolicies/strict-shop',
      );
      assert.match(JSON.stringify(status.status.conditions), /"reason":"InForce"/);
    });

    test('a replica is killed: the other one answers', { timeout: 30_000 }, async () => {
      for (const [name, pod] of [...installed.pods]) {
        await pod.stop();
        installed.pods.delete(name);
        assert.match(await denied(), /namespace-isolated/);
        // A new container in the same pod, as the kubelet would start.
        await installed.follow(2);
      }
    });

    test('helm test: its pod reaches a replica through the Service by its name, and fails when there is none', {
      timeout: 60_000,
    }, async () => {
      const run = async () => {
        const path = `${inSpace}/pods/portent-test`;
        const gone = async () => (await installed.cluster.request('GET', path)).status === 404;
        let early: string | undefined;
        const testing = installed.tryHelm(helm, 'test', 'portent', '--timeout=30s').then((result) => {
          early = `helm test ended before it ran: ${result.stdout}${result.stderr}`;
          return result;
        });
        const pod = await installed.cluster.waitFor(
          'the pod of the test runs',
          async () => {
            const { status, body } = await installed.cluster.request('GET', path);
            const found = body as Pod;
            const runs = status === 200 && found.status.phase === 'Running';
            return runs && found.status.podIP !== undefined && found;
          },
          { hopeless: () => early },
        );
        const running = await installed.host.start(pod);
        const exit = await running.end();
        // What the node's kubelet would tell.
        const phase = exit === 'exit status 0' ? 'Succeeded' : 'Failed';
        const answer = await installed.cluster.request('PATCH', `${path}/status`, { status: { phase } });
        assert.equal(answer.status, 200, answer.text);
        const { code } = await testing;
        await running.stop();
        await installed.cluster.request('DELETE', path);
        await installed.cluster.waitFor('the pod of the test is gone', gone);
        return { code, said: running.log() };
      };
      assert.deepEqual(await run(), { code: 0, said: 'portent.portent-system.svc is ready' });
      await installed.endPods();
      const { code, said } = await run();
      assert.deepEqual([code, said.startsWith('portent.portent-system.svc: ')], [1, true], said);
      await installed.follow(2);
    });

    test('upgraded: nothing is made anew, what is not read at the start makes no new pods and is in force, a version does', {
      timeout: 90_000,
    }, async () => {
      const [before, secret, bundle] = [await identities(), await stored(), await installed.published()];
      const names = await podNames(2);
      const values = ['--set=webhook.timeoutSeconds=4', '--set=config.nodePortRange=30000-30999'];
      await installed.helm(helm, 'upgrade', 'portent', chartFolder, ...values);
      assert.deepEqual(await podNames(2), names);
      for (const pod of installed.pods.values()) {
        await pod.refresh();
        await pod.wait('the log says so', () => pod.log().includes('configuration file: applied'));
      }
      const ports = { type: 'NodePort', selector: { app: 'x' }, ports: [{ port: 80, nodePort: 31_000 }] };
      const words = await denied(service('shop', 'outside', ports));
      assert.match(words, /node-port-range/);

      await installed.helm(helm, 'upgrade', 'portent', next, ...values);
      const rolled = await installed.cluster.waitFor('other pods', async () => {
        const found = await podNames(2);
        return found.every((name) => !names.includes(name)) && found;
      });
      await installed.follow(2);
      assert.deepEqual([...installed.pods.keys()].sort(), rolled);
      assert.deepEqual(await identities(), before);
      assert.deepEqual(await stored(), secret);
      assert.equal(await installed.published(), bundle);
      assert.match(await denied(), /namespace-isolated/);
    });

    test('uninstalled, with Fail too: every object is gone but the definition and its objects, and changes pass', {
      timeout: 60_000,
    }, async () => {
      await installed.helm(helm, 'upgrade', 'portent', next, '--set=webhook.failurePolicy=Fail');
      await installed.follow(2);
      await installed.inForce();
      assert.match(await unregistered(), /^deleted ValidatingWebhookConfiguration portent-system$/m);
      await installed.inForce();
      assert.equal((await apply(installed.cluster, isolating('shop'), '--dry-run=server')).code, 0);
      await installed.helm(helm, 'uninstall', 'portent', '--wait');
      // They are told to end a moment later than everything they could make anew is deleted.
      await installed.cluster.waitFor('the pods are gone', async () => (await podNames(0)).length === 0);
      await installed.endPods();
      const left = [...(await everything())].filter((each) => !empty.has(each)).sort();
      const kept = [
        'APIService <none> v1alpha1.portent.dev',
        'CustomResourceDefinition <none> portentpolicies.portent.dev',
        'ConfigMap portent-system kube-root-ca.crt',
        'Namespace <none> portent-system',
        'PortentPolicy <none> strict-shop',
        'ServiceAccount portent-system default',
      ];
      assert.deepEqual(left, kept.filter((each) => !empty.has(each)).sort());
      await installed.kubectl('delete', 'crd', 'portentpolicies.portent.dev');
    });
  });
}
