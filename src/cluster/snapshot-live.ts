/** A cluster read once: into a file of slimmed objects, or into a model. */
import type { Store } from '../model/store.ts';
import { type Access, type AccessOptions, openAccess, unreachable } from './access.ts';
import { ApiError } from './api-error.ts';
import { readSettings, settingsObjects } from './cni/config-maps.ts';
import { detectCni, type StatedCni, withStated } from './cni/detect.ts';
import { type CniInputs, cniFacts, newCniInputs } from './consumers.ts';
import { errorText } from './contact.ts';
import { discover } from './discovery.ts';
import { CONFIG_MAP, OPTIONAL, optionalLabel, type PolicySink, portentPolicies, REQUIRED } from './kinds.ts';
import { METADATA_LIST, servedAs } from './optional.ts';
import { listPages } from './pages.ts';
import { isRaw, type Raw, rawAt, textAt } from './raw.ts';
import type { Consumer } from './reflector.ts';
import { keepKnownReferences, slim } from './slim.ts';

/** What could not be read, each in words; the rest was read all the same. */
export interface LiveProblems {
  readonly problems: readonly string[];
  /** Kinds that exist, or may, and could not be read: `Ingress.networking.k8s.io`. */
  readonly missing: readonly string[];
}

interface Listing {
  readonly label: string;
  readonly path: string;
  readonly apiVersion: string;
  readonly kind: string;
  readonly required: boolean;
  readonly accept?: string;
  readonly consumer: (store: Store, inputs: CniInputs) => Consumer;
}

interface Visitor {
  /** The list of a kind begins; for a second time when the first attempt came to nothing. */
  begin(listing: Listing): void;
  object(listing: Listing, raw: Raw): void;
}

/**
 * Everything a snapshot file needs, as plain objects in a stable order: kind by kind, as the API server lists
 * them. Throws when a required kind cannot be read.
 */
export async function readLive(options: AccessOptions = {}): Promise<LiveProblems & { objects: Raw[] }> {
  const lists = new Map<Listing, Raw[]>();
  const { problems, missing, settings } = await visitLive(options, {
    begin: (listing) => lists.set(listing, []),
    object: (listing, raw) => {
      const kept = slim(raw, listing.apiVersion, listing.kind);
      if (kept !== undefined) lists.get(listing)?.push(kept);
    },
  });
  const objects = [...lists.values()].flat();
  return { objects: [...keepKnownReferences(objects), ...settingsObjects(settings)], problems, missing };
}

export interface LoadLiveOptions extends AccessOptions {
  readonly cniOverride?: StatedCni;
  readonly policies?: PolicySink;
  /** Whether ConfigMaps are read too. */
  readonly configMaps?: boolean;
}

/**
 * Reads a live cluster into the model once, for a command that then works on it. Sets the model's CNI and
 * health. Throws when a required kind cannot be read.
 */
export async function loadLive(store: Store, options: LoadLiveOptions = {}): Promise<LiveProblems> {
  store.readsConfigMaps = options.configMaps === true;
  const inputs = newCniInputs();
  const consumers = new Map<Listing, Consumer>();
  const unread: string[] = [];
  const { problems, missing, groups, settings } = await visitLive(options, {
    begin: (listing) => {
      if (!consumers.has(listing)) consumers.set(listing, listing.consumer(store, inputs));
    },
    object: (listing, raw) => {
      if (listing.kind === 'PortentPolicy') {
        options.policies?.put(textAt(rawAt(raw, 'metadata'), 'name'), raw.spec);
        return;
      }
      try {
        consumers.get(listing)?.put(raw);
      } catch (error) {
        unread.push(`${listing.label}: an object could not be read: ${errorText(error)}`);
      }
    },
  });
  const facts = cniFacts({ ...inputs, apiGroups: groups, settings });
  store.cni = withStated(detectCni(facts), options.cniOverride ?? {});
  const all = [...problems, ...unread];
  store.health = { state: 'fixed', problems: all, missing };
  return { problems: all, missing };
}

async function visitLive(
  options: LoadLiveOptions,
  visitor: Visitor,
): Promise<LiveProblems & { groups: readonly string[]; settings: ReadonlyMap<string, string> }> {
  const access = openAccess(options);
  try {
    const problems: string[] = [];
    const missing: string[] = [];
    const { listings, groups } = await listingsOf(access, problems, missing);
    if (options.configMaps === true) listings.push({ ...CONFIG_MAP, required: false });
    for (const listing of listings) {
      try {
        await visitKind(access, listing, visitor);
      } catch (error) {
        const problem = `${listing.label}: ${errorText(error)}`;
        // A server that does not answer at all would fail for every other kind too.
        if (listing.required || !(error instanceof ApiError)) throw new Error(problem, { cause: error });
        problems.push(problem);
        missing.push(listing.label);
      }
    }
    return { problems, missing, groups, settings: await readSettings(access) };
  } finally {
    await access.close();
  }
}

async function visitKind(access: Access, listing: Listing, visitor: Visitor): Promise<void> {
  const { path, accept } = listing;
  for await (const { items, first } of listPages(access, path, accept === undefined ? {} : { accept })) {
    if (first) visitor.begin(listing);
    for (const item of items) if (isRaw(item)) visitor.object(listing, item);
  }
}

/** Read once, they go where the caller wants them; see `loadLive`. */
const PORTENT_POLICIES = portentPolicies(() => ({ put: () => undefined, remove: () => undefined }));

async function listingsOf(
  access: Access,
  problems: string[],
  missing: string[],
): Promise<{ listings: Listing[]; groups: readonly string[] }> {
  const listings: Listing[] = REQUIRED.map((each) => ({ ...each, required: true }));
  const kinds = [...OPTIONAL, PORTENT_POLICIES];
  const groups = new Set(kinds.map(({ group }) => group));
  const discovery = await discover(access, groups).catch((error) => {
    throw unreachable(access, error);
  });
  for (const group of new Set(discovery.unknownGroups)) {
    problems.push(`${group}: the server of this API group does not answer`);
  }
  for (const optional of kinds) {
    const served = servedAs(optional, discovery);
    if (served === undefined && discovery.unknownGroups.includes(optional.group)) {
      missing.push(optionalLabel(optional));
    }
    if (served === undefined) continue;
    const apiVersion = `${served.group}/${served.version}`;
    listings.push({
      label: optionalLabel(optional),
      path: `/apis/${apiVersion}/${served.resource}`,
      apiVersion,
      kind: optional.kind,
      required: false,
      ...(optional.metadataOnly === true ? { accept: METADATA_LIST } : {}),
      consumer: (store) => optional.consumer(store, apiVersion),
    });
  }
  return { listings, groups: discovery.groups };
}
