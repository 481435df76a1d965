import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Failure } from '../../src/cli/failure.ts';
import { readManifests } from '../../src/cli/manifests.ts';
import { readState } from '../../src/cli/state.ts';
import type { Cni } from '../../src/model/objects.ts';
import { overlay, type View } from '../../src/model/overlay.ts';
import type { Store } from '../../src/model/store.ts';
import { PROTOCOLS } from '../../src/netset/connections.ts';
import type { Explanation } from '../../src/simulate/contract.ts';
import { parseEnd } from '../../src/simulate/ends.ts';
import { explain } from '../../src/simulate/explain.ts';

type Fields = Readonly<Record<string, unknown>>;

interface PodOptions {
  readonly labels?: Readonly<Record<string, string>>;
  /** Addresses; one IPv4 address made up from the name when left out. */
  readonly ips?: readonly string[];
  /** `http=8080`, `dns=53/UDP`. */
  readonly ports?: readonly string[];
  readonly node?: string;
  readonly phase?: string;
  readonly spec?: Fields;
  readonly metadata?: Fields;
}

/** A Pod from `namespace/name`; labels default to `app: name`. */
export function pod(path: string, options: PodOptions = {}): Fields {
  const [namespace = '', name = ''] = path.split('/');
  const { labels = { app: name }, ips = [madeUp(path)], ports = [], phase = 'Running' } = options;
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { namespace, name, labels, ...options.metadata },
    spec: {
      nodeName: options.node ?? 'node-1',
      containers: [{ name: 'main', image: 'example.test/app', ports: ports.map(containerPort) }],
      ...options.spec,
    },
    status: { phase, ...(ips.length === 0 ? {} : { podIP: ips[0], podIPs: ips.map((ip) => ({ ip })) }) },
  };
}

/** A container's port from `http=8080` or `dns=53/UDP`. */
export function containerPort(text: string): Fields {
  const [, name, port, protocol = 'TCP'] = /^([a-z-]+)=(\d+)(?:\/(\w+))?$/.exec(text) ?? assert.fail(text);
  return { name, containerPort: Number(port), protocol };
}

/** A NetworkPolicy from `namespace/name` and its spec. */
export function policy(path: string, spec: Fields, metadata: Fields = {}): Fields {
  return object('networking.k8s.io/v1', 'NetworkPolicy', path, { spec }, metadata);
}

export function service(path: string, spec: Fields): Fields {
  return object('v1', 'Service', path, { spec });
}

export function namespace(name: string, labels?: Fields): Fields {
  return {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: labels === undefined ? { name } : { name, labels },
  };
}

export function node(name: string, ...ips: string[]): Fields {
  const addresses = ips.map((address) => ({ type: 'InternalIP', address }));
  return { apiVersion: 'v1', kind: 'Node', metadata: { name }, status: { addresses } };
}

/** Any namespaced object (`namespace/name`) or cluster-wide one (`name`). */
export function object(
  apiVersion: string,
  kind: string,
  path: string,
  rest: Fields,
  metadata: Fields = {},
): Fields {
  const [first = '', second] = path.split('/');
  const names = second === undefined ? { name: first } : { namespace: first, name: second };
  return { apiVersion, kind, metadata: { ...names, ...metadata }, ...rest };
}

/** Pods have addresses of 10.0.0.0/16, the same for the same name. */
function madeUp(path: string): string {
  let sum = 7;
  for (const letter of path) sum = (sum * 31 + letter.charCodeAt(0)) % 65_000;
  return `10.0.${sum >> 8}.${sum & 255}`;
}

/** The model of the objects, read from a file as the command line reads it. */
export function stateOf(objects: readonly Fields[], cni: Partial<Cni> = {}): Store {
  const store = inFile(objects, (file) => readState([file]));
  store.cni = { ...store.cni, ...cni };
  return store;
}

/** What is wrong with the objects as manifests, line by line; nothing when they are valid. */
export function problemsOf(...objects: readonly Fields[]): readonly string[] {
  try {
    inFile(objects, (file) => readManifests([file], 'default'));
    return [];
  } catch (error) {
    if (error instanceof Failure) return error.lines;
    throw error;
  }
}

function inFile<T>(objects: readonly Fields[], read: (file: string) => T): T {
  const folder = mkdtempSync(join(tmpdir(), 'portent-rows-'));
  try {
    const file = join(folder, 'world.json');
    writeFileSync(file, JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects }));
    return read(file);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/**
 * Checks every line of a table such as `x/a -> x/b TCP 80: allowed` against the world.
 * Ends are written as on the command line.
 */
export function expect(objects: readonly Fields[], table: string, cni: Partial<Cni> = {}): void {
  const view = overlay(stateOf(objects, cni), []);
  const lines = table
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
  assert.notEqual(lines.length, 0, 'an empty table proves nothing');
  const answers = lines.map((line) => {
    const [, question = ''] = /^(.*): (?:allowed|denied|unknown)$/.exec(line) ?? assert.fail(line);
    return `${question}: ${answer(view, question).verdict}`;
  });
  assert.deepEqual(answers, lines);
}

/** The whole explanation of `x/a -> x/b TCP 80`. */
export function answer(view: View, question: string): Explanation {
  const form = /^(\S+) -> (\S+) (\w+) (\d+)$/.exec(question) ?? assert.fail(question);
  const [, from = '', to = '', asked, port] = form;
  const protocol = PROTOCOLS.find((known) => known === asked) ?? assert.fail(question);
  const [source, destination] = [parseEnd(view, from), parseEnd(view, to)];
  if ('problem' in source) assert.fail(source.problem);
  if ('problem' in destination) assert.fail(destination.problem);
  return explain(view, source, destination, Number(port), protocol);
}
