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

const ZERO = 48;
const DOT = 46;

/**
 * Four decimal numbers up to 255, without leading zeros: some programs read those as octal (Go's netip). Read by
 * character, up to `end`: a block may have 12,000 exceptions, and a regular expression makes six texts of each.
 */
function parseV4(text: string, end: number = text.length): number | undefined {
  let address = 0;
  let octet = -1;
  let dots = 0;
  for (let i = 0; i < end; i++) {
    const code = text.charCodeAt(i);
    if (code === DOT) {
      if (octet < 0 || ++dots > 3) return undefined;
      address = address * 256 + octet;
      octet = -1;
      continue;
    }
    const digit = code - ZERO;
    if (digit < 0 || digit > 9 || octet === 0) return undefined;
    octet = octet < 0 ? digit : octet * 10 + digit;
    if (octet > 255) return undefined;
  }
  return dots === 3 && octet >= 0 ? address * 256 + octet : undefined;
}

/** One to three digits after the slash, without leading zeros; -1 when it is anything else. */
function prefixAfter(text: string, slash: number): number {
  const digits = text.length - slash - 1;
  if (digits < 1 || digits > 3) return -1;
  let prefix = 0;
  for (let i = slash + 1; i < text.length; i++) {
    const digit = text.charCodeAt(i) - ZERO;
    if (digit < 0 || digit > 9 || (digits > 1 && prefix === 0 && digit === 0)) return -1;
    prefix = prefix * 10 + digit;
  }
  return prefix;
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
  const prefix = prefixAfter(text, slash);
  if (prefix < 0) return undefined;
  const address = parseV4(text, slash) ?? parseAddress(text.slice(0, slash));
  if (address === undefined) return undefined;
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

/** What any of these CIDRs holds; a text that is none holds nothing. */
export function cidrSet(texts: readonly string[]): Addresses {
  return mergeAddresses(texts.flatMap((text) => parseCidr(text) ?? []));
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

/** The union of many sets, in one pass: uniting them one by one would cost the square of their number. */
export function mergeAddresses(sets: readonly Addresses[]): Addresses {
  const all4: number[] = [];
  const all6: bigint[] = [];
  for (const { v4, v6 } of sets) {
    for (const edge of v4) all4.push(edge);
    for (const edge of v6) all6.push(edge);
  }
  return { v4: merge(all4, (n) => n + 1), v6: merge(all6, (n) => n + 1n) };
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

/** How much of `inner` the set `outer` holds. Ends at the first answer, and makes no set: either may have 12,000 ranges. */
export function coverage(outer: Addresses, inner: Addresses): 'all' | 'some' | 'none' {
  const v4 = covered(outer.v4, inner.v4);
  if (v4 === 'some') return v4;
  const v6 = covered(outer.v6, inner.v6);
  if (v4 === undefined) return v6 ?? 'all';
  return v6 === undefined || v6 === v4 ? v4 : 'some';
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

function merge<T extends Address>(flat: readonly T[], next: (n: T) => T): readonly T[] {
  const sorted = byStart(flat);
  const merged: T[] = [];
  for (let i = 0; i < sorted.length; i += 2) {
    const [from, to] = [sorted[i] as T, sorted[i + 1] as T];
    const last = merged.length - 1;
    if (last > 0 && from <= next(merged[last] as T)) {
      if (to > (merged[last] as T)) merged[last] = to;
    } else merged.push(from, to);
  }
  return merged;
}

/** The ranges in the order of their first addresses; mostly they are written so. */
function byStart<T extends Address>(flat: readonly T[]): readonly T[] {
  let i = 2;
  while (i < flat.length && (flat[i - 2] as T) <= (flat[i] as T)) i += 2;
  if (i >= flat.length) return flat;
  const pairs: [T, T][] = [];
  for (let j = 0; j < flat.length; j += 2) pairs.push([flat[j] as T, flat[j + 1] as T]);
  return pairs.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)).flat();
}

/** As `coverage`, of one family; undefined when `inner` is empty. */
function covered<T extends Address>(
  outer: readonly T[],
  inner: readonly T[],
): 'all' | 'some' | 'none' | undefined {
  if (inner.length === 0) return undefined;
  if (outer === inner) return 'all';
  let known: 'all' | 'none' | undefined;
  let j = firstEndingAt(outer, inner[0] as T);
  for (let i = 0; i < inner.length; i += 2) {
    const from = inner[i] as T;
    const to = inner[i + 1] as T;
    while (j < outer.length && (outer[j + 1] as T) < from) j += 2;
    const misses = j >= outer.length || (outer[j] as T) > to;
    if (!misses && ((outer[j] as T) > from || (outer[j + 1] as T) < to)) return 'some';
    const one = misses ? 'none' : 'all';
    if (known !== undefined && known !== one) return 'some';
    known = one;
  }
  return known;
}

/** The place of the first range that does not end before the address. */
function firstEndingAt<T extends Address>(ranges: readonly T[], address: T): number {
  let low = 0;
  let high = ranges.length / 2;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((ranges[2 * middle + 1] as T) < address) low = middle + 1;
    else high = middle;
  }
  return 2 * low;
}

/** Whether the set is one range that holds every range of the other. */
function holdsAll<T extends Address>(one: readonly T[], other: readonly T[]): boolean {
  return (
    one.length === 2 &&
    other.length > 0 &&
    (one[0] as T) <= (other[0] as T) &&
    (other.at(-1) as T) <= (one[1] as T)
  );
}

function intersect<T extends Address>(a: readonly T[], b: readonly T[]): readonly T[] {
  // All addresses and 12,000 ranges: the set itself serves as well as a copy.
  if (holdsAll(a, b)) return b;
  if (holdsAll(b, a)) return a;
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
