/** Bad worlds of the rules' own examples, made with kubectl in a real cluster: what a person reads is the finding. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RULES } from '../../src/rules/index.ts';
import type { World } from '../../src/rules/rule.ts';
import type { Cluster } from '../cluster/cluster.ts';
import { rawObjects } from '../rules/world.ts';
import { guarded } from './guarded.ts';
import { documents, namespaceOf } from './objects.ts';
import { apply, podsReady, type Said, say } from './portent.ts';

/** A rule, and the world of it that is tried. */
const TRIED: readonly (readonly [string, string])[] = [
  ['external-ips', "Somebody else's address"],
  ['external-name-risk', 'The metadata server of a cloud'],
  ['external-name-risk', 'Into another namespace'],
  ['no-backends', 'A selector that loses its pods'],
  ['target-port-unresolved', 'A misspelt name'],
  ['exposed-to-the-world', 'A load balancer for everybody'],
  ['breaks-references', 'The Service of a required webhook is deleted'],
  ['breaks-references', 'A Service that a pod names is deleted'],
  ['connectivity-lost', 'A Service moves to a target port that a policy does not admit'],
  ['namespace-isolated', 'An empty podSelector'],
  ['peer-selects-nothing', 'A misspelt client'],
  ['selector-overlap', 'The label that told them apart is dropped'],
];

let cluster: Cluster;

guarded((started) => {
  cluster = started;
});

TRIED.forEach(([id, title], place) => {
  test(`${id}: ${title}`, { timeout: 60_000 }, async () => {
    const rule = RULES.find((one) => one.id === id);
    const world = rule?.examples.bad.find((one) => one.title === title);
    assert.ok(rule && world, 'the rule has that world');
    const homes = new Homes(`w${place}`);
    const state = homes.objectsOf(world.cluster);
    const manifest = homes.objectsOf(world.manifest);
    const spaces = homes.names();
    await ready(documents(...spaces.map((name) => namespaceOf(name)), ...state));
    for (const space of spaces) {
      const made = state.filter(
        ({ kind, metadata }) => kind === 'Deployment' && metadata.namespace === space,
      );
      if (made.length > 0) await podsReady(cluster, space, made.length);
    }

    const said = await change(world, documents(...manifest));

    for (const { message, action = rule.action } of world.findings) {
      const expected = homes.rename(message);
      if (action === 'deny') {
        assert.equal(said.code, 1, 'it is refused');
        assert.ok(said.stderr.includes(expected), `${expected}\nis not in\n${said.stderr}`);
      } else {
        assert.equal(said.code, 0, said.stderr);
        const own = said.warnings.filter((line) => line.startsWith(`${id}: `) && line.includes(expected));
        assert.equal(own.length, 1, `${id}: ${expected}\nis not once in\n${said.stderr}`);
      }
    }
  });
});

async function ready(objects: string): Promise<void> {
  const made = await apply(cluster, objects);
  assert.equal(made.code, 0, made.stderr);
}

function change({ operation }: World, manifest: string): Promise<Said> {
  return operation === 'DELETE'
    ? say(cluster, ['delete', '--wait=false', '-f', '-'], manifest)
    : apply(cluster, manifest);
}

interface Raw {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
}

/** The namespaces of a world under names of their own, so that worlds can share a cluster. */
class Homes {
  readonly #prefix: string;
  readonly #names = new Set<string>();

  constructor(prefix: string) {
    this.#prefix = prefix;
  }

  /** The objects of a text in the renamed namespaces. */
  objectsOf(text: string): Raw[] {
    if (text === '') return [];
    for (const raw of rawObjects(text) as unknown as Raw[]) {
      if (raw.metadata.namespace !== undefined) this.#names.add(raw.metadata.namespace);
    }
    let renamed = text;
    for (const name of this.#names)
      renamed = renamed.replaceAll(`namespace: ${name}`, `namespace: ${this.#home(name)}`);
    return rawObjects(renamed) as unknown as Raw[];
  }

  names(): string[] {
    return [...this.#names].map((name) => this.#home(name));
  }

  /** A sentence about the world, about the renamed one. */
  rename(sentence: string): string {
    let renamed = sentence;
    for (const name of this.#names) {
      renamed = renamed
        .replaceAll(` namespace ${name} `, ` namespace ${this.#home(name)} `)
        .replaceAll(` namespace ${name};`, ` namespace ${this.#home(name)};`)
        .replaceAll(new RegExp(`(^| )${name}/`, 'g'), `$1${this.#home(name)}/`);
    }
    return renamed;
  }

  #home(name: string): string {
    return `${this.#prefix}-${name}`;
  }
}
