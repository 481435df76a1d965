import { IPv6 } from 'ip-num';

/**
 * One address: an IPv4 address is a number, an IPv6 address a bigint. The two spaces never mix;
 * the type itself tells them apart, so `::/0` cannot contain 10.0.0.1.
 */
export type Address = number | bigint;

/** A set of IPv4 addresses: flat, sorted, disjoint, non-adjacent inclusive ranges. */
export type Ranges4 = readonly number[];
/** A set of IPv6 addresses, likewise. */
export type Ranges6 = readonly bigint[];

/** A set of addresses of both families, each apart. */
export interface Addresses {
  readonly v4: Ranges4;
  readonly v6: Ranges6;
}

/** A CIDR less its exceptions, as written in an ipBlock. */
export interface Block {
  /** As written. */
  readonly cidr: string;
  readonly except: readonly string[];
  readonly addresses: Addresses;
}

/** The first 96 bits of an IPv4-mapped IPv6 address. */
const MAPPED = 0xffffn;
const MAPPED_BITS = 96;

export const LAST_V4 = 0xffff_ffff;
export const LAST_V6 = (1n << 128n) - 1n;
export const NO_ADDRESSES: Addresses = Object.freeze({ v4: Object.freeze([]), v6: Object.freeze([]) });
export const ALL_V4: Addresses = Object.freeze({ v4: Object.freeze([0, LAST_V4]), v6: Object.freeze([]) });
export const ALL_V6: Addresses = Object.freeze({ v4: Object.freeze([]), v6: Object.freeze([0n, LAST_V6]) });
export const ALL_ADDRESSES: Addresses = Object.freeze({ v4: ALL_V4.v4, v6: ALL_V6.v6 });

/** Reads an address; undefined when it is none. Zone ids and surrounding space are not addresses. */
export function parseAddress(text: string): Address | undefined {
  if (!text.includes(':')) return parseV4(text);
  if (!/^[0-9a-fA-F:.]+$/.test(text)) return undefined;
  try {
    return mapped(IPv6.fromString(text).value);
  } catch {
    return undefined;
  }
}

const V4_TEXT = /^(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})$/;

/** Four decimal numbers up to 255, without leading zeros: some programs read those as octal (Go's netip). */
function parseV4(text: string): number | undefined {
  const octets = V4_TEXT.exec(text);
  if (octets === null) return undefined;
  let address = 0;
  for (let i = 1; i <= 4; i++) {
    const octet = Number(octets[i]);
    if (octet > 255) return undefined;
    address = address * 256 + octet;
  }
  return address;
}

/**
 * Reads a CIDR, host bits tolerated (old objects carry them); undefined when it is none.
 * A prefix length has no leading zeros (Go's netip.ParsePrefix). A block of IPv4-mapped addresses is a block of
 * IPv4 addresses: `::ffff:10.0.0.0/104` is `10.0.0.0/8` (Go's net.IPNet.Contains); a shorter prefix leaves the
 * mapped space and is IPv6.
 */
export function parseCidr(text: string): Addresses | undefined {
  const slash = text.indexOf('/');
  if (slash < 0) return undefined;
  const prefixText = text.slice(slash + 1);
  if (!/^(0|[1-9]\d{0,2})$/.test(prefixText)) return undefined;
  const address = parseAddress(text.slice(0, slash));
  if (address === undefined) return undefined;
  const prefix = Number(prefixText);
  const isMapped = typeof address === 'number' && text.includes(':');
  if (typeof address === 'number' && (!isMapped || prefix >= MAPPED_BITS)) {
    const bits = isMapped ? prefix - MAPPED_BITS : prefix;
    if (bits > 32) return undefined;
    const size = 2 ** (32 - bits);
    const first = address - (address % size);
    return { v4: [first, first + size - 1], v6: [] };
  }
  if (prefix > 128) return undefined;
  const value = typeof address === 'number' ? (MAPPED << 32n) | BigInt(address) : address;
  const host = (1n << BigInt(128 - prefix)) - 1n;
  const first = value & ~host;
  return { v4: [], v6: [first, first | host] };
}

