/** The chart installed, with one replica, and its rights to be taken away one by one. */
import assert from 'node:assert/strict';
import { OPTIONAL, type OptionalKind, optionalLabel, REQUIRED } from '../../src/cluster/kinds.ts';
import { pluralOf } from '../chart/plural.ts';
import { granting, idOf, type Right, type Role, rightsOf } from './granted.ts';
import { Installed } from './installed.ts';
import { deployment, documents, namespaceOf, pod, policy, service } from './objects.ts';
import type { RunningPod } from './pod.ts';
import type { Pod } from './pod-types.ts';
import { apply, podsReady } from './portent.ts';

const space = 'portent-system';
const group = '/apis/rbac.authorization.k8s.io/v1';
const paths = [
  `${group}/clusterroles/${space}`,
  `${group}/namespaces/kube-system/roles/${space}`,
  `${group}/namespaces/${space}/roles/portent`,
];

/** The kind of the chart's own definition. */
export const POLICIES = 'PortentPolicy.portent.dev';

/** Kinds that are followed where both of Calico's groups are served; the other one is looked at where this is not. */
export const served = OPTIONAL.filter(({ unless }) => unless === undefined);
export const calicos = OPTIONAL.filter(({ group: of }) => of === 'crd.projectcalico.org');
export const mirrored = OPTIONAL.filter(({ unless }) => unless !== undefined);
const builtIn = /^(networking|admissionregistration|apiregistration|apiextensions)\.k8s\.io$/;

/** A Service that the configuration of this installation denies. */
export function outside(name: string, annotations?: object): object {
  const made = service('shop', name, { type: 'NodePort', ports: [{ port: 80, nodePort: 31_000 }] });
  return annotations === undefined ? made : { ...made, metadata: { ...made.metadata, annotations } };
}

/** What is said of a kind that may not be read. */
export function problemOf(label: string): string {
  return `${label}: not allowed to list and watch them; grant it in Portent's ClusterRole`;
}

interface Debug {
  readonly state: string;
  readonly problems: readonly string[];
  readonly sources: readonly { readonly kind: string; readonly state: string }[];
  readonly cni: object;
}

/** What became of a policy that cuts a client off. */
export interface Cut {
  readonly warnings: readonly string[];
  /** Rules that could not know all about it, in order. */
  readonly unchecked: readonly string[];
  /** What the API server's audit log says of them. */
  readonly audit: string;
}

/** What a definition says of a kind. */
type Defined = Pick<OptionalKind, 'group' | 'kind' | 'versions'>;

const versionOf = ({ versions }: Defined): string => versions?.[0] ?? 'v1';

