/**
 * Sets of port numbers as flat, sorted, disjoint, non-adjacent inclusive ranges `[from, to, from, to, …]`.
 * Every operation returns a new set (or one of its arguments unchanged); none mutates.
 */
export type Ports = readonly number[];

export const NO_PORTS: Ports = Object.freeze([]);
/** 1–65535: port 0 cannot be connected to. */
export const ALL_PORTS: Ports = Object.freeze([1, 65535]);

/** The ports `from` to `to`, inclusive; empty when the range is. */
export function portRange(from: number, to: number = from): Ports {
  const low = Math.max(from, 1);
  const high = Math.min(to, 65535);
  if (low > high) return NO_PORTS;
  return low === 1 && high === 65535 ? ALL_PORTS : [low, high];
}

/** By halving: a policy may name 10,000 ports. */
export function hasPort(ports: Ports, port: number): boolean {
  let low = 0;
  let high = ports.length / 2;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (port < (ports[2 * middle] as number)) high = middle;
    else if (port > (ports[2 * middle + 1] as number)) low = middle + 1;
    else return true;
  }
  return false;
}

/** Whether both sets hold the same. */
export function portsEqual(a: Ports, b: Ports): boolean {
  if (a === b) return true;
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** What either holds. */
export function unitePorts(a: Ports, b: Ports): Ports {
  if (a.length === 0 || a === b || b === ALL_PORTS) return b;
  if (b.length === 0 || a === ALL_PORTS) return a;
  const merged: number[] = [];
  let i = 0;
  let j = 0;
  while (i < a.length || j < b.length) {
    const fromA = j >= b.length || (i < a.length && (a[i] as number) <= (b[j] as number));
    const from = (fromA ? a[i] : b[j]) as number;
    const to = (fromA ? a[i + 1] : b[j + 1]) as number;
    if (fromA) i += 2;
    else j += 2;
    const last = merged.length - 1;
    if (last > 0 && from <= (merged[last] as number) + 1) {
      if (to > (merged[last] as number)) merged[last] = to;
    } else merged.push(from, to);
  }
  return canonical(merged);
}

/** The union of many sets, in one pass. */
export function mergePorts(sets: readonly Ports[]): Ports {
  let count = 0;
  for (const set of sets) count += set.length / 2;
  if (count === 0) return NO_PORTS;
  // Both ends in one number, so that sorting the numbers sorts the ranges.
  const ranges = new Uint32Array(count);
  let end = 0;
  for (const set of sets) {
    for (let i = 0; i < set.length; i += 2) {
      ranges[end++] = (set[i] as number) * 65536 + (set[i + 1] as number);
    }
  }
  ranges.sort();
  const merged: number[] = [];
  for (const range of ranges) {
    const from = range >>> 16;
    const to = range & 65535;
    const last = merged.length - 1;
    if (last > 0 && from <= (merged[last] as number) + 1) {
      if (to > (merged[last] as number)) merged[last] = to;
    } else merged.push(from, to);
  }
  return canonical(merged);
}

/** What both hold. */
export function intersectPorts(a: Ports, b: Ports): Ports {
  if (a === b || b === ALL_PORTS) return a;
  if (a === ALL_PORTS) return b;
  if (a.length === 0 || b.length === 0) return NO_PORTS;
  const common: number[] = [];
  let i = 0;
  let j = 0;
  while (i < a.length && j < b.length) {
    const from = Math.max(a[i] as number, b[j] as number);
    const to = Math.min(a[i + 1] as number, b[j + 1] as number);
    if (from <= to) common.push(from, to);
    if ((a[i + 1] as number) < (b[j + 1] as number)) i += 2;
    else j += 2;
  }
  return canonical(common);
}

/** What `a` holds and `b` does not. */
export function subtractPorts(a: Ports, b: Ports): Ports {
  if (a.length === 0 || b.length === 0) return a;
  if (a === b || b === ALL_PORTS) return NO_PORTS;
  const rest: number[] = [];
  let j = 0;
  for (let i = 0; i < a.length; i += 2) {
    let from = a[i] as number;
    const to = a[i + 1] as number;
    while (j < b.length && (b[j + 1] as number) < from) j += 2;
    for (let k = j; k < b.length && (b[k] as number) <= to; k += 2) {
      if ((b[k] as number) > from) rest.push(from, (b[k] as number) - 1);
      from = (b[k + 1] as number) + 1;
    }
    if (from <= to) rest.push(from, to);
  }
  return canonical(rest);
}

function canonical(ports: number[]): Ports {
  if (ports.length === 0) return NO_PORTS;
  if (ports.length === 2 && ports[0] === 1 && ports[1] === 65535) return ALL_PORTS;
  return ports;
}
