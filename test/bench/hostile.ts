/**
 * Policies written to hold the event loop: huge, but legal, and in the largest namespace. One figure a shape: the
 * longest time during which a server answers nobody else, from the bytes to the answer; `hostile_first` when it was
 * just started, and nothing of its code was compiled.
 */
import type { RawChange } from './changes.ts';
import { benchCluster, type RawObject } from './cluster.ts';
import { print, quantile } from './figures.ts';
import { reviewOf } from './review.ts';
import { BenchServer } from './servers.ts';

/** An object of the API server has at most about 1.5 MB. */
const MANY = 12_000;
const TIMES = 5;

const each = <T>(make: (index: number) => T): T[] => Array.from({ length: MANY }, (_, index) => make(index));
const BOTH = ['Ingress', 'Egress'];
const everyPod = { podSelector: {}, policyTypes: BOTH, egress: [] };

const POLICIES: Readonly<Record<string, object>> = {
  blocks: {
    ...everyPod,
    ingress: [{ from: each((i) => ({ ipBlock: { cidr: `10.${(i >> 8) & 255}.${i & 255}.0/25` } })) }],
  },
  'one block with exceptions': {
    ...everyPod,
    ingress: [
      {
        from: [
          {
            ipBlock: { cidr: '10.0.0.0/8', except: each((i) => `10.${(i >> 8) & 255}.${i & 255}.0/26`) },
          },
        ],
      },
    ],
  },
  'rules with a known label': {
    ...everyPod,
    ingress: each((i) => ({
      from: [{ podSelector: { matchLabels: { app: `app-${i}` } } }],
      ports: [{ port: 1 + i }],
    })),
  },
  'rules with a label of their own': {
    ...everyPod,
    ingress: each((i) => ({
      from: [
        {
          namespaceSelector: { matchLabels: { [`n${i}`]: 'x' } },
          podSelector: { matchLabels: { [`k${i}`]: 'x' } },
        },
      ],
    })),
  },
  'named ports': {
    ...everyPod,
    ingress: each((i) => ({
      from: [{ podSelector: { matchLabels: { app: `app-${i}` } } }],
      ports: [{ port: 'http' }],
    })),
  },
  'rules with a port of their own': { ...everyPod, ingress: each((i) => ({ ports: [{ port: 3 * i + 1 }] })) },
  ports: { ...everyPod, ingress: [{ ports: each((i) => ({ port: 3 * i + 1 })) }] },
  'a subject of values': {
    podSelector: {
      matchExpressions: [{ key: 'run-id', operator: 'In', values: each((i) => `run-${i}`) }],
    },
    policyTypes: BOTH,
  },
  'a subject of keys': {
    podSelector: { matchExpressions: each((i) => ({ key: `k${i}`, operator: 'DoesNotExist' })) },
    policyTypes: BOTH,
  },
};

/** Ports that lead nowhere, and to the pods of everybody. */
const SERVICE = {
  clusterIP: '10.3.0.9',
  clusterIPs: ['10.3.0.9'],
  selector: { tier: 'front' },
  ports: each((i) => ({ name: `p${i}`, protocol: 'TCP', port: 1 + i, targetPort: 1 + i })),
};

function shapes(namespace: string): (readonly [note: string, change: RawChange])[] {
  const metadata = { name: 'hostile', namespace };
  const create = (object: RawObject): RawChange => ({ operation: 'CREATE', object, oldObject: null });
  const policy = (spec: object): RawObject => ({
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata,
    spec,
  });
  const service: RawObject = { apiVersion: 'v1', kind: 'Service', metadata, spec: SERVICE };
  const oldObject = policy(POLICIES['rules with a known label'] ?? {});
  const object = policy(POLICIES.blocks ?? {});
  return [
    ...Object.entries(POLICIES).map(([note, spec]) => [note, create(policy(spec))] as const),
    ['rules that become blocks', { operation: 'UPDATE', object, oldObject }],
    ['ports of a Service', create(service)],
  ];
}

async function run(pods: number, policies: number): Promise<void> {
  const { spaces } = benchCluster(pods, policies);
  for (const [note, change] of shapes(spaces[0] ?? '')) {
    const body = reviewOf(change, 0);
    const server = await BenchServer.start('portent', String(pods), String(policies));
    const held: number[] = [];
    await server.held();
    for (let i = 0; i < TIMES; i++) {
      await server.roundTrip(body);
      held.push(await server.held());
    }
    await server.stop();
    const shape = { unit: 'ms', pods, policies, note };
    print({ name: 'hostile_first', value: held[0] ?? Number.NaN, ...shape });
    print({ name: 'hostile_p50', value: quantile(held, 0.5), ...shape });
    print({ name: 'hostile_max', value: quantile(held, 1), ...shape });
  }
}

await run(10_000, 1_000);
