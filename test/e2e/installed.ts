/** The chart installed by Helm into a real cluster, with its pods run here; see `PodHost`. */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  chartFolder,
  type Helm,
  type HelmResult,
  type Manifest,
  only,
  render,
  runHelm,
} from '../chart/helm.ts';
import { controlPlane, programs } from '../cluster/build.ts';
import { type Cluster, startCluster } from '../cluster/cluster.ts';
import { webhooksInForce } from '../cluster/webhook.ts';
import { needsNamespaces, PodHost, type RunningPod } from './pod.ts';
import type { Pod } from './pod-types.ts';
import { ServiceNetwork } from './service-network.ts';

const namespace = 'portent-system';
const configuration = `/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations/${namespace}`;

// Built here, where no test's time limit runs.
await programs(controlPlane);

interface AuditEvent {
  readonly annotations?: Readonly<Record<string, string>>;
}

/** A cluster in which pods of the chart run. */
export class Installed {
  readonly cluster: Cluster;
  readonly network: ServiceNetwork;
  readonly host: PodHost;
  readonly #folder: string;
  /** By the pod's name. */
  readonly pods = new Map<string, RunningPod>();
  readonly #starting = new Map<string, Promise<void>>();

  private constructor(cluster: Cluster, network: ServiceNetwork, folder: string) {
    this.cluster = cluster;
    this.network = network;
    this.#folder = folder;
    network.serve(cluster);
    this.host = new PodHost(cluster, network);
  }

  /** A cluster whose API server calls Services through our network. Nothing is installed yet. */
  static async start({ audits = false } = {}): Promise<Installed> {
    needsNamespaces();
    const folder = mkdtempSync(join(tmpdir(), 'portent-network-'));
    const network = new ServiceNetwork(join(folder, 'services.sock'));
    await network.open();
    const file = join(folder, 'egress.json');
    writeFileSync(file, JSON.stringify(network.egressSelector()));
    try {
      const cluster = await startCluster({
        full: true,
        apiServerArguments: [`--egress-selector-config-file=${file}`, ...(audits ? auditing(folder) : [])],
      });
      return new Installed(cluster, network, folder);
    } catch (error) {
      network.close();
      rmSync(folder, { recursive: true });
      throw error;
    }
  }

