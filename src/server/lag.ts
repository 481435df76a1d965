const PERIOD = 100;

/** How late the event loop is: the time by which a timer of 100 ms was last overdue. */
export interface LagMeter {
  /** Seconds. */
  readonly seconds: () => number;
  readonly stop: () => void;
}

/** Starts to watch the event loop. Does not keep the process alive. */
export function startLagMeter(): LagMeter {
  let expected = performance.now() + PERIOD;
  let late = 0;
  const timer = setInterval(() => {
    const now = performance.now();
    late = Math.max(0, now - expected);
    expected = now + PERIOD;
  }, PERIOD);
  timer.unref();
  return {
    seconds: () => late / 1000,
    stop: () => clearInterval(timer),
  };
}
