/**
 * Runs a pod's container on this machine as a node would: the image's files, a root that is read-only, the pod's
 * user, volumes, environment and service account, and a network of its own in which Services have their addresses.
 */
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { get } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Cluster } from '../cluster/cluster.ts';
import { ServerProcess } from '../cluster/process.ts';
import { waitFor } from '../cluster/wait.ts';
import { Watchdog } from '../cluster/watchdog.ts';
import { runtimeBase } from '../image/base.ts';
import type { Container, Pod } from './pod-types.ts';
import type { ServiceNetwork } from './service-network.ts';
import type { ShimOptions } from './shim.ts';
import { type Filled, fill, volumeFolder } from './volumes.ts';

const repository = join(import.meta.dirname, '..', '..');
const asRoot = process.getuid?.() === 0;

// Whoever is no root is root in a namespace of its own.
const namespaces = [
  ...(asRoot ? [] : ['--map-root-user']),
  ...['--mount', '--net', '--uts', '--pid', '--fork', '--kill-child', '--'],
];

// $1: root, $2: host name, then FROM TO ro|rw for each mount, `--`, and the command.
const script = `
set -e
PATH=/usr/sbin:/usr/bin:/sbin:/bin
root=$1
hostname "$2"
shift 2
ip link set lo up
ip route add local 10.96.0.0/16 dev lo
mount --bind "$root" "$root"
mount -t proc proc "$root/proc"
while [ "$1" != -- ]; do
  mount --bind "$1" "$root$2"
  [ "$3" = rw ] || mount -o remount,bind,ro "$root$2"
  shift 3
done
shift
mount -o remount,bind,ro "$root"
exec "$@"
`;

/** Throws one clear line where pods cannot be played. */
export function needsNamespaces(): void {
  const tried = spawnSync('unshare', [...namespaces, 'true'], { encoding: 'utf8' });
  if (tried.status === 0) return;
  const why = (tried.error?.message ?? tried.stderr).trim();
  throw new Error(`no pod can be played here; run this as root, or allow user namespaces: ${why}`);
}

/** What the image says: its first process and its variables. */
function image(): { readonly entrypoint: readonly string[]; readonly env: Readonly<Record<string, string>> } {
  const text = readFileSync(join(repository, 'Dockerfile'), 'utf8');
  const entrypoint = JSON.parse(/^ENTRYPOINT (.+)$/m.exec(text)?.[1] ?? '') as string[];
  const block = /^ENV ((?:.*\\\n)*.*)$/m.exec(text)?.[1] ?? '';
  const pairs = block.replaceAll('\\\n', ' ').trim().split(/\s+/);
  return { entrypoint, env: Object.fromEntries(pairs.map((pair) => pair.split('=', 2))) };
}

/** A machine for pods: their common files, and the network between them. */
export class PodHost {
  readonly #cluster: Cluster;
  readonly #network: ServiceNetwork;
  readonly #folder = mkdtempSync(join(tmpdir(), 'portent-pods-'));
  readonly #watchdog = new Watchdog(this.#folder);
  readonly #root = join(this.#folder, 'root');
  readonly #image = image();
  readonly #running = new Set<RunningPod>();
  #turn = 0;

