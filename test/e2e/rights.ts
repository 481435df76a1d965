/** The chart installed, with one replica, and its rights to be taken away one by one. */
import assert from 'node:assert/strict';
import { OPTIONAL, optionalLabel, REQUIRED } from '../../src/cluster/kinds.ts';
import { pluralOf } from '../chart/plural.ts';
import { type Right, type Role, rightsOf, withoutRights } from './granted.ts';
import { Installed } from './installed.ts';
import { documents, namespaceOf, service } from './objects.ts';
import type { RunningPod } from './pod.ts';
import type { Pod } from './pod-types.ts';
import { apply } from './portent.ts';

const space = 'portent-system';
const group = '/apis/rbac.authorization.k8s.io/v1';
const paths = [
  `${group}/clusterroles/${space}`,
  `${group}/namespaces/kube-system/roles/${space}`,
  `${group}/namespaces/${space}/roles/portent`,
];

/** Kinds that are followed where they are served; Calico's other group is looked at only where the first is not. */
export const served = OPTIONAL.filter(({ unless }) => unless === undefined);
const builtIn = /^(networking|admissionregistration|apiregistration|apiextensions)\.k8s\.io$/;

/** A Service that the configuration of this installation denies. */
export function outside(name: string, annotations?: object): object {
  const made = service('shop', name, { type: 'NodePort', ports: [{ port: 80, nodePort: 31_000 }] });
  return annotations === undefined ? made : { ...made, metadata: { ...made.metadata, annotations } };
}

export const isWebhooks = ({ resource }: Right): boolean => resource === 'validatingwebhookconfigurations';

interface Debug {
  readonly state: string;
  readonly problems: readonly string[];
  readonly sources: readonly { readonly kind: string; readonly state: string }[];
  readonly cni: object;
}

/** The definition of a kind of another project, as far as watching it goes. */
export function definition(of: string, kind: string, version: string): object {
  const plural = pluralOf(kind);
  const schema = { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } };
  // Groups of the Kubernetes project want to know where they were agreed on.
  const annotations = { 'api-approved.kubernetes.io': 'unapproved, for a test' };
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.${of}`, annotations },
    spec: {
      group: of,
      scope: 'Namespaced',
      names: { plural, singular: kind.toLowerCase(), kind, listKind: `${kind}List` },
      versions: [{ name: version, served: true, storage: true, schema }],
    },
  };
}

export class Rights {
  readonly installed: Installed;
  /** As the chart made them, by path. */
  readonly #roles: ReadonlyMap<string, Role>;
  readonly rights: readonly Right[];
  pod: RunningPod;

  private constructor(installed: Installed, roles: ReadonlyMap<string, Role>, pod: RunningPod) {
    this.installed = installed;
    this.#roles = roles;
    this.rights = rightsOf([...roles.values()]);
    this.pod = pod;
  }

  /** A cluster that serves every kind there is a right to, and the chart in it. */
  static async start(): Promise<Rights> {
    const installed = await Installed.start();
    try {
      const definitions = served
        .filter((each) => !builtIn.test(each.group))
        .map((each) => definition(each.group, each.kind, each.versions?.[0] ?? 'v1'));
      await installed.cluster.apply(documents(...definitions, namespaceOf('shop')));
      await installed.install(
        'helm',
        ...['--set=replicas=1', '--set=webhook.failurePolicy=Fail', '--set=config.nodePortRange=30000-30999'],
      );
      const roles = new Map<string, Role>();
      for (const path of paths) roles.set(path, await installed.get<Role>(path));
      const [pod] = await installed.follow(1);
      await installed.inForce();
      return new Rights(installed, roles, pod as RunningPod);
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
    await this.#leave(taken, taken);
    try {
      await then();
    } finally {
      await this.#leave([], taken);
    }
  }

  async #leave(gone: readonly Right[], changed: readonly Right[]): Promise<void> {
    for (const [path, role] of this.#roles) {
      const { rules } = withoutRights(role, gone);
      const answer = await this.installed.cluster.request('PATCH', path, { rules });
      assert.equal(answer.status, 200, answer.text);
    }
    for (const right of changed) {
      const what = `the API server knows about ${right.resource}`;
      const wanted = !gone.includes(right);
      await this.installed.cluster.waitFor(what, async () => (await this.#allowed(right)) === wanted);
    }
  }

  async #allowed({ group: of, resource, name, namespace, verbs }: Right): Promise<boolean> {
    const [plural, subresource] = resource.split('/');
    const asked = { group: of, resource: plural, subresource, name, namespace, verb: verbs[0] };
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

  /** The right to a resource; throws when there is none or more than one. */
  named(of: string, resource: string): Right {
    const found = this.rights.filter((each) => each.group === of && each.resource === resource);
    assert.equal(found.length, 1, `${found.length} rights to ${resource} of ${of}`);
    return found[0] as Right;
  }

  /** The rights to read required kinds, with the names of the kinds. */
  requiredRights(): readonly (readonly [Right, string])[] {
    return REQUIRED.map(({ apiVersion, path, label }) => {
      const [of = ''] = apiVersion.includes('/') ? apiVersion.split('/') : [];
      return [this.named(of, path.split('/').at(-1) ?? ''), label];
    });
  }

  /** The same of optional kinds. */
  readings(): readonly (readonly [Right, string])[] {
    return this.rights.flatMap((right) => {
      const fits = OPTIONAL.find(
        (each) => each.group === right.group && right.resource === pluralOf(each.kind),
      );
      return fits === undefined || !right.verbs.includes('list')
        ? []
        : [[right, optionalLabel(fits)] as const];
    });
  }

  portentPolicies(): Right {
    return this.named('portent.dev', 'portentpolicies');
  }

  /** Another container in the same pod. */
  async restart(): Promise<void> {
    await this.installed.endPods();
    const [known] = await this.installed.deployed(1);
    this.pod = await this.installed.host.start(known as Pod);
    this.installed.pods.set(this.pod.pod.metadata.name, this.pod);
  }

  async readyz(): Promise<string> {
    return (await this.pod.page('/readyz')).text;
  }

  async debug(): Promise<Debug> {
    return JSON.parse((await this.pod.page('/debug/model')).text) as Debug;
  }

  /** Waits for a line of the log since the container started. */
  complaint(about: RegExp): Promise<boolean> {
    const lines = () => this.pod.log().split('\n');
    return this.pod.wait(`the log says ${about}`, () => lines().some((line) => about.test(line)));
  }

  /** A change that the configuration denies: what kubectl says of it, in the end. A busy machine sheds calls. */
  async denial(name = 'outside', annotations?: object): Promise<string> {
    return this.pod.wait('it is denied', async () => {
      const said = await apply(this.installed.cluster, outside(name, annotations));
      assert.equal(said.code, 1, said.stdout);
      return /denied the request: .*node-port-range/s.test(said.stderr) && said.stderr;
    });
  }
}
