import fc from 'fast-check';
import type {
  NamespaceObject,
  NodeObject,
  PodObject,
  PolicyObject,
  World,
  WorldObject,
} from '../reference/objects.ts';
import {
  NAMES,
  PORT_NAMES,
  PORT_NUMBERS,
  policy,
  protocol,
  record,
  service,
  someLabels,
} from './policies.ts';
import { tierPolicies } from './tiers.ts';

/** Addresses outside the cluster and the nodes' own: every block of the made-up policies has some in and out. */
export const OUTSIDE = [
  '198.51.100.9',
  '203.0.113.7',
  '203.0.113.200',
  '10.0.1.200',
  '10.9.9.9',
  '2001:db8::7',
  '2001:db8::8',
  'fd00::1:99',
  '2a00::1',
] as const;

const NODES: readonly NodeObject[] = ['node-0', 'node-1'].map((name, i) => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name, labels: { app: i === 0 ? 'a' : 'b' } },
  status: {
    addresses: [
      { type: 'InternalIP', address: `192.168.0.${i}` },
      { type: 'InternalIP', address: `fd99::${i}` },
    ],
  },
}));

const namespaces = fc
  .tuple(fc.integer({ min: 2, max: 4 }), fc.array(someLabels, { minLength: 4, maxLength: 4 }))
  .map(([count, labels]): NamespaceObject[] =>
    NAMES.slice(0, count).map((name, i) => ({
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: i === 0 ? { name } : { name, labels: labels[i] ?? {} },
    })),
  );

const namedPort = fc.record(
  { name: fc.constantFrom(...PORT_NAMES), containerPort: fc.constantFrom(...PORT_NUMBERS), protocol },
  { requiredKeys: ['name', 'containerPort'], noNullPrototype: true },
);

interface PodSeed {
  readonly namespace: number;
  readonly owner: 'none' | 'web' | 'db';
  readonly labels: Record<string, string>;
  readonly ports: readonly { name: string; containerPort: number }[];
  readonly sidecarPorts: readonly { name: string; containerPort: number }[];
  readonly families: 'v4' | 'v6' | 'both' | 'none';
  readonly network: 'pod' | 'host';
  readonly phase: string;
  readonly node: number;
}

const podSeed: fc.Arbitrary<PodSeed> = fc.record(
  {
    namespace: fc.nat(3),
    owner: fc.constantFrom('none', 'web', 'db'),
    labels: someLabels,
    ports: fc.array(namedPort, { maxLength: 3 }),
    sidecarPorts: fc.array(namedPort, { maxLength: 1 }),
    families: often('v4', 'both', 'v6', 'none'),
    network: often('pod', 'host'),
    phase: often('Running', 'Pending', 'Succeeded', 'Failed', 'Unknown'),
    node: fc.nat(1),
  },
  { noNullPrototype: true },
);

/** The first value most of the time. */
function often<T>(usual: T, ...others: T[]): fc.Arbitrary<T> {
  return fc.oneof(
    { weight: 6, arbitrary: fc.constant(usual) },
    { weight: others.length, arbitrary: fc.constantFrom(...others) },
  );
}

function podOf(seed: PodSeed, index: number, spaces: readonly NamespaceObject[]): PodObject {
  const number = seed.namespace % spaces.length;
  const namespace = spaces[number]?.metadata.name ?? 'n0';
  const host = seed.network === 'host';
  const v4 = host ? `192.168.0.${seed.node}` : `10.0.${number}.${index}`;
  const v6 = host ? `fd99::${seed.node}` : `fd00::${number}:${index}`;
  // A pod on the host's network has the node's addresses.
  const ips = host || seed.families === 'both' ? [v4, v6] : addressesFor(seed.families, v4, v6);
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: `p${index}`,
      namespace,
      labels: record([...Object.entries(seed.labels), ['pod', `p${index}`]]),
      ...(seed.owner === 'none'
        ? {}
        : {
            ownerReferences: [
              {
                apiVersion: 'apps/v1',
                kind: 'StatefulSet',
                name: seed.owner,
                uid: seed.owner,
                controller: true,
              },
            ],
          }),
    },
    spec: {
      nodeName: `node-${seed.node}`,
      ...(host ? { hostNetwork: true } : {}),
      containers: [
        { name: 'c', image: 'example.test/app', ports: seed.ports.slice(0, 2) },
        { name: 'd', image: 'example.test/app', ports: seed.ports.slice(2) },
      ],
      initContainers: [
        { name: 'sidecar', image: 'example.test/side', restartPolicy: 'Always', ports: seed.sidecarPorts },
        { name: 'setup', image: 'example.test/setup', ports: [{ name: 'http', containerPort: 82 }] },
      ],
    },
    status: {
      phase: seed.phase,
      ...(ips[0] === undefined ? {} : { podIP: ips[0], podIPs: ips.map((ip) => ({ ip })) }),
    },
  };
}