  async stop(): Promise<void> {
    await this.host.stop();
    await this.cluster.stop();
    this.network.close();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /** What the API server's audit log has of changes of objects with the name; only for a cluster that audits. */
  audited(name: string): readonly AuditEvent[] {
    const lines = readFileSync(auditLog(this.#folder), 'utf8').split('\n');
    // The last line may still be on its way.
    const whole = lines.slice(0, -1).filter((line) => line.includes(`"name":"${name}"`));
    return whole.map((line) => JSON.parse(line) as AuditEvent);
  }

  async kubectl(...args: string[]): Promise<string> {
    const result = await this.cluster.kubectl(args);
    assert.equal(result.code, 0, result.stderr);
    return result.stdout;
  }

  /** `helm VERB …` in the release's namespace; throws with Helm's words. */
  async helm(helm: Helm, ...args: string[]): Promise<string> {
    const result = await this.tryHelm(helm, ...args);
    assert.equal(result.code, 0, result.stdout + result.stderr);
    return result.stdout;
  }

  tryHelm(helm: Helm, ...args: string[]): Promise<HelmResult> {
    return runHelm(helm, [
      ...args,
      `--kubeconfig=${this.cluster.kubeconfigPath}`,
      `--namespace=${namespace}`,
    ]);
  }

  /** As docs/install.md has it. */
  async install(helm: Helm, ...args: string[]): Promise<string> {
    return this.helm(helm, 'install', 'portent', chartFolder, '--create-namespace', ...args);
  }

  async get<T>(path: string): Promise<T> {
    const { status, body, text } = await this.cluster.request('GET', path);
    assert.equal(status, 200, text);
    return body as T;
  }

  /** The Deployment's pods that have an address, once there are as many as wanted and no other is left. */
  async deployed(count: number): Promise<readonly Pod[]> {
    const selector = 'app.kubernetes.io%2Fname%3Dportent';
    const path = `/api/v1/namespaces/${namespace}/pods?labelSelector=${selector}`;
    return this.cluster.waitFor(`${count} pods of Portent have addresses`, async () => {
      const { items } = await this.get<{ readonly items: readonly Pod[] }>(path);
      const up = items.filter(({ status }) => status.podIP !== undefined && status.phase === 'Running');
      return items.length === count && up.length === count && items;
    });
  }

  /** Ends the pods that the API server no longer has, starts the new ones, and waits until all are ready. */
  async follow(count: number): Promise<readonly RunningPod[]> {
    const wanted = await this.deployed(count);
    const names = new Set(wanted.map(({ metadata }) => metadata.name));
    for (const [name, pod] of this.pods) {
      if (names.has(name)) continue;
      this.pods.delete(name);
      await pod.stop();
    }
    const fresh = wanted.filter(({ metadata }) => !this.pods.has(metadata.name));
    await Promise.all(fresh.map((pod) => this.#run(pod)));
    const all = wanted.map(({ metadata }) => this.pods.get(metadata.name) as RunningPod);
    await Promise.all(all.map((pod) => pod.ready()));
    return all;
  }

  /**
   * Plays the kubelet until the signal: starts every pod of Portent's namespace that has an address, ends those that
   * are gone, and tells the API server how those ended that run to an end.
   */
  async keepUp(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const { items } = await this.get<{ readonly items: readonly Pod[] }>(
        `/api/v1/namespaces/${namespace}/pods`,
      );
      const names = new Set(items.map(({ metadata }) => metadata.name));
      for (const [name, pod] of this.pods) {
        if (names.has(name)) continue;
        this.pods.delete(name);
        await pod.stop();
      }
      for (const pod of items) await this.#keepUpWith(pod);
      await sleep(100);
    }
  }

  async #keepUpWith(pod: Pod): Promise<void> {
    const { name } = pod.metadata;
    const running = this.pods.get(name);
    if (pod.status.phase !== 'Running' || pod.status.podIP === undefined) return;
    if (running === undefined) await this.#run(pod);
    else if (running.exit !== undefined) {
      const phase = running.exit === 'exit status 0' ? 'Succeeded' : 'Failed';
      const path = `/api/v1/namespaces/${namespace}/pods/${name}/status`;
      await this.cluster.request('PATCH', path, { status: { phase } });
    }
  }

  /** Starts a pod, unless somebody does already. */
  async #run(pod: Pod): Promise<void> {
    const { name } = pod.metadata;
    let starting = this.#starting.get(name);
    if (starting === undefined) {
      starting = this.host.start(pod).then((running) => {
        this.pods.set(name, running);
        this.#starting.delete(name);
      });
      this.#starting.set(name, starting);
    }
    await starting;
  }

  /** Ends every pod of the Deployment here; the API server is not told. */
  async endPods(): Promise<void> {
    await Promise.all([...this.pods.values()].map((pod) => pod.stop()));
    this.pods.clear();
  }

  /** The authority that the API server trusts for the webhook; '' while there is none. */
  async published(): Promise<string> {
    const { webhooks } = await this.get<{
      readonly webhooks: readonly { readonly clientConfig: { readonly caBundle?: string } }[];
    }>(configuration);
    return Buffer.from(webhooks[0]?.clientConfig.caBundle ?? '', 'base64').toString();
  }

  /** Runs by hand what the Job before an uninstall runs: the Jobs of this cluster are pretended. */
  async unregister(): Promise<{ readonly exit: string; readonly said: string }> {
    const job = only(await render('helm', 'webhook.failurePolicy="Fail"'), 'Job');
    const { template } = job.spec as { readonly template: Manifest };
    const metadata = { name: 'unregister', namespace, labels: template.metadata.labels };
    const made = { apiVersion: 'v1', kind: 'Pod', metadata, spec: template.spec };
    await this.cluster.apply(JSON.stringify(made));
    const path = `/api/v1/namespaces/${namespace}/pods/unregister`;
    const pod = await this.cluster.waitFor('the pod has an address', async () => {
      const found = await this.get<Pod>(path);
      return found.status.podIP !== undefined && found;
    });
    const running = await this.host.start(pod);
    const exit = await running.end();
    await running.stop();
    await this.kubectl('delete', 'pod', 'unregister', '-n', namespace, '--grace-period=0', '--force');
    return { exit, said: running.log() };
  }

  inForce(): Promise<void> {
    return webhooksInForce(this.cluster);
  }
}

const auditLog = (folder: string): string => join(folder, 'audit.log');

/** Changes alone, without their bodies. */
function auditing(folder: string): string[] {
  const policy = join(folder, 'audit.json');
  const rules = [{ level: 'Metadata', verbs: ['create', 'update', 'patch', 'delete'] }, { level: 'None' }];
  writeFileSync(policy, JSON.stringify({ apiVersion: 'audit.k8s.io/v1', kind: 'Policy', rules }));
  return [`--audit-policy-file=${policy}`, `--audit-log-path=${auditLog(folder)}`];
}
