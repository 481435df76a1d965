/** A real Kubernetes control plane on 127.0.0.1, for tests. See `startCluster`. */
import { randomBytes } from 'node:crypto';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { besideProgram, controlPlane, programs } from './build.ts';
import { issue, newAuthority, newKeyPair } from './certificates.ts';
import {
  apiServerArguments,
  type ClusterPorts,
  controllerManagerArguments,
  etcdArguments,
  kwokArguments,
  schedulerArguments,
} from './components.ts';
import { type KubectlOptions, type KubectlResult, runKubectl } from './kubectl.ts';
import { nodeManifest, nodeName } from './nodes.ts';
import { freePorts } from './ports.ts';
import { type ProcessSpec, ServerProcess } from './process.ts';
import { type ApiAnswer, apiRequest } from './request.ts';
import { type WaitOptions, waitFor } from './wait.ts';
import { Watchdog } from './watchdog.ts';

/** What a test may choose. Everything has a default. */
export interface ClusterOptions {
  /** Adds controller manager, scheduler and pretended nodes: Deployments become Ready pods with addresses. */
  readonly full?: boolean;
  /** How many nodes a full cluster starts with (default 2). */
  readonly nodes?: number;
  /** `--service-cluster-ip-range` (default 10.96.0.0/16, with `dualStack` fd00:96::/112 too). */
  readonly serviceCidr?: string;
  /** `--service-node-port-range` (default 30000-32767). */
  readonly nodePortRange?: string;
  /** Pods and Services may have IPv4 and IPv6 addresses. */
  readonly dualStack?: boolean;
  /** More arguments for kube-apiserver, after ours. */
  readonly apiServerArguments?: readonly string[];
}

/** A running cluster. */
export interface Cluster {
  /** `https://127.0.0.1:PORT`; the same for the cluster's whole life. */
  readonly url: string;
  /** A kubeconfig with the rights of `system:masters`. */
  readonly kubeconfigPath: string;
  readonly adminToken: string;
  /** The certificate authority of the API server. */
  readonly caPem: string;
  /** Data, keys and logs. `stop` removes it. */
  readonly folder: string;
  /** The pids of the servers that run now, by name. */
  pids(): ReadonlyMap<string, number>;
  /** Runs kubectl as the administrator. A command that fails is a result, not an exception. */
  kubectl(args: readonly string[], options?: KubectlOptions): Promise<KubectlResult>;
  /** `kubectl apply -f -`; throws with kubectl's words if it fails, else gives what it printed. */
  apply(manifests: string): Promise<KubectlResult>;
  /** One raw request as the administrator, with the warnings of the answer. */
  request(method: string, path: string, body?: unknown): Promise<ApiAnswer>;
  /** Writes a kubeconfig that uses another token (from `kubectl create token`, say) and gives its path. */
  kubeconfig(name: string, token: string): string;
  /** Adds nodes to a full cluster and waits until pods can run on them. Gives their names. */
  addNodes(count: number): Promise<string[]>;
  /** Ends the API server politely, starts it again on the same port, with more arguments, and waits until it is ready. */
  restartApiServer(...more: readonly string[]): Promise<void>;
  /** SIGKILL to the API server. `restartApiServer` brings it back. */
  killApiServer(): Promise<void>;
  /** SIGSTOP to etcd: the API server lives but answers nothing that needs storage. */
  pauseEtcd(): void;
  resumeEtcd(): void;
  /** A bounded wait that also ends when a server dies, and then shows the tail of its log. */
  waitFor<T>(
    what: string,
    probe: () => Promise<T | undefined | false> | T | undefined | false,
    options?: WaitOptions,
  ): Promise<T>;
  /** Ends every process and removes the folder. May be called twice. */
  stop(): Promise<void>;
}

const users = ['admin', 'controller-manager', 'scheduler', 'kwok'] as const;

/**
 * Starts etcd and kube-apiserver (and the rest, with `full`) and waits until they are ready, about 5 s. The
 * programs are built first if need be, which takes minutes, once. Throws with the tails of the logs.
 * The servers end with this process, however it ends.
 */
