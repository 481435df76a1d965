/** A real `portent serve`, with the rights that the chart gives it, asked by a real API server. */
import { appendFileSync, mkdtempSync, writeFileSync } from 'node:fs';
import { get } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Manifest, only, render } from '../chart/helm.ts';
import { controlPlane, programs } from '../cluster/build.ts';
import { issue, type KeyedCertificate, newAuthority } from '../cluster/certificates.ts';
import type { Cluster } from '../cluster/cluster.ts';
import type { KubectlResult } from '../cluster/kubectl.ts';
import { freePorts } from '../cluster/ports.ts';
import { ServerProcess } from '../cluster/process.ts';
import { waitFor } from '../cluster/wait.ts';
import { Watchdog } from '../cluster/watchdog.ts';
import { webhooksInForce } from '../cluster/webhook.ts';
import { MountedFile } from './mounted.ts';

const main = join(import.meta.dirname, '..', '..', 'src', 'cli', 'portent.ts');
const namespace = 'portent-system';

// Built here, where no test's time limit runs.
await programs(controlPlane);

/** What a test may choose. */
export interface PortentOptions {
  /** The configuration file, as an object. */
  readonly config?: object;
  /** Who may ask for reviews: `clientAuthorityFile` and `clientNames` of `tls`. */
  readonly callers?: object;
  /** Whether to wait until it is ready (default true). */
  readonly ready?: boolean;
  /** A kubeconfig other than that of the chart's service account. */
  readonly kubeconfig?: string;
  /** `tls` of the configuration, instead of files made for the test. */
  readonly tls?: object;
  /** Arguments for Node, before the program. */
  readonly nodeArguments?: readonly string[];
}

/** The answer of `/readyz`, `/healthz` or `/metrics`. */
export interface Health {
  readonly status: number;
  readonly text: string;
}

/** A running `portent serve`. */
export interface Portent {
  readonly port: number;
  readonly metricsPort: number;
  readonly url: string;
  readonly caPem: string;
  readonly process: ServerProcess;
  readonly log: () => string;
  /** Swaps the configuration file under the running program: for another one, or for a text as it is. */
  reconfigure(config: object | string): void;
  health(path: '/readyz' | '/healthz' | '/metrics' | '/debug/model'): Promise<Health>;
  stop(): Promise<void>;
}

let authority: Promise<KeyedCertificate> | undefined;

/** Makes the chart's service account and its rights (with `--set` values), and gives a kubeconfig with its token. */
export async function chartAccount(cluster: Cluster, ...values: readonly string[]): Promise<string> {
  const manifests = await render('helm3', ...values);
  const kinds = ['ServiceAccount', 'ClusterRole', 'ClusterRoleBinding', 'Role', 'RoleBinding'];
  const space = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } };
  const rights = manifests.filter(({ kind }) => kinds.includes(kind));
  await cluster.apply([space, ...rights].map((each) => JSON.stringify(each)).join('\n---\n'));
  const { code, stdout, stderr } = await cluster.kubectl(['create', 'token', 'portent', '-n', namespace]);
  if (code !== 0) throw new Error(stderr);
  return cluster.kubeconfig('portent', stdout.trim());
}

/** Starts the program and waits until it is ready. */
export async function startPortent(cluster: Cluster, options: PortentOptions = {}): Promise<Portent> {
  const kubeconfig = options.kubeconfig ?? (await chartAccount(cluster));
  authority ??= newAuthority('portent-e2e-ca');
  const { certificate: caPem, ...signer } = await authority;
  const serving = await issue(
    { certificate: caPem, ...signer },
    { commonName: 'portent', ipAddresses: ['127.0.0.1'], usage: 'server' },
  );
  const folder = mkdtempSync(join(tmpdir(), 'portent-e2e-'));
  const watchdog = new Watchdog(folder);
  const [port = 0, metricsPort = 0] = await freePorts(2);
  const address = '127.0.0.1';
  const configText = (given: object | undefined): string => JSON.stringify({ ...given, ...own });
  const own = {
    listen: { address, port },
    metrics: { address, port: metricsPort },
    tls: {
      ...(options.tls ?? { certificateFile: join(folder, 'tls.crt'), keyFile: join(folder, 'tls.key') }),
      ...options.callers,
    },
  };
  const files = {
    'tls.crt': serving.certificate,
    'tls.key': serving.key,
  };
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text, { mode: 0o600 });
  const file = new MountedFile(folder, 'config.yaml', configText(options.config));
  const program = new ServerProcess(
    {
      name: 'portent',
      program: process.execPath,
      folder,
      args: [
        ...(options.nodeArguments ?? []),
        ...[main, 'serve', `--kubeconfig=${kubeconfig}`, `--config=${file.path}`],
      ],
    },
    watchdog,
  );
  const stop = async (): Promise<void> => {
    await program.stop(0);
    await watchdog.finish();
  };
  const portent: Portent = {
    port,
    metricsPort,
    url: `https://127.0.0.1:${port}/validate`,
    caPem,
    process: program,
    log: () => program.tail(10_000),
    reconfigure: (given) => file.swap(typeof given === 'string' ? given : configText(given)),
    health: (path) => ask(`http://${address}:${metricsPort}${path}`),
    stop,
  };
  try {
    program.start();
    const path = options.ready === false ? '/healthz' : '/readyz';
    await waitFor(`portent answers ${path}`, async () => (await portent.health(path)).status === 200, {
      timeout: 30_000,
      hopeless: () => program.exit,
      context: () => program.tail(),
    });
    return portent;
  } catch (error) {
    await stop();
    throw error;
  }
}

