/** Overlay, diff and rules, without HTTP, and the rules alone: random changes, and the worst one. */

import { DEFAULT_RULES_CONFIG } from '../../src/decision/enforcement.ts';
import { judge } from '../../src/decision/judge.ts';
import type { Change } from '../../src/model/change.ts';
import { runRules } from '../../src/rules/run.ts';
import { keepQuick } from '../../src/server/latency.ts';
import { simulate } from '../../src/simulate/simulate.ts';
import { randomChanges, worstChange } from './changes.ts';
import { benchCluster } from './cluster.ts';
import { print, quantile } from './figures.ts';
import { changeOf, loadCluster } from './load.ts';

const WARM = 3_000;
const COUNTED = 10_000;
const WORST = 30;

function run(pods: number, policies: number): void {
  const cluster = benchCluster(pods, policies);
  const store = loadCluster(cluster);
  // As `portent serve` judges.
  const context = { config: DEFAULT_RULES_CONFIG, dryRun: false, earlier: [], fixes: false };
  const time = (change: Change): number => {
    const begin = performance.now();
    judge(store, change, context);
    return performance.now() - begin;
  };
  const changes = randomChanges(cluster, WARM + COUNTED).map(changeOf);
  for (const change of changes.slice(0, WARM)) time(change);
  const times = changes.slice(WARM).map(time);
  const size = { pods, policies };
  print({ name: 'simulate_p50', value: quantile(times, 0.5), unit: 'ms', ...size });
  print({ name: 'simulate_p99', value: quantile(times, 0.99), unit: 'ms', ...size });
  print({ name: 'simulate_max', value: quantile(times, 1), unit: 'ms', ...size });
  // All rules on a simulation that is there already; what they look up first, they pay for.
  const settings = DEFAULT_RULES_CONFIG;
  const timeRules = (change: Change): number => {
    const simulation = simulate(store, change, { earlier: [] });
    const begin = performance.now();
    runRules(simulation, { settings, user: undefined, fixes: false });
    return performance.now() - begin;
  };
  for (const change of changes.slice(0, WARM)) timeRules(change);
  const rulesTimes = changes.slice(WARM).map(timeRules);
  print({ name: 'rules_p50', value: quantile(rulesTimes, 0.5), unit: 'ms', ...size });
  print({ name: 'rules_p99', value: quantile(rulesTimes, 0.99), unit: 'ms', ...size });
  const crowded = times.filter((_, i) => {
    const change = changes[WARM + i];
    return (change?.after ?? change?.before)?.namespace === cluster.spaces[1];
  });
  print({
    name: 'simulate_crowded_p99',
    value: quantile(crowded, 0.99),
    unit: 'ms',
    ...size,
    note: '200 policies on one namespace',
  });
  const worst = changeOf(worstChange(cluster));
  const worstTimes = Array.from({ length: WORST }, () => time(worst));
  print({
    name: 'simulate_worst',
    value: quantile(worstTimes, 0.5),
    unit: 'ms',
    ...size,
    note: 'empty selector in the largest namespace',
  });
  print({ name: 'simulate_worst_first', value: worstTimes[0] ?? Number.NaN, unit: 'ms', ...size });
}

// V8 compiles as in `portent serve`. Its collector is left alone: what pauses cost, the whole server shows.
keepQuick();
run(10_000, 1_000);
run(100_000, 10_000);