/** A single address as a set. */
export function addressSet(address: Address): Addresses {
  return typeof address === 'number'
    ? { v4: [address, address], v6: [] }
    : { v4: [], v6: [address, address] };
}

/** Whether the set holds the address. */
export function hasAddress(set: Addresses, address: Address): boolean {
  return typeof address === 'number' ? within(set.v4, address) : within(set.v6, address);
}

/** Whether the set is empty. */
export function noAddresses(set: Addresses): boolean {
  return set.v4.length === 0 && set.v6.length === 0;
}

/** What either holds. */
export function uniteAddresses(a: Addresses, b: Addresses): Addresses {
  return { v4: unite(a.v4, b.v4, (n) => n + 1), v6: unite(a.v6, b.v6, (n) => n + 1n) };
}

/** The union of many sets, in one pass: uniting them one by one would cost the square of their number. */
export function mergeAddresses(sets: readonly Addresses[]): Addresses {
  return {
    v4: merge(
      sets.flatMap(({ v4 }) => v4),
      (n) => n + 1,
    ),
    v6: merge(
      sets.flatMap(({ v6 }) => v6),
      (n) => n + 1n,
    ),
  };
}

/** What both hold. */
export function intersectAddresses(a: Addresses, b: Addresses): Addresses {
  return { v4: intersect(a.v4, b.v4), v6: intersect(a.v6, b.v6) };
}

/** What `a` holds and `b` does not. */
export function subtractAddresses(a: Addresses, b: Addresses): Addresses {
  return {
    v4: subtract(
      a.v4,
      b.v4,
      (n) => n + 1,
      (n) => n - 1,
    ),
    v6: subtract(
      a.v6,
      b.v6,
      (n) => n + 1n,
      (n) => n - 1n,
    ),
  };
}

/** Whether both sets hold the same. */
export function addressesEqual(a: Addresses, b: Addresses): boolean {
  return sameRanges(a.v4, b.v4) && sameRanges(a.v6, b.v6);
}

/** Whether every address of `inner` is in `outer`. */
export function containsAddresses(outer: Addresses, inner: Addresses): boolean {
  return noAddresses(subtractAddresses(inner, outer));
}

/** `10.0.0.1`, `fd00::1` (RFC 5952). */
export function addressText(address: Address): string {
  if (typeof address === 'number') {
    return `${address >>> 24}.${(address >>> 16) & 255}.${(address >>> 8) & 255}.${address & 255}`;
  }
  return compressed(address);
}

/** The fewest CIDRs that cover exactly this set, IPv4 first, in address order. */
export function cidrTexts(set: Addresses): string[] {
  const texts: string[] = [];
  for (let i = 0; i < set.v4.length; i += 2) {
    let from = set.v4[i] as number;
    const to = set.v4[i + 1] as number;
    while (from <= to) {
      let bits = 0;
      while (bits < 32 && from % 2 ** (bits + 1) === 0 && from + 2 ** (bits + 1) - 1 <= to) bits++;
      texts.push(`${addressText(from)}/${32 - bits}`);
      from += 2 ** bits;
    }
  }
  for (let i = 0; i < set.v6.length; i += 2) {
    let from = set.v6[i] as bigint;
    const to = set.v6[i + 1] as bigint;
    while (from <= to) {
      let bits = 0n;
      while (bits < 128n && from % (1n << (bits + 1n)) === 0n && from + (1n << (bits + 1n)) - 1n <= to)
        bits++;
      texts.push(`${addressText(from)}/${128n - bits}`);
      from += 1n << bits;
    }
  }
  return texts;
}

/** IPv4-mapped IPv6 addresses (RFC 4291, 2.5.5.2) mean the IPv4 address. */
function mapped(value: bigint): Address {
  return value >> 32n === MAPPED ? Number(value & 0xffff_ffffn) : value;
}