function ask(url: string): Promise<Health> {
  return new Promise((resolve, reject) => {
    get(url, { agent: false, signal: AbortSignal.timeout(5_000) }, (answer) => {
      let text = '';
      answer.setEncoding('utf8').on('data', (part: string) => {
        text += part;
      });
      answer.once('error', reject);
      answer.once('end', () => resolve({ status: answer.statusCode ?? 0, text }));
    }).once('error', reject);
  });
}

/** What differs from the chart's own webhook configuration. */
export interface HookOptions {
  /** Where to call; default: the program itself. */
  readonly port?: number;
  readonly failurePolicy?: 'Ignore' | 'Fail';
}

/**
 * Registers the chart's own webhook configuration, called by address instead of by Service. `Fail` is the
 * default here, so that an answer that is none cannot pass for an allowed one.
 */
export async function register(
  cluster: Cluster,
  { caPem, port }: Pick<Portent, 'caPem' | 'port'>,
  options: HookOptions = {},
): Promise<void> {
  const policy = options.failurePolicy ?? 'Fail';
  const manifests = await render('helm3', `webhook.failurePolicy="${policy}"`);
  const configuration = only(manifests, 'ValidatingWebhookConfiguration');
  const [webhook] = configuration.webhooks as readonly Manifest[];
  const clientConfig = {
    url: `https://127.0.0.1:${options.port ?? port}/validate`,
    caBundle: Buffer.from(caPem).toString('base64'),
  };
  await cluster.apply(JSON.stringify({ ...configuration, webhooks: [{ ...webhook, clientConfig }] }));
  await webhooksInForce(cluster);
}

/** What kubectl said, taken apart. */
export interface Said extends KubectlResult {
  /** The lines that the API server sent as warnings. */
  readonly warnings: readonly string[];
}

/** Runs kubectl as the administrator. A file named by PORTENT_TRANSCRIPT keeps what a person would have seen. */
export async function say(cluster: Cluster, args: readonly string[], input?: string | object): Promise<Said> {
  const text = input === undefined || typeof input === 'string' ? input : JSON.stringify(input);
  const result = await cluster.kubectl(args, text === undefined ? {} : { input: text });
  const { PORTENT_TRANSCRIPT: transcript = '' } = process.env;
  if (transcript !== '') {
    const whole = `$ kubectl ${args.join(' ')}\n${text ?? ''}\n${result.stdout}${result.stderr}\n`;
    appendFileSync(transcript, whole);
  }
  const warnings = result.stderr
    .split('\n')
    .flatMap((line) => (line.startsWith('Warning: ') ? [line.slice('Warning: '.length)] : []));
  return { ...result, warnings };
}

/** `kubectl apply -f -` of one manifest or several; what is refused is a result. */
export function apply(cluster: Cluster, manifests: string | object, ...flags: string[]): Promise<Said> {
  return say(cluster, ['apply', '-f', '-', ...flags], manifests);
}

/** The warnings in which all the words occur. */
export function naming(said: Said, ...words: readonly string[]): readonly string[] {
  return said.warnings.filter((warning) => words.every((word) => warning.includes(word)));
}

/** Waits until so many pods of a namespace are ready, and a moment for the news to reach Portent. */
export async function podsReady(cluster: Cluster, space: string, count: number): Promise<void> {
  await cluster.waitFor(`${count} pods of ${space} are ready`, async () => {
    const { body } = await cluster.request('GET', `/api/v1/namespaces/${space}/pods`);
    const { items } = body as {
      readonly items: readonly { readonly status: { readonly conditions?: readonly Condition[] } }[];
    };
    const ready = items.filter((pod) =>
      pod.status.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True'),
    );
    return ready.length === count;
  });
  await sleep(300);
}

interface Condition {
  readonly type: string;
  readonly status: string;
}
