import { constants, PerformanceObserver } from 'node:perf_hooks';
import { getHeapSpaceStatistics, getHeapStatistics } from 'node:v8';

/** How near the process is to being killed for its memory. */
export interface MemoryMeter {
  /** 1 = at the limit of the JavaScript heap or of the container, whichever is nearer. */
  readonly share: () => number;
  readonly stop: () => void;
}

/**
 * The part of the heap's limit that what lives long may fill: V8 adds three semi-spaces of a 64th each. Whoever
 * sets --max-old-space-size gets larger semi-spaces, and reviews are shed too late rather than for nothing.
 */
const OLD_SHARE = 64 / 67;
/** Where nothing is read any more, nothing is collected; a heap in danger is collected all the time. */
const FRESH = 10_000;
/** Resident memory changes slowly but for bodies, which have a limit of their own. */
const PERIOD = 250;

/**
 * Starts to watch memory. Of the heap only what a full collection left counts: before one, most may be garbage,
 * and a heap that is never collected fully is in no danger. Does not keep the process alive.
 */
export function startMemoryMeter(): MemoryMeter {
  const oldLimit = getHeapStatistics().heap_size_limit * OLD_SHARE;
  // 0, or more than there is, without a container.
  const given = process.constrainedMemory() ?? 0;
  const container = given > 0 && given < 2 ** 50 ? given : Number.POSITIVE_INFINITY;
  let [heap, collected, resident] = [0, 0, 0];
  const collections = new PerformanceObserver((list) => {
    for (const { detail } of list.getEntries() as readonly {
      readonly detail?: { readonly kind?: number };
    }[]) {
      if (detail?.kind !== constants.NODE_PERFORMANCE_GC_MAJOR) continue;
      heap = usedByOld() / oldLimit;
      collected = performance.now();
    }
  });
  collections.observe({ entryTypes: ['gc'] });
  const timer = setInterval(() => {
    resident = process.memoryUsage.rss() / container;
  }, PERIOD);
  timer.unref();
  return {
    share: () => Math.max(performance.now() - collected < FRESH ? heap : 0, resident),
    stop: () => {
      clearInterval(timer);
      collections.disconnect();
    },
  };
}

function usedByOld(): number {
  let used = 0;
  for (const { space_name: name, space_used_size: size } of getHeapSpaceStatistics())
    if (!name.startsWith('new_')) used += size;
  return used;
}