  constructor(cluster: Cluster, network: ServiceNetwork) {
    this.#cluster = cluster;
    this.#network = network;
    mkdirSync(this.#root, { mode: 0o755 });
    runtimeBase(this.#root);
    for (const folder of ['proc', 'dev', 'usr/local/bin', 'app/dist'])
      mkdirSync(join(this.#root, folder), { recursive: true });
    for (const file of ['dev/null', 'usr/local/bin/node', 'etc/hosts'])
      writeFileSync(join(this.#root, file), '');
    writeFileSync(join(this.#root, 'etc/nsswitch.conf'), 'hosts: files\n');
    copyFileSync(join(repository, 'package.json'), join(this.#root, 'app/package.json'));
  }

  /** Starts the first container of a pod that the API server knows and that has an address. */
  async start(pod: Pod): Promise<RunningPod> {
    const [container] = pod.spec.containers;
    const address = pod.status.podIP ?? '';
    if (container === undefined) throw new Error('a pod without containers');
    const folder = join(this.#folder, String(this.#turn++));
    mkdirSync(folder, { mode: 0o755 });
    const volumes = new Map<string, Filled>();
    for (const volume of pod.spec.volumes ?? [])
      volumes.set(volume.name, await fill(this.#cluster, pod, volume, volumeFolder(folder, volume)));
    const mounts = [
      ...['/dev/null', '/dev/null', 'rw'],
      ...[process.execPath, '/usr/local/bin/node', 'ro'],
      ...[join(repository, 'dist'), '/app/dist', 'ro'],
      ...[await this.#hosts(folder), '/etc/hosts', 'ro'],
    ];
    for (const { name, mountPath, readOnly } of container.volumeMounts ?? []) {
      const from = volumes.get(name)?.folder;
      if (from === undefined)
        throw new Error(`container ${container.name} mounts ${name}, which is no volume`);
      mkdirSync(join(this.#root, mountPath), { recursive: true });
      mounts.push(from, mountPath, readOnly === true ? 'ro' : 'rw');
    }
    const inSocket = join(folder, 'in.sock');
    const own = (container.ports ?? []).map(({ containerPort }) => containerPort);
    const shim: ShimOptions = {
      inSocket,
      outSocket: this.#network.socket,
      // A port that the container takes on all addresses is not there for a Service too.
      services: (await this.#network.ports()).filter(({ port }) => !own.includes(port)),
      command: this.#command(pod, container),
      env: this.#environment(pod, container),
    };
    const process_ = new ServerProcess(
      {
        name: pod.metadata.name,
        program: 'unshare',
        folder,
        args: [
          ...[...namespaces, '/bin/sh', '-c', script, 'pod', this.#root, pod.metadata.name, ...mounts, '--'],
          ...[process.execPath, join(import.meta.dirname, 'shim.ts'), JSON.stringify(shim)],
        ],
      },
      this.#watchdog,
    );
    process_.start();
    this.#network.add(address, inSocket);
    const running = new RunningPod(pod, process_, volumes, this.#network, () =>
      this.#running.delete(running),
    );
    this.#running.add(running);
    return running;
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#running].map((each) => each.stop()));
    await this.#watchdog.finish();
  }

  /** The names of Services, in place of the cluster's DNS. */
  async #hosts(folder: string): Promise<string> {
    const services = await this.#network.ports();
    const path = join(folder, 'hosts');
    const lines = services.map(({ name, namespace, address }) => `${address} ${name}.${namespace}.svc\n`);
    writeFileSync(path, `127.0.0.1 localhost\n${[...new Set(lines)].join('')}`, { mode: 0o644 });
    return path;
  }

  #command(pod: Pod, { command, args = [], securityContext }: Container): string[] {
    const { runAsUser = 0, runAsGroup = 0, fsGroup } = pod.spec.securityContext ?? {};
    const groups = fsGroup === undefined ? '' : String(fsGroup);
    const user = asRoot ? [`--userspec=${runAsUser}:${runAsGroup}`, `--groups=${groups}`] : [];
    const bound = securityContext?.allowPrivilegeEscalation === false ? ['setpriv', '--no-new-privs'] : [];
    const inside = [...(command ?? this.#image.entrypoint), ...args];
    return [...bound, 'chroot', ...user, this.#root, ...inside];
  }

  #environment(pod: Pod, container: Container): Record<string, string> {
    const own = (container.env ?? []).map(({ name, value = '' }) => [name, value] as const);
    return {
      // For what comes before the program.
      PATH: '/usr/sbin:/usr/bin:/sbin:/bin',
      ...this.#image.env,
      HOSTNAME: pod.metadata.name,
      KUBERNETES_SERVICE_HOST: '10.96.0.1',
      KUBERNETES_SERVICE_PORT: '443',
      ...Object.fromEntries(own),
    };
  }
}

/** The answer of a page. */
export interface Page {
  readonly status: number;
  readonly text: string;
}

/** A pod that runs. */
export class RunningPod {
  readonly pod: Pod;
  readonly #process: ServerProcess;
  readonly #volumes: ReadonlyMap<string, Filled>;
  readonly #network: ServiceNetwork;
  readonly #ended: () => void;

  constructor(
    pod: Pod,
    process_: ServerProcess,
    volumes: ReadonlyMap<string, Filled>,
    network: ServiceNetwork,
    ended: () => void,
  ) {
    this.pod = pod;
    this.#process = process_;
    this.#volumes = volumes;
    this.#network = network;
    this.#ended = ended;
  }

  get address(): string {
    return this.pod.status.podIP ?? '';
  }

  log(): string {
    return this.#process.tail(10_000);
  }

  /** Why it ended, in words; undefined while it runs. */
  get exit(): string | undefined {
    return this.#process.exit;
  }

  /** The container's port of that name. */
  port(name: string | number): number {
    if (typeof name === 'number') return name;
    const ports = this.pod.spec.containers[0]?.ports ?? [];
    const found = ports.find((each) => each.name === name);
    if (found === undefined) throw new Error(`the container has no port ${name}`);
    return found.containerPort;
  }

  /** A page of the metrics port, as through `kubectl port-forward`. */
  async page(path: string, port: string | number = 'metrics'): Promise<Page> {
    const socket = await this.#network.connect(this.address, this.port(port));
    return pageOf(path, () => socket);
  }

  /** Waits until the readiness probe succeeds. */
  async ready(timeout = 20_000): Promise<void> {
    const probe = this.pod.spec.containers[0]?.readinessProbe?.httpGet;
    if (probe === undefined) throw new Error('the container has no readiness probe');
    const ready = async () => (await this.page(probe.path, probe.port)).status === 200;
    await this.wait(`${this.pod.metadata.name} is ready`, ready, timeout);
  }

  /** Waits for something of this pod; ends early when the pod does. */
  wait<T>(
    what: string,
    probe: () => Promise<T | undefined | false> | T | undefined | false,
    timeout = 20_000,
  ): Promise<T> {
    return waitFor(what, probe, {
      timeout,
      interval: 50,
      hopeless: () => this.#process.exit,
      context: () => this.#process.tail(),
    });
  }

  /** Waits until the container has ended by itself, and says how. */
  async end(timeout = 20_000): Promise<string> {
    return waitFor('the container ends', () => this.#process.exit, { timeout, context: () => this.log() });
  }

  /** Brings the volumes up to date. */
  async refresh(): Promise<void> {
    for (const volume of this.#volumes.values()) await volume.refresh();
  }

  async stop(): Promise<void> {
    this.#network.remove(this.address);
    await this.#process.stop(0);
    this.#ended();
  }
}

/** A page over a connection that is there already. */
export function pageOf(path: string, createConnection: () => import('node:net').Socket): Promise<Page> {
  return new Promise((resolve, reject) => {
    const options = { path, createConnection, signal: AbortSignal.timeout(5_000) } as const;
    get(options, (answer) => {
      let text = '';
      answer.setEncoding('utf8').on('data', (part: string) => {
        text += part;
      });
      answer.once('error', reject);
      answer.once('end', () => resolve({ status: answer.statusCode ?? 0, text }));
    }).once('error', reject);
  });
}
