import { settingsIn } from '../cluster/cni/config-maps.ts';
import { detectCni, type StatedCni, withStated } from '../cluster/cni/detect.ts';
import type { CniFacts, NodeFacts } from '../cluster/cni/facts.ts';
import type { PolicySink } from '../cluster/kinds.ts';
import { nodeSettings } from '../cluster/node-facts.ts';
import { hasCluster } from '../config/kubeconfig.ts';
import { readDocuments } from '../model/parse/documents.ts';
import { groupOf } from '../model/parse/foreign.ts';
import { load } from '../model/parse/load.ts';
import { type ManifestObject, parseManifest } from '../model/parse/manifest.ts';
import { problemText } from '../model/parse/problem.ts';
import { fields, text } from '../model/parse/wire.ts';
import { Store } from '../model/store.ts';
import { cniNamed } from './cni.ts';
import { Failure } from './failure.ts';
import { filesOf, type TextFile } from './files.ts';
import type { StateOptions } from './options.ts';

/** Lines of problems that are shown; a broken generator makes the same mistake a thousand times. */
const SHOWN_PROBLEMS = 100;

export interface LoadOptions {
  /** Without a snapshot or a cluster: an empty cluster instead of an error. */
  readonly mayBeEmpty?: boolean;
  /** More objects for the cluster, judged kinds not among them. */
  readonly more?: readonly ManifestObject[];
  /** What the configuration states of the network plug-in; `--cni` wins over it. */
  readonly cni?: StatedCni;
  /** Whether the ConfigMaps of a live cluster are read; those in files always are. */
  readonly configMaps?: boolean;
  /** Where the PortentPolicies of the cluster go. */
  readonly policies?: PolicySink;
}

/**
 * The cluster state the options name: files, or the live cluster.
 * @throws Failure with file and line of everything that is wrong.
 */
export async function loadState(options: StateOptions, load: LoadOptions = {}): Promise<Store> {
  const stated = options.cni === undefined ? {} : cniNamed(options.cni);
  const store = await storeOf(options, load);
  store.cni = withStated(store.cni, { ...load.cni, ...stated });
  return store;
}

async function storeOf(
  options: StateOptions,
  { mayBeEmpty, more = [], configMaps = false, policies }: LoadOptions,
): Promise<Store> {
  if (options.snapshot !== undefined) {
    if (options.kubeconfig !== undefined || options.context !== undefined) {
      throw new Failure('give either --snapshot, or --kubeconfig and --context');
    }
    return readState(options.snapshot, more, policies);
  }
  if (options.kubeconfig !== undefined || options.context !== undefined || hasCluster()) {
    const { liveStore } = await import('./live.ts');
    const store = await liveStore(options, { configMaps, ...(policies === undefined ? {} : { policies }) });
    load(store, more);
    return store;
  }
  if (mayBeEmpty === true) return readState([], more);
  throw new Failure('no cluster state: give --snapshot PATH, or a kubeconfig of a cluster');
}

/** Reads files of cluster state into a new model. */
export function readState(
  paths: readonly string[],
  more: readonly ManifestObject[] = [],
  policies?: PolicySink,
): Store {
  const store = new Store();
  const problems: string[] = [];
  const facts: Facts = { nodes: [], apiGroups: new Set(), settings: new Map(), policies };
  const { daemonSets } = load(store, objectsOf(filesOf(paths), more, facts, problems));
  if (problems.length > 0) throw new Failure(shortened(problems));
  store.cni = detectCni({
    daemonSets,
    nodes: facts.nodes,
    apiGroups: [...facts.apiGroups],
    settings: facts.settings,
  } satisfies CniFacts);
  return store;
}

interface Facts {
  readonly nodes: NodeFacts[];
  readonly apiGroups: Set<string>;
  readonly settings: Map<string, string>;
  readonly policies: PolicySink | undefined;
}

/** Reads file after file, so that only one is in memory at a time. */
function* objectsOf(
  files: readonly TextFile[],
  more: readonly ManifestObject[],
  facts: Facts,
  problems: string[],
): Iterable<ManifestObject> {
  for (const file of files) {
    const read = readDocuments(file.read(), file.name);
    problems.push(...read.problems.map(problemText));
    for (const document of read.documents) {
      const parsed = parseManifest(document, { namespace: 'default', stored: true });
      problems.push(...parsed.problems.map(problemText));
      for (const [key, value] of settingsIn(document.raw)) facts.settings.set(key, value);
      if (parsed.object === undefined) continue;
      note(document.raw, parsed.object, facts);
      yield parsed.object;
    }
  }
  yield* more;
}

/** What is no part of the model: PortentPolicies, and what the network plug-in is recognised by. */
function note(raw: unknown, object: ManifestObject, facts: Facts): void {
  const { apiVersion, kind, spec } = fields(raw);
  if (object.type === 'other' && apiVersion === 'portent.dev/v1alpha1' && kind === 'PortentPolicy') {
    facts.policies?.put(object.name, spec);
  }
  const group = groupOf(text(apiVersion));
  if (group !== '') facts.apiGroups.add(group);
  if (kind === 'CustomResourceDefinition' || kind === 'APIService') {
    const served = text(fields(spec).group);
    if (served !== '') facts.apiGroups.add(served);
  }
  if (object.type === 'node') {
    facts.nodes.push({ name: object.node.name, labels: object.node.labels, settings: nodeSettings(raw) });
  }
}

/** The first lines of many, and how many more there are. */
export function shortened(lines: readonly string[]): readonly string[] {
  if (lines.length <= SHOWN_PROBLEMS) return lines;
  return [...lines.slice(0, SHOWN_PROBLEMS), `… and ${lines.length - SHOWN_PROBLEMS} more problems`];
}
