import type { Access } from './access.ts';
import { ApiError } from './api-error.ts';
import { listAt, type Raw, rawAt, textAt, textsAt } from './raw.ts';

/** A kind the API server serves in one version of one group. */
export interface ServedKind {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  /** The plural in the URL. */
  readonly resource: string;
}

export interface Discovery {
  readonly groups: readonly string[];
  readonly kinds: readonly ServedKind[];
  /** Groups whose own server did not answer: what they serve is not known, which is not nothing. */
  readonly unknownGroups: readonly string[];
}

/** One document with everything (KEP-3352, stable since 1.30), else the list of groups. */
const AGGREGATED = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json';

const LIMITS = { headMs: 20_000, silenceMs: 20_000 } as const;

/**
 * What the API server serves: the names of all groups, and the kinds of the groups asked for. Throws when it
 * cannot be asked at all.
 */
export async function discover(
  access: Access,
  groups: ReadonlySet<string>,
  signal?: AbortSignal,
): Promise<Discovery> {
  const answer = await access.getJson('/apis', {
    accept: AGGREGATED,
    ...LIMITS,
    ...(signal === undefined ? {} : { signal }),
  });
  if (textAt(answer, 'kind') === 'APIGroupDiscoveryList') return aggregated(answer, groups);
  return oneByOne(access, answer, groups);
}

function aggregated(answer: unknown, wanted: ReadonlySet<string>): Discovery {
  const groups: string[] = [];
  const kinds: ServedKind[] = [];
  const unknownGroups: string[] = [];
  for (const item of listAt(answer, 'items')) {
    const group = textAt(rawAt(item, 'metadata'), 'name');
    groups.push(group);
    if (!wanted.has(group)) continue;
    for (const version of listAt(item, 'versions')) {
      if (textAt(version, 'freshness') === 'Stale') unknownGroups.push(group);
      for (const resource of listAt(version, 'resources')) {
        const kind = textAt(rawAt(resource, 'responseKind'), 'kind');
        if (!watchable(resource as Raw)) continue;
        kinds.push({
          group,
          version: textAt(version, 'version'),
          kind,
          resource: textAt(resource, 'resource'),
        });
      }
    }
  }
  return { groups, kinds, unknownGroups };
}

async function oneByOne(access: Access, answer: unknown, wanted: ReadonlySet<string>): Promise<Discovery> {
  const groups: string[] = [];
  const kinds: ServedKind[] = [];
  const unknownGroups: string[] = [];
  for (const item of listAt(answer, 'groups')) {
    const group = textAt(item, 'name');
    groups.push(group);
    if (!wanted.has(group)) continue;
    for (const each of listAt(item, 'versions')) {
      const version = textAt(each, 'version');
      try {
        kinds.push(...(await kindsOf(access, group, version)));
      } catch (error) {
        // An aggregated server that is down answers 503 for its group alone.
        if (!(error instanceof ApiError)) throw error;
        unknownGroups.push(group);
      }
    }
  }
  return { groups, kinds, unknownGroups };
}

async function kindsOf(access: Access, group: string, version: string): Promise<ServedKind[]> {
  const list = await access.getJson(`/apis/${group}/${version}`, LIMITS);
  return listAt(list, 'resources').flatMap((item) => {
    const resource = textAt(item, 'name');
    if (resource.includes('/') || !watchable(item as Raw)) return [];
    return { group, version, kind: textAt(item, 'kind'), resource };
  });
}

function watchable(resource: Raw): boolean {
  const verbs = textsAt(resource, 'verbs');
  return verbs.includes('list') && verbs.includes('watch');
}
