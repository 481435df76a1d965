/**
 * A real API server that fails in every way it can, under changes, with a real `portent serve` asked all the time
 * and a feed beside it whose model is compared object by object. The tests take the short form, the soak the long.
 */
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { Agent, type Dispatcher, request } from 'undici';
import { type Feed, startFeed } from '../../src/cluster/feed.ts';
import { review } from '../admission/reviews.ts';
import { type Cluster, startCluster } from '../cluster/cluster.ts';
import { sameAsListed } from '../cluster-feed/contents.ts';
import { until } from '../cluster-feed/harness.ts';
import { policy, service } from './objects.ts';
import { chartAccount, type Portent, startPortent } from './portent.ts';

const SPACES = 5;
const NAMES = 12;
const ASK_EVERY_MS = 50;

/** What happened during a storm. */
export interface Weather {
  /** Changes that the API server accepted. */
  readonly changes: number;
  /** Reviews that the webhook answered. */
  readonly answers: number;
}

export class Storm {
  readonly cluster: Cluster;
  readonly portent: Portent;
  readonly feed: Feed;
  readonly #api: Dispatcher;
  readonly #webhook: Dispatcher;
  #changes = 0;
  #answers = 0;
  readonly #failures: string[] = [];
  #stopped = false;
  #paused = false;
  readonly #tasks: Promise<void>[] = [];

  private constructor(cluster: Cluster, portent: Portent, feed: Feed) {
    this.cluster = cluster;
    this.portent = portent;
    this.feed = feed;
    this.#api = new Agent({ connect: { ca: cluster.caPem }, connections: 8 });
    this.#webhook = new Agent({ connect: { ca: portent.caPem }, connections: 1 });
  }

  /** Starts everything, and `perSecond` changes a second. */
  static async start(perSecond: number): Promise<Storm> {
    const cluster = await startCluster();
    try {
      const kubeconfigPath = await chartAccount(cluster);
      for (let i = 0; i < SPACES; i++) {
        const body = { metadata: { name: `storm-${i}`, labels: { number: String(i) } } };
        await cluster.request('POST', '/api/v1/namespaces', body);
      }
      const portent = await startPortent(cluster, { kubeconfig: kubeconfigPath });
      const timings = { pauseMs: [100, 1_000], refusedMs: 1_000, staleAfterMs: 2_000 } as const;
      const feed = startFeed({ kubeconfigPath, timings });
      await feed.whenReady();
      const storm = new Storm(cluster, portent, feed);
      storm.#tasks.push(storm.#change(perSecond), storm.#ask());
      return storm;
    } catch (error) {
      await cluster.stop();
      throw error;
    }
  }

  get changes(): number {
    return this.#changes;
  }