function addressesFor(families: PodSeed['families'], v4: string, v6: string): string[] {
  if (families === 'none') return [];
  return [families === 'v6' ? v6 : v4];
}

/** A small cluster with everything in it that makes NetworkPolicy hard. */
export const world: fc.Arbitrary<World> = fc
  .tuple(
    namespaces,
    fc.array(podSeed, { minLength: 2, maxLength: 8 }),
    fc
      .integer({ min: 0, max: 6 })
      .chain((count) => fc.tuple(...named(count, 'np').map((name) => policy(name)))),
    fc
      .integer({ min: 0, max: 2 })
      .chain((count) => fc.tuple(...named(count, 'svc').map((name) => service(name)))),
    fc.constantFrom<'yes' | 'no' | 'unknown'>('unknown', 'yes', 'no'),
  )
  .map(([spaces, seeds, policies, services, blocksMatchPods]) => {
    const here = new Set(spaces.map((space) => space.metadata.name));
    const inside = (object: WorldObject): boolean => here.has(object.metadata.namespace ?? '');
    return {
      objects: [
        ...spaces,
        ...NODES,
        ...seeds.map((seed, i) => podOf(seed, i, spaces)),
        ...policies.filter(inside),
        ...services.filter(inside),
      ],
      blocksMatchPods,
    };
  });

/** The same with policies of the admin and the baseline tier around its NetworkPolicies. */
export const tieredWorld: fc.Arbitrary<World> = fc
  .tuple(world, tierPolicies)
  .map(([made, tiers]) => ({ ...made, objects: [...made.objects, ...tiers] }));

function named(count: number, prefix: string): string[] {
  return Array.from({ length: count }, (_, i) => `${prefix}${i}`);
}

/** `namespace/name` of every pod that counts. */
export function podNames({ objects }: World): string[] {
  return livePods(objects).map(({ metadata }) => `${metadata.namespace}/${metadata.name}`);
}

export function livePods(objects: readonly WorldObject[]): PodObject[] {
  return objects.filter(
    (object): object is PodObject =>
      object.kind === 'Pod' && !['Succeeded', 'Failed'].includes((object as PodObject).status?.phase ?? ''),
  );
}

export function policiesOf({ objects }: World): PolicyObject[] {
  return objects.filter((object): object is PolicyObject => object.kind === 'NetworkPolicy');
}

/** Whether the two ends could talk at all: they share an address family, or one has no address yet. */
export function canMeet({ objects }: World, from: string, to: string): boolean {
  const families = (end: string): Set<boolean> => {
    if (!end.includes('/')) return new Set([end.includes(':')]);
    const pod = livePods(objects).find(({ metadata }) => `${metadata.namespace}/${metadata.name}` === end);
    const ips = pod?.status?.podIPs ?? [];
    return new Set(ips.length === 0 ? [true, false] : ips.map(({ ip }) => ip.includes(':')));
  };
  const other = families(to);
  return [...families(from)].some((family) => other.has(family));
}

/**
 * Whether `list` has to speak of the pair. A pod without an address has no family yet: which blocks of external
 * addresses it is shown with is left open.
 */
export function isListed(made: World, from: string, to: string): boolean {
  const waiting = (end: string): boolean =>
    livePods(made.objects).some(
      ({ metadata, status }) =>
        `${metadata.namespace}/${metadata.name}` === end && (status?.podIPs ?? []).length === 0,
    );
  if (!from.includes('/')) return !waiting(to) && canMeet(made, from, to);
  if (!to.includes('/')) return !waiting(from) && canMeet(made, from, to);
  return canMeet(made, from, to);
}