function within<T extends Address>(ranges: readonly T[], address: T): boolean {
  let low = 0;
  let high = ranges.length / 2 - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    if (address < (ranges[middle * 2] as T)) high = middle - 1;
    else if (address > (ranges[middle * 2 + 1] as T)) low = middle + 1;
    else return true;
  }
  return false;
}

function unite<T extends Address>(a: readonly T[], b: readonly T[], next: (n: T) => T): readonly T[] {
  if (a.length === 0) return b;
  if (b.length === 0) return a;
  const merged: T[] = [];
  let i = 0;
  let j = 0;
  while (i < a.length || j < b.length) {
    const fromA = j >= b.length || (i < a.length && (a[i] as T) <= (b[j] as T));
    const from = (fromA ? a[i] : b[j]) as T;
    const to = (fromA ? a[i + 1] : b[j + 1]) as T;
    if (fromA) i += 2;
    else j += 2;
    const last = merged.length - 1;
    if (last > 0 && from <= next(merged[last] as T)) {
      if (to > (merged[last] as T)) merged[last] = to;
    } else merged.push(from, to);
  }
  return merged;
}

function merge<T extends Address>(flat: readonly T[], next: (n: T) => T): readonly T[] {
  const pairs: [T, T][] = [];
  for (let i = 0; i < flat.length; i += 2) pairs.push([flat[i] as T, flat[i + 1] as T]);
  pairs.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  const merged: T[] = [];
  for (const [from, to] of pairs) {
    const last = merged.length - 1;
    if (last > 0 && from <= next(merged[last] as T)) {
      if (to > (merged[last] as T)) merged[last] = to;
    } else merged.push(from, to);
  }
  return merged;
}

function intersect<T extends Address>(a: readonly T[], b: readonly T[]): readonly T[] {
  const common: T[] = [];
  let i = 0;
  let j = 0;
  while (i < a.length && j < b.length) {
    const from = ((a[i] as T) > (b[j] as T) ? a[i] : b[j]) as T;
    const to = ((a[i + 1] as T) < (b[j + 1] as T) ? a[i + 1] : b[j + 1]) as T;
    if (from <= to) common.push(from, to);
    if ((a[i + 1] as T) < (b[j + 1] as T)) i += 2;
    else j += 2;
  }
  return common;
}

function subtract<T extends Address>(
  a: readonly T[],
  b: readonly T[],
  next: (n: T) => T,
  previous: (n: T) => T,
): readonly T[] {
  if (a.length === 0 || b.length === 0) return a;
  const rest: T[] = [];
  let j = 0;
  for (let i = 0; i < a.length; i += 2) {
    let from = a[i] as T;
    const to = a[i + 1] as T;
    while (j < b.length && (b[j + 1] as T) < from) j += 2;
    for (let k = j; k < b.length && (b[k] as T) <= to; k += 2) {
      if ((b[k] as T) > from) rest.push(from, previous(b[k] as T));
      from = next(b[k + 1] as T);
    }
    if (from <= to) rest.push(from, to);
  }
  return rest;
}

function sameRanges(a: readonly Address[], b: readonly Address[]): boolean {
  return a.length === b.length && a.every((n, i) => n === b[i]);
}

/** RFC 5952: lower case, no leading zeros, the longest run of two or more zero groups as `::`. */
function compressed(value: bigint): string {
  const groups: number[] = [];
  for (let shift = 112n; shift >= 0n; shift -= 16n) groups.push(Number((value >> shift) & 0xffffn));
  let best = -1;
  let bestLength = 1;
  for (let i = 0; i < 8; i++) {
    let length = 0;
    while (i + length < 8 && groups[i + length] === 0) length++;
    if (length > bestLength) {
      best = i;
      bestLength = length;
    }
  }
  const hex = groups.map((group) => group.toString(16));
  if (best < 0) return hex.join(':');
  return `${hex.slice(0, best).join(':')}::${hex.slice(best + bestLength).join(':')}`;
}