export async function startCluster(options: ClusterOptions = {}): Promise<Cluster> {
  const full = options.full === true;
  const paths = await programs(full ? controlPlane : ['etcd', 'kube-apiserver', 'kubectl']);
  const path = (name: (typeof controlPlane)[number]): string => paths.get(name) ?? name;
  const folder = mkdtempSync(join(tmpdir(), 'portent-cluster-'));
  const watchdog = new Watchdog(folder);
  const servers = new Map<string, ServerProcess>();

  const server = (name: string, program: string, args: readonly string[]): ServerProcess => {
    const spec: ProcessSpec = { name, program, args, folder };
    const made = new ServerProcess(spec, watchdog);
    servers.set(name, made);
    return made;
  };

  const stop = async (): Promise<void> => {
    // The data is thrown away, so nobody has to end politely.
    await Promise.all([...servers.values()].reverse().map((each) => each.stop(0)));
    await watchdog.finish();
  };

  try {
    const ports = await choosePorts();
    const secrets = await writeSecrets(folder, ports);
    const access = { url: secrets.url, caPem: secrets.caPem, token: secrets.tokens.admin };
    const kubeconfigPath = join(folder, 'admin.kubeconfig');

    const etcd = server('etcd', path('etcd'), etcdArguments(folder, ports));
    const ranges = options.dualStack === true ? '10.96.0.0/16,fd00:96::/112' : '10.96.0.0/16';
    const apiServerWith = (more: readonly string[]): ServerProcess =>
      server(
        'kube-apiserver',
        path('kube-apiserver'),
        apiServerArguments(folder, ports, {
          serviceCidr: options.serviceCidr ?? ranges,
          nodePortRange: options.nodePortRange ?? '30000-32767',
          serviceAccounts: full,
          more: [...(options.apiServerArguments ?? []), ...more],
        }),
      );
    let apiServer = apiServerWith([]);

    /** The servers whose end nobody asked for. */
    let stopped: ServerProcess | undefined;
    const died = (): ServerProcess[] =>
      [...servers.values()].filter((each) => each !== stopped && each.exit !== undefined);
    const clusterWait: Cluster['waitFor'] = (what, probe, waitOptions = {}) =>
      waitFor(what, probe, {
        hopeless: () => {
          const first = died()[0];
          return first === undefined ? undefined : `${first.name} ended: ${first.exit}`;
        },
        context: () => {
          const dead = died();
          return (dead.length > 0 ? dead : [...servers.values()])
            .map((each) => `--- ${each.logPath}\n${each.tail(dead.length > 0 ? 25 : 6)}`)
            .join('\n');
        },
        ...waitOptions,
      });

    const request: Cluster['request'] = (method, where, body) => apiRequest(access, method, where, body);
    const exists = async (where: string): Promise<boolean> => (await request('GET', where)).status === 200;
    const apiServerReady = () =>
      clusterWait('kube-apiserver is ready', () => exists('/readyz'), { timeout: 60_000, interval: 50 });
    const kubectl: Cluster['kubectl'] = (args, kubectlOptions) =>
      runKubectl(path('kubectl'), folder, [`--kubeconfig=${kubeconfigPath}`, ...args], kubectlOptions);

    let nodes = 0;
    const addNodes = async (count: number): Promise<string[]> => {
      if (!full) throw new Error('only a full cluster has nodes: startCluster({ full: true })');
      const indexes = Array.from({ length: count }, () => nodes++);
      for (const index of indexes) {
        const answer = await request(
          'POST',
          '/api/v1/nodes',
          nodeManifest(index, options.dualStack === true),
        );
        if (answer.status !== 201) throw new Error(`${nodeName(index)} was refused: ${answer.text}`);
      }
      for (const index of indexes) {
        const where = `/api/v1/nodes/${nodeName(index)}`;
        await clusterWait(`${nodeName(index)} is ready`, async () =>
          isUsable((await request('GET', where)).body),
        );
      }
      return indexes.map(nodeName);
    };

    etcd.start();
    apiServer.start();
    await apiServerReady();
    await clusterWait('namespace default exists', () => exists('/api/v1/namespaces/default'));

    if (full) {
      const stages = besideProgram(path('kwok'), 'kwok');
      server(
        'kube-controller-manager',
        path('kube-controller-manager'),
        controllerManagerArguments(folder, ports),
      ).start();
      server('kube-scheduler', path('kube-scheduler'), schedulerArguments(folder, ports)).start();
      server('kwok', path('kwok'), kwokArguments(folder, ports, stages)).start();
      await addNodes(options.nodes ?? 2);
      await clusterWait('the default service account exists', () =>
        exists('/api/v1/namespaces/default/serviceaccounts/default'),
      );
    }

    return {
      url: secrets.url,
      kubeconfigPath,
      adminToken: secrets.tokens.admin,
      caPem: secrets.caPem,
      folder,
      pids: () =>
        new Map([...servers].flatMap(([name, each]) => (each.pid === undefined ? [] : [[name, each.pid]]))),
      kubectl,
      apply: async (manifests) => {
        const result = await kubectl(['apply', '-f', '-'], { input: manifests });
        if (result.code !== 0) throw new Error(`kubectl apply failed: ${result.stderr}`);
        return result;
      },
      request,
      kubeconfig: (name, token) => writeKubeconfig(folder, name, secrets.url, secrets.caPem, token),
      addNodes,
      restartApiServer: async (...more) => {
        stopped = apiServer;
        // Watches that other servers hold open would keep it for a minute.
        await apiServer.stop(3_000);
        if (more.length > 0) apiServer = apiServerWith(more);
        apiServer.start();
        stopped = undefined;
        await apiServerReady();
      },
      killApiServer: async () => {
        stopped = apiServer;
        await apiServer.stop(0);
      },
      pauseEtcd: () => etcd.signal('SIGSTOP'),
      resumeEtcd: () => etcd.signal('SIGCONT'),
      waitFor: clusterWait,
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function choosePorts(): Promise<ClusterPorts> {
  const [etcdClient = 0, etcdPeer = 0, apiServer = 0, controllerManager = 0, scheduler = 0, kwok = 0] =
    await freePorts(6);
  return { etcdClient, etcdPeer, apiServer, controllerManager, scheduler, kwok };
}

/** Writes keys, certificates, tokens and a kubeconfig for each user. */
async function writeSecrets(folder: string, ports: ClusterPorts) {
  const [authority, serviceAccount] = await Promise.all([newAuthority('portent-test-ca'), newKeyPair()]);
  const serving = await issue(authority, {
    commonName: 'kube-apiserver',
    dnsNames: [
      'localhost',
      'kubernetes',
      'kubernetes.default',
      'kubernetes.default.svc',
      'kubernetes.default.svc.cluster.local',
    ],
    // The second is the address of Service `kubernetes` in the standard range.
    ipAddresses: ['127.0.0.1', '10.96.0.1'],
    usage: 'server',
  });
  const token = () => randomBytes(24).toString('hex');
  const tokens = { admin: token(), 'controller-manager': token(), scheduler: token(), kwok: token() };
  const files: readonly (readonly [string, string])[] = [
    ['ca.crt', authority.certificate],
    ['ca.key', authority.key],
    ['apiserver.crt', serving.certificate],
    ['apiserver.key', serving.key],
    ['serviceaccount.key', serviceAccount.privateKey],
    ['serviceaccount.pub', serviceAccount.publicKey],
    ['tokens.csv', users.map((user) => `${tokens[user]},${user},${user},system:masters\n`).join('')],
  ];
  for (const [name, text] of files) writeFileSync(join(folder, name), text, { mode: 0o600 });
  const url = `https://127.0.0.1:${ports.apiServer}`;
  for (const user of users) writeKubeconfig(folder, user, url, authority.certificate, tokens[user]);
  return { url, tokens, caPem: authority.certificate };
}

/** A kubeconfig in JSON, which is YAML too. */
function writeKubeconfig(folder: string, name: string, url: string, caPem: string, token: string): string {
  const path = join(folder, `${name}.kubeconfig`);
  const cluster = { server: url, 'certificate-authority-data': Buffer.from(caPem).toString('base64') };
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'test', cluster }],
    users: [{ name, user: { token } }],
    contexts: [{ name: 'test', context: { cluster: 'test', user: name } }],
    'current-context': 'test',
  };
  writeFileSync(path, JSON.stringify(config, null, 2), { mode: 0o600 });
  return path;
}

interface NodeState {
  readonly spec?: { readonly taints?: readonly unknown[] };
  readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
}

function isUsable(node: unknown): boolean {
  const { spec, status } = node as NodeState;
  const ready = status?.conditions?.some((each) => each.type === 'Ready' && each.status === 'True') === true;
  return ready && (spec?.taints ?? []).length === 0;
}
