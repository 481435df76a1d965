import {
  type Address,
  type Addresses,
  addressText,
  containsAddresses,
  parseAddress,
  parseCidr,
} from '../../../netset/addresses.ts';
import { type Path, shown } from '../problem.ts';
import { portNameProblem } from '../syntax.ts';
import { isAbsent } from '../wire.ts';
import type { Report } from './report.ts';

const PROTOCOLS = ['TCP', 'UDP', 'SCTP'];

/** TCP, UDP or SCTP, in upper case; absent is TCP. */
export function checkProtocol(value: unknown, path: Path, report: Report): void {
  if (isAbsent(value) || typeof value !== 'string' || PROTOCOLS.includes(value)) return;
  checkOneOf(value, PROTOCOLS, path, report);
}

/** One of a closed set of words, with a fix when only the case is wrong. */
export function checkOneOf(value: unknown, words: readonly string[], path: Path, report: Report): void {
  if (typeof value !== 'string' || words.includes(value)) return;
  const meant = words.find((word) => word.toLowerCase() === value.toLowerCase());
  const name = path.findLast((step) => typeof step === 'string');
  const fix = meant === undefined ? undefined : `Write ${name}: ${meant}`;
  report(path, `Unsupported value: ${shown(value)}; supported: ${words.join(', ')}`, fix);
}

/** A number from 1 to 65535. */
export function checkPortNumber(value: unknown, path: Path, report: Report): void {
  if (!Number.isInteger(value)) return;
  if ((value as number) < 1 || (value as number) > 65535) report(path, `${value} is not between 1 and 65535`);
}

/** A port number, or the name of a container port. */
export function checkPort(value: unknown, path: Path, report: Report): void {
  if (typeof value !== 'string') {
    checkPortNumber(value, path, report);
    return;
  }
  const problem = portNameProblem(value);
  if (problem === undefined) return;
  const fix = /^\d{1,5}$/.test(value) ? `Write ${value} without quotes` : undefined;
  report(path, `port name ${shown(value)} ${problem}`, fix);
}

/** An address as new objects may carry it: no leading zeros, not IPv4 in IPv6 clothes. */
export function checkAddress(value: unknown, path: Path, report: Report): Address | undefined {
  if (typeof value !== 'string') return undefined;
  const address = parseAddress(value);
  if (address === undefined) report(path, `${shown(value)} is not an IP address`);
  else if (hasLeadingZero(value)) report(path, `${shown(value)} must not have leading zeros`);
  else if (typeof address === 'number' && value.includes(':')) {
    report(path, `${shown(value)} must not be an IPv4-mapped IPv6 address`);
  }
  return address;
}

/** A CIDR as a CRD takes it: bits beyond the prefix are left out. Its addresses; undefined when they cannot be read. */
export function checkLooseCidr(value: unknown, path: Path, report: Report): Addresses | undefined {
  if (typeof value !== 'string') return undefined;
  const range = parseCidr(value);
  if (range !== undefined && value.includes('/')) return range;
  const single = parseAddress(value);
  const fix = single === undefined ? undefined : `Write ${value}/${typeof single === 'number' ? 32 : 128}`;
  report(path, `${shown(value)} is not a CIDR`, fix);
  return undefined;
}

/** A CIDR as new objects may carry it: no bits set beyond the prefix. Returns whether addresses can be read. */
export function checkCidr(value: unknown, path: Path, report: Report): boolean {
  const range = checkLooseCidr(value, path, report);
  if (range === undefined || typeof value !== 'string') return false;
  const slash = value.indexOf('/');
  const address = parseAddress(value.slice(0, slash));
  const first = range.v4[0] ?? range.v6[0];
  if (hasLeadingZero(value)) report(path, `${shown(value)} must not have leading zeros`);
  else if (typeof address === 'number' && value.includes(':')) {
    report(path, `${shown(value)} must not be an IPv4-mapped IPv6 address`);
  } else if (address !== first && first !== undefined) {
    const fix = `Write ${addressText(first)}${value.slice(slash)}`;
    report(path, `${shown(value)} has bits set beyond its prefix`, fix);
  }
  return true;
}

/** Whether `inner` lies within `outer` and is smaller; both must be CIDRs. */
export function isStrictSubset(inner: string, outer: string): boolean {
  const [small, large] = [parseCidr(inner), parseCidr(outer)];
  if (small === undefined || large === undefined) return false;
  return containsAddresses(large, small) && !containsAddresses(small, large);
}

function hasLeadingZero(value: string): boolean {
  return /(^|[.])0\d/.test(value) || /\/0\d/.test(value);
}
