/** The chart with a certificate that somebody else made: its Secret, the mounted files, and what callers see. */
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Helm } from '../chart/helm.ts';
import type { KeyedCertificate } from '../cluster/certificates.ts';
import { Installed } from './installed.ts';
import { documents, namespaceOf, service } from './objects.ts';
import type { RunningPod } from './pod.ts';
import { ask, Repeated } from './reviewer.ts';

export const space = 'portent-system';
/** By what name the API server calls. */
export const servername = `portent.${space}.svc`;

/** Fail: a call that does not come about is refused in other words than a denial, and none passes unseen. */
export const common = ['--set=webhook.failurePolicy=Fail', '--set=config.nodePortRange=30000-30999'];
const outside = service('shop', 'outside', { type: 'NodePort', ports: [{ port: 80, nodePort: 31_000 }] });
export const denial = /admission webhook \\"validate\.portent\.dev\\" denied the request: .*node-port-range/;

const serialOf = (certificate: string): string => new X509Certificate(certificate).serialNumber;

/** A cluster for such an installation. */
export class Brought {
  readonly installed: Installed;
  readonly #watches: Watch[] = [];
  /** For files of the test. */
  readonly folder = mkdtempSync(join(tmpdir(), 'portent-brought-'));

  private constructor(installed: Installed) {
    this.installed = installed;
  }

  static async start(): Promise<Brought> {
    const brought = new Brought(await Installed.start());
    await brought.installed.cluster.apply(documents(namespaceOf('shop'), namespaceOf(space)));
    return brought;
  }

  async stop(): Promise<void> {
    await this.installed.stop();
    rmSync(this.folder, { recursive: true });
  }

  file(name: string, content: string): string {
    const path = join(this.folder, name);
    writeFileSync(path, content);
    return path;
  }

  get pods(): readonly RunningPod[] {
    return [...this.installed.pods.values()];
  }

  /** What the API server says to a change that is to be denied. */
  async said(): Promise<string> {
    const path = '/api/v1/namespaces/shop/services?dryRun=All';
    return (await this.installed.cluster.request('POST', path, outside)).text;
  }

  /** Waits until the API server says something like this: a Service's endpoints follow its pods a moment later. */
  async hears(words: RegExp): Promise<void> {
    let last = '';
    await this.installed.cluster.waitFor(
      `it says ${words}`,
      async () => {
        last = await this.said();
        return words.test(last);
      },
      { context: () => last },
    );
  }

  /** Puts a Secret there as `kubectl create secret tls` makes it, or another content into it. No pod sees it yet. */
  async put(name: string, { certificate, key }: KeyedCertificate, more: object = {}): Promise<void> {
    const made = {
      apiVersion: 'v1',
      kind: 'Secret',
      type: 'kubernetes.io/tls',
      metadata: { name, namespace: space },
      stringData: { 'tls.crt': certificate, 'tls.key': key, ...more },
    };
    await this.installed.cluster.apply(documents(made));
  }

  /** The kubelet's round: the files of every pod become what the Secret holds. */
  async mount(): Promise<void> {
    await Promise.all(this.pods.map((pod) => pod.refresh()));
  }

  /** Waits until every pod shows this certificate, to callers that trust only the authority. */
  async served(certificate: string, ca: string): Promise<void> {
    const trust = { servername, ca };
    const each = this.pods.map((pod) =>
      pod.wait('the certificate is served', async () => {
        const shown = (await ask(this.installed, pod, trust, outside)).certificate;
        return shown.serialNumber === serialOf(certificate);
      }),
    );
    await Promise.all(each);
  }

  /** Waits until every pod has logged such a line. */
  async logged(...words: readonly string[]): Promise<void> {
    const has = (line: string): boolean => words.every((word) => line.includes(word));
    const each = this.pods.map((pod) =>
      pod.wait(`the log says ${words.join(', ')}`, () => pod.log().split('\n').some(has)),
    );
    await Promise.all(each);
  }

  /** The metric of when the certificate ends, and readiness: the same in every pod. */
  async assertShown(certificate: string): Promise<void> {
    const ends = Date.parse(new X509Certificate(certificate).validTo) / 1000;
    for (const pod of this.pods) {
      const { text } = await pod.page('/metrics');
      assert.match(text, new RegExp(`^portent_certificate_expiry_timestamp_seconds ${ends}$`, 'm'));
      assert.equal((await pod.page('/readyz')).text, 'ok\n');
    }
  }

  /** Asks from now on; whoever is to be asked has answered once. */
  async watch(ca: string): Promise<Watch> {
    const watch = new Watch(this, ca);
    this.#watches.push(watch);
    await watch.again();
    return watch;
  }

  /** Ends what a test that failed left running: the process would never end. */
  async endWatches(): Promise<void> {
    await Promise.all(this.#watches.splice(0).map((watch) => watch.end()));
  }

  /** Uninstalls, so that the next one starts from nothing. */
  async remove(helm: Helm, secret: string): Promise<void> {
    // The Job before it would wait for a pod that nobody runs.
    await this.installed.helm(helm, 'uninstall', 'portent', '--no-hooks');
    await this.installed.deployed(0);
    await this.installed.endPods();
    await this.installed.kubectl('delete', 'secret', secret, '-n', space);
  }
}

/** Asks all the while: every pod, on a new connection each time, and the API server. */
export class Watch {
  readonly #serials = new Set<string>();
  readonly #all: readonly Repeated[];
  readonly #end = new AbortController();
  readonly #brought: Brought;

  constructor(brought: Brought, ca: string) {
    const { installed, pods } = brought;
    const { signal } = this.#end;
    this.#brought = brought;
    const ofPod = (pod: RunningPod) => async (): Promise<void> => {
      const { certificate, status, text } = await ask(installed, pod, { servername, ca }, outside);
      this.#serials.add(certificate.serialNumber);
      assert.equal(status, 200, text);
      assert.match(text, /"allowed":false.*node-port-range/);
    };
    this.#all = [
      ...pods.map((pod) => new Repeated(50, signal, ofPod(pod))),
      new Repeated(50, signal, async () => assert.match(await brought.said(), denial)),
    ];
  }

  /** Waits until everybody has answered once more. */
  async again(): Promise<void> {
    await Promise.all(this.#all.map((each) => each.again()));
  }

  /** Asks no more. */
  async end(): Promise<void> {
    this.#end.abort();
    await Promise.all(this.#all.map((each) => each.done));
  }

  /** None failed, what is served now included, and these certificates were shown and no other. */
  async stop(...certificates: readonly string[]): Promise<void> {
    await this.again();
    await this.end();
    const failures = this.#all.flatMap((each) => each.failures.slice(0, 3));
    const logs = this.#brought.pods.map((pod) => pod.log()).join('\n');
    assert.deepEqual(failures, [], logs);
    assert.deepEqual([...this.#serials].sort(), certificates.map(serialOf).sort());
  }
}