/** The definition of a kind of another project, as far as watching it goes. */
export function definition(kind: Defined): object {
  const plural = pluralOf(kind.kind);
  const schema = { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } };
  // Groups of the Kubernetes project want to know where they were agreed on.
  const annotations = { 'api-approved.kubernetes.io': 'unapproved, for a test' };
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.${kind.group}`, annotations },
    spec: {
      group: kind.group,
      scope: 'Namespaced',
      names: { plural, singular: kind.kind.toLowerCase(), kind: kind.kind, listKind: `${kind.kind}List` },
      versions: [{ name: versionOf(kind), served: true, storage: true, schema }],
    },
  };
}

/** A client, and a database with a second network, which has no policy yet. */
function shop(): string {
  const database = pod('shop', 'db', { app: 'db' }, [{ containerPort: 5432 }]) as { metadata: object };
  const annotations = { 'k8s.v1.cni.cncf.io/networks': 'storage/fast' };
  return documents(
    namespaceOf('shop'),
    { ...database, metadata: { ...database.metadata, annotations } },
    service('shop', 'db', { selector: { app: 'db' }, ports: [{ port: 5432 }] }),
    deployment('shop', 'web', 1, { app: 'web' }, [], { DATABASE: 'db:5432' }),
  );
}

export class Rights {
  readonly installed: Installed;
  /** As the chart made them, by path. */
  readonly #roles: ReadonlyMap<string, Role>;
  readonly rights: readonly Right[];
  /** Those that were taken away so far. */
  readonly taken = new Set<Right>();
  #turn = 0;
  pod: RunningPod;

  private constructor(installed: Installed, roles: ReadonlyMap<string, Role>, running: RunningPod) {
    this.installed = installed;
    this.#roles = roles;
    this.rights = rightsOf([...roles.values()]);
    this.pod = running;
  }

  /** A cluster that serves every kind there is a right to, and the chart in it. */
  static async start(): Promise<Rights> {
    const installed = await Installed.start({ audits: true });
    try {
      await define(installed, served);
      await installed.cluster.apply(shop());
      await podsReady(installed.cluster, 'shop', 2);
      await installed.install(
        'helm',
        ...['--set=replicas=1', '--set=webhook.failurePolicy=Fail', '--set=config.nodePortRange=30000-30999'],
      );
      const roles = new Map<string, Role>();
      for (const path of paths) roles.set(path, await installed.get<Role>(path));
      const [running] = await installed.follow(1);
      await installed.inForce();
      return new Rights(installed, roles, running as RunningPod);
    } catch (error) {
      await installed.stop();
      throw error;
    }
  }

  stop(): Promise<void> {
    return this.installed.stop();
  }

  /** Takes rights away, does something, and gives them back. */
  async without(taken: readonly Right[], then: () => Promise<void>): Promise<void> {
    assert.ok(taken.length > 0);
    for (const right of taken) this.taken.add(right);
    await this.#leave(taken, taken);
    try {
      await then();
    } finally {
      await this.#leave([], taken);
    }
  }

  async #leave(gone: readonly Right[], changed: readonly Right[]): Promise<void> {
    for (const [path, role] of this.#roles) {
      const own = this.rights.filter((right) => right.role === idOf(role.metadata));
      if (!own.some((right) => changed.includes(right))) continue;
      const rules = granting(own.filter((right) => !gone.includes(right)));
      const answer = await this.installed.cluster.request('PATCH', path, { rules });
      assert.equal(answer.status, 200, answer.text);
    }
    await Promise.all(
      changed.map(async (right) => {
        const what = `the API server knows about ${right.verb} on ${right.resource}`;
        const wanted = !gone.includes(right);
        await this.installed.cluster.waitFor(what, async () => (await this.#allowed(right)) === wanted);
      }),
    );
  }

  async #allowed({ group: of, resource, name, namespace, verb }: Right): Promise<boolean> {
    const [plural, subresource] = resource.split('/');
    const asked = { group: of, resource: plural, subresource, name, namespace, verb };
    const user = `system:serviceaccount:${space}:portent`;
    const review = {
      apiVersion: 'authorization.k8s.io/v1',
      kind: 'SubjectAccessReview',
      spec: { user, resourceAttributes: asked },
    };
    const path = '/apis/authorization.k8s.io/v1/subjectaccessreviews';
    const { body } = await this.installed.cluster.request('POST', path, review);
    return (body as { readonly status: { readonly allowed: boolean } }).status.allowed;
  }

  /** The rights to a resource, with these verbs; throws when one is not there exactly once. */
  to(of: string, resource: string, verbs: readonly string[], name?: string): readonly Right[] {
    return verbs.map((verb) => {
      const found = this.rights.filter(
        (each) =>
          each.group === of &&
          each.resource === resource &&
          each.verb === verb &&
          (name === undefined || each.name === name),
      );
      assert.equal(found.length, 1, `${found.length} rights to ${verb} ${resource} of ${of}`);
      return found[0] as Right;
    });
  }

  /** The rights to read a kind, by the name it has in messages. */
  reading(label: string, verbs: readonly string[] = ['list', 'watch']): readonly Right[] {
    const required = REQUIRED.find((each) => each.label === label);
    if (required !== undefined) {
      const { apiVersion, path } = required;
      const of = apiVersion.includes('/') ? (apiVersion.split('/')[0] as string) : '';
      return this.to(of, path.split('/').at(-1) as string, verbs);
    }
    const dot = label.indexOf('.');
    return this.to(label.slice(dot + 1), pluralOf(label.slice(0, dot)), verbs);
  }

  /** Another container in the same pod. */
  async restart(): Promise<void> {
    await this.installed.endPods();
    const [known] = await this.installed.deployed(1);
    this.pod = await this.installed.host.start(known as Pod);
    this.installed.pods.set(this.pod.pod.metadata.name, this.pod);
  }

  /** Another container that is ready and follows every kind but those named, which it is refused. */
  async restartWithout(...labels: readonly string[]): Promise<Debug> {
    await this.restart();
    await this.pod.ready();
    return this.pod.wait('all else is live', async () => {
      const debug = await this.debug();
      const { sources } = debug;
      const states = new Map(sources.map(({ kind, state }) => [kind, state]));
      const settled = [...states].every(
        ([kind, is]) => is === (labels.includes(kind) ? 'forbidden' : 'live'),
      );
      return settled && this.kinds().every((kind) => states.has(kind)) && debug;
    });
  }

  /** The container that runs, or another one, once every kind is followed and it is ready. */
  async whole(): Promise<void> {
    const { sources } = await this.debug();
    const live = sources.every(({ state }) => state === 'live');
    if (!live || (await this.readyz()) !== 'ok\n') await this.restartWithout();
  }

  /** What is followed while the API server serves the kinds it serves at first. */
  kinds(): readonly string[] {
    return [...REQUIRED.map(({ label }) => label), ...this.#optional.map(optionalLabel), POLICIES];
  }

  #optional = served;

  /** Serves some kinds in place of others. */
  async serve(instead: readonly OptionalKind[], of: readonly OptionalKind[]): Promise<void> {
    const names = of.map(({ kind, group: its }) => `${pluralOf(kind)}.${its}`);
    await this.installed.kubectl('delete', 'crd', ...names);
    await define(this.installed, instead);
    const gone = new Set(of.map((each) => each.group));
    await this.installed.cluster.waitFor('the others are gone', async () => {
      const { groups } = await this.installed.get<{ readonly groups: readonly { readonly name: string }[] }>(
        '/apis',
      );
      return groups.every(({ name }) => !gone.has(name));
    });
    this.#optional = [...this.#optional.filter((each) => !of.includes(each)), ...instead];
  }

  async readyz(): Promise<string> {
    return (await this.pod.page('/readyz')).text;
  }

  async debug(): Promise<Debug> {
    return JSON.parse((await this.pod.page('/debug/model')).text) as Debug;
  }

  /** The kinds that a metric calls refused. */
  async refused(): Promise<readonly string[]> {
    const { text } = await this.pod.page('/metrics');
    const lines = text.matchAll(/^portent_watch_state\{kind="([^"]+)",state="forbidden"\} 1$/gm);
    return [...lines].map(([, kind = '']) => kind).sort();
  }

  /** How many Events came to that result. */
  async events(result: 'written' | 'failed'): Promise<number> {
    const { text } = await this.pod.page('/metrics');
    const line = new RegExp(`^portent_events_total\\{result="${result}"\\} (\\d+)$`, 'm').exec(text);
    return Number(line?.[1] ?? Number.NaN);
  }

  /** Another container that is refused every kind: it is not ready. */
  async restartRefused(): Promise<void> {
    await this.restart();
    const all = [...this.kinds()].sort();
    await this.pod.wait('each is refused', async () => (await this.refused()).join() === all.join());
    const { problems } = await this.debug();
    assert.deepEqual([...problems].sort(), all.map(problemOf).sort());
    assert.equal((await this.pod.page('/readyz')).status, 503);
  }

  /** Waits for a line of the log since the container started. */
  complaint(about: RegExp): Promise<boolean> {
    const lines = () => this.pod.log().split('\n');
    return this.pod.wait(`the log says ${about}`, () => lines().some((line) => about.test(line)));
  }

  /** What the log says of a kind that may not be read. */
  complaintOf(label: string): Promise<boolean> {
    const said = `${label}: not allowed to list and watch them; grant it in the ClusterRole, or answers leave them out`;
    return this.complaint(
      new RegExp(`^\\{"level":"warn",.*"kind":"${label}","error":"[^"]*403 Forbidden.*"msg":"${said}"\\}$`),
    );
  }

  /** A change that the configuration denies: what kubectl says of it, in the end. A busy machine sheds calls. */
  async denial(name = 'outside', annotations?: object): Promise<string> {
    return this.pod.wait('it is denied', async () => {
      const said = await apply(this.installed.cluster, outside(name, annotations));
      assert.equal(said.code, 1, said.stdout);
      return /denied the request: .*node-port-range/s.test(said.stderr) && said.stderr;
    });
  }

  /** A policy that cuts a client off, until it was answered, and taken back at once. */
  async cut(): Promise<Cut> {
    const { cluster } = this.installed;
    const name = `cut-${this.#turn++}`;
    const made = policy('shop', name, { podSelector: { matchLabels: { app: 'db' } }, ingress: [] });
    const path = '/apis/networking.k8s.io/v1/namespaces/shop/networkpolicies';
    const { warnings } = await this.pod.wait('the policy is stored', async () => {
      const tried = await cluster.request('POST', path, made);
      return tried.status === 201 && tried;
    });
    const { text } = await this.pod.page('/metrics');
    await this.pod.wait('it is taken back', async () => {
      return [200, 404].includes((await cluster.request('DELETE', `${path}/${name}`)).status);
    });
    const audit = await this.pod.wait(
      'it is in the audit log',
      () =>
        this.installed.audited(name).flatMap(({ annotations = {} }) => {
          const found = Object.entries(annotations).find(([key]) => key.endsWith('/unchecked'));
          return found === undefined ? [] : [found[1]];
        })[0],
    );
    const rules = text.matchAll(/^portent_unchecked_total\{rule="([^"]+)"\} [1-9]/gm);
    return { warnings, unchecked: [...rules].map(([, rule = '']) => rule).sort(), audit };
  }
}

/** Makes kinds and waits until the API server serves them: a definition is there before its kind is. */
async function define(installed: Installed, kinds: readonly OptionalKind[]): Promise<void> {
  const foreign = kinds.filter((each) => !builtIn.test(each.group));
  await installed.cluster.apply(documents(...foreign.map(definition)));
  await Promise.all(
    foreign.map((each) =>
      installed.cluster.waitFor(`${optionalLabel(each)} is served`, async () => {
        const path = `/apis/${each.group}/${versionOf(each)}/${pluralOf(each.kind)}`;
        return (await installed.cluster.request('GET', path)).status === 200;
      }),
    ),
  );
}