  /** Holds the changes up; waits until the model is live and the same as a fresh list. */
  async settled(timeout: number): Promise<void> {
    this.#paused = true;
    await until('the model is live', () => this.feed.snapshot.health.state === 'live', timeout);
    await sameAsListed(this.feed.snapshot, this.cluster.kubeconfigPath, timeout);
    assert.deepEqual(this.#failures, [], 'the webhook answered throughout');
  }

  /** Waits until `portent serve` counts what the feed counts; after a refusal that takes it half a minute. */
  async portentSettled(timeout: number): Promise<void> {
    const { snapshot } = this.feed;
    await until(
      'portent serve has the same model',
      async () => {
        const { text } = await this.portent.health('/debug/model');
        const { state, counts } = JSON.parse(text) as { state: string; counts: Record<string, number> };
        const spaces = [...snapshot.spaces.values()];
        const policies = spaces.reduce((sum, space) => sum + space.policies.size, 0);
        const same = counts.pods === snapshot.podCount && counts.policies === policies;
        return (state === 'live' && same) || { state, counts, pods: snapshot.podCount, policies };
      },
      timeout,
    );
  }

  /** Changes go on after `settled`. */
  goOn(): void {
    this.#paused = false;
  }

  async stop(): Promise<Weather> {
    this.#stopped = true;
    await Promise.all(this.#tasks);
    await Promise.all([this.#api.destroy(), this.#webhook.destroy()]);
    await this.feed.stop();
    await this.portent.stop();
    await this.cluster.stop();
    return { changes: this.#changes, answers: this.#answers };
  }

  /** Policies, Services and pods that come, change and go. While the server is down they fail, as they may. */
  async #change(perSecond: number): Promise<void> {
    const under = new Set<Promise<void>>();
    for (let i = 0; !this.#stopped; i++) {
      await sleep(1_000 / perSecond);
      if (this.#paused || under.size > 50) continue;
      const sent = this.#one(i).finally(() => under.delete(sent));
      under.add(sent);
    }
    await Promise.all(under);
  }

  async #one(i: number): Promise<void> {
    const space = `storm-${i % SPACES}`;
    const name = `n-${(i * 7) % NAMES}`;
    const labels = { app: name, round: String(i) };
    const kinds = [
      {
        path: `/apis/networking.k8s.io/v1/namespaces/${space}/networkpolicies`,
        object: policy(space, name, { podSelector: { matchLabels: { round: String(i) } } }),
        patch: { spec: { podSelector: { matchLabels: { round: String(i) } } } },
      },
      {
        path: `/api/v1/namespaces/${space}/services`,
        object: service(space, name, { selector: { app: name }, ports: [{ port: 80 }] }),
        patch: { spec: { selector: labels } },
      },
      {
        path: `/api/v1/namespaces/${space}/pods`,
        object: {
          metadata: { name, labels },
          spec: { terminationGracePeriodSeconds: 0, containers: [{ name: 'a', image: 'a' }] },
        },
        patch: { metadata: { labels } },
      },
    ];
    const { path, object, patch } = kinds[i % kinds.length] as (typeof kinds)[number];
    const turn = Math.floor(i / 97) % 3;
    if (turn === 0) await this.#send('POST', path, object);
    else if (turn === 1) await this.#send('PATCH', `${path}/${name}`, patch);
    else await this.#send('DELETE', `${path}/${name}`);
  }

  async #send(method: 'POST' | 'PATCH' | 'DELETE', path: string, body?: object): Promise<void> {
    const type = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json';
    try {
      const { statusCode, body: answer } = await request(`${this.cluster.url}${path}`, {
        dispatcher: this.#api,
        method,
        headers: { authorization: `Bearer ${this.cluster.adminToken}`, 'content-type': type },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        signal: AbortSignal.timeout(10_000),
      });
      await answer.dump();
      if (statusCode < 300) this.#changes++;
    } catch {
      // The server is down, which is the point.
    }
  }

  /** Asks the webhook as the API server would, without it. */
  async #ask(): Promise<void> {
    const spec = { podSelector: { matchLabels: { app: 'n-1' } }, policyTypes: ['Ingress'] };
    const body = JSON.stringify(review({ object: policy('storm-1', 'asked', spec), dryRun: true }));
    while (!this.#stopped) {
      try {
        const answer = await request(`${this.portent.url}?timeout=5s`, {
          dispatcher: this.#webhook,
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body,
          signal: AbortSignal.timeout(5_000),
        });
        const text = await answer.body.text();
        const { response } = JSON.parse(text) as { response?: { allowed?: boolean } };
        if (response?.allowed === true) this.#answers++;
        else this.#failures.push(`HTTP ${answer.statusCode}: ${text}`);
      } catch (error) {
        this.#failures.push(String(error));
      }
      await sleep(ASK_EVERY_MS);
    }
  }

  /** SIGKILL to the API server, which comes back after so long. */
  async kill(downMs: number): Promise<void> {
    const before = this.#changes;
    await sleep(1_000);
    await this.cluster.killApiServer();
    await sleep(downMs);
    await this.cluster.restartApiServer();
    await until('changes go on', () => this.#changes > before + 20, 30_000);
  }

  /** etcd stands still for so long: the API server lives and answers nothing that needs storage. */
  async freeze(frozenMs: number): Promise<void> {
    this.cluster.pauseEtcd();
    await sleep(frozenMs);
    this.cluster.resumeEtcd();
    const before = this.#changes;
    await until('changes go on', () => this.#changes > before + 20, 60_000);
  }

  /** Takes Portent's rights away and gives them back. Standing watches end with the API server's restart. */
  async revoke(revokedMs: number): Promise<void> {
    const path = '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings';
    const { body } = await this.cluster.request('GET', `${path}/portent-system`);
    const { roleRef, subjects } = body as { roleRef: object; subjects: object };
    assert.equal((await this.cluster.request('DELETE', `${path}/portent-system`)).status, 200);
    await this.cluster.restartApiServer();
    await until('every kind is refused', () =>
      this.feed.sources().every(({ state }) => state === 'forbidden' || state === 'absent'),
    );
    await until('the model is stale', () => this.feed.snapshot.health.state === 'stale');
    const missing = this.feed.snapshot.health.missing ?? [];
    assert.ok(missing.includes('Ingress.networking.k8s.io'), missing.join());
    assert.match(this.feed.snapshot.health.problems.join('\n'), /Pods: not allowed to list and watch them/);
    await sleep(revokedMs);
    const given = { metadata: { name: 'portent-system' }, roleRef, subjects };
    assert.equal((await this.cluster.request('POST', path, given)).status, 201);
  }
}
