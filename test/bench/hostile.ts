/**
 * Policies written to hold the event loop: huge, but legal, and in the largest namespace. One figure a shape: the
 * longest time during which nothing else is answered. To read the JSON, to read the object and to judge it are turns
 * of their own.
 */
import { DEFAULT_RULES_CONFIG } from '../../src/decision/enforcement.ts';
import { judge } from '../../src/decision/judge.ts';
import { keepQuick } from '../../src/server/latency.ts';
import { type RawChange, randomChanges } from './changes.ts';
import { benchCluster, type RawObject } from './cluster.ts';
import { print, quantile } from './figures.ts';
import { changeOf, loadCluster } from './load.ts';

/** An object of the API server has at most about 1.5 MB. */
const MANY = 12_000;
const WARM = 3_000;
const TIMES = 5;

const each = <T>(make: (index: number) => T): T[] => Array.from({ length: MANY }, (_, index) => make(index));
const BOTH = ['Ingress', 'Egress'];
const everyPod = { podSelector: {}, policyTypes: BOTH, egress: [] };

const SPECS: Readonly<Record<string, object>> = {
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

function run(pods: number, policies: number): void {
  const cluster = benchCluster(pods, policies);
  const store = loadCluster(cluster);
  const context = { config: DEFAULT_RULES_CONFIG, dryRun: false, earlier: [] };
  for (const change of randomChanges(cluster, WARM)) judge(store, changeOf(change), context);
  for (const [note, spec] of Object.entries(SPECS)) {
    const text = JSON.stringify(policyOf(cluster.spaces[0] ?? '', spec));
    const time = (): number => {
      const turns = [performance.now()];
      const object = JSON.parse(text) as RawObject;
      turns.push(performance.now());
      const change = changeOf({ operation: 'CREATE', object, oldObject: null } satisfies RawChange);
      turns.push(performance.now());
      judge(store, change, context);
      turns.push(performance.now());
      return Math.max(...turns.slice(1).map((end, i) => end - (turns[i] ?? end)));
    };
    const times = Array.from({ length: TIMES }, time);
    const shape = { unit: 'ms', pods, policies, note };
    print({ name: 'hostile_first', value: times[0] ?? Number.NaN, ...shape });
    print({ name: 'hostile_p50', value: quantile(times, 0.5), ...shape });
  }
}

function policyOf(namespace: string, spec: object): RawObject {
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name: 'hostile', namespace },
    spec,
  };
}

// V8 compiles as in `portent serve`. Its collector is left alone: what pauses cost, the whole server shows.
keepQuick();
run(10_000, 1_000);
