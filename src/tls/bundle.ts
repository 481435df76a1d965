import { X509Certificate } from 'node:crypto';
import { CertificateError, type Checked, check } from './check.ts';
import { isDue, issuedAt, paceOf } from './life.ts';

/**
 * What all replicas share, by the keys of their Secret. `ca.crt` holds every authority that callers are to trust,
 * that of `tls.crt` first. `next.*` is a certificate that is served once callers trust its authority. There is no
 * key of an authority: each signs one certificate and is forgotten, so nobody who reads the Secret can make more.
 */
export const KEYS = ['ca.crt', 'tls.crt', 'tls.key', 'next.crt', 'next.key'] as const;
export type Shared = Readonly<Partial<Record<(typeof KEYS)[number], string>>>;

/** A certificate that can be served, and the authority (PEM) that callers must trust for it. */
export interface Pair {
  readonly serving: Checked;
  readonly authority: string;
}

/** What was made of the shared content, and what is to be written: `shared` differs from what was read. */
export interface Step {
  readonly current: Pair;
  readonly next: Pair | undefined;
  /** What callers are to trust, as PEM. */
  readonly bundle: string;
  readonly shared: Shared;
  /** Why it has to be written; undefined when it is right as it is. */
  readonly reason: string | undefined;
}

/** What a step depends on, beside what is shared. */
export interface StepOptions {
  readonly names: readonly string[];
  /** How long a certificate lives, in milliseconds. */
  readonly life: number;
  readonly now: Date;
  /** What this replica serves now: it mends a Secret that was emptied, without a moment's break. */
  readonly own?: Pair | undefined;
  /** Whether callers have trusted this authority for long enough to be served under it. */
  readonly settled: (authority: string) => boolean;
}

/** Bundles with more authorities than that are somebody's joke; the oldest are left out. */
const MOST_AUTHORITIES = 8;

/**
 * The one next step towards a certificate that is good, known to callers and not about to end. Any replica may
 * take it, and two that take the same one disagree only until the loser reads again. Never throws for content.
 */
export async function nextStep(shared: Shared, options: StepOptions): Promise<Step> {
  const { names, life, now, own, settled } = options;
  const trusted = authoritiesIn(shared['ca.crt'] ?? '', now);
  const pair = (certificate: string | undefined, key: string | undefined): Pair | undefined =>
    usable({ certificate: certificate ?? '', key: key ?? '' }, trusted, options);
  const held = pair(shared['tls.crt'], shared['tls.key']);
  const waiting = pair(shared['next.crt'], shared['next.key']);
  const make = () => newPair(names, now, life);
  const step = (current: Pair, next: Pair | undefined, others: readonly string[], reason?: string): Step => {
    const heads = [current.authority, ...(next === undefined ? [] : [next.authority])];
    const bundle = [...new Set([...heads, ...others])].slice(0, MOST_AUTHORITIES).join('');
    const content = contentOf(current, next, bundle);
    const same = KEYS.every((key) => content[key] === shared[key]);
    const why = same ? undefined : (reason ?? 'what was over or not ours is left out');
    return { current, next, bundle, shared: content, reason: why };
  };

  const ours = own !== undefined && usable(own.serving, [own.authority], options);
  if (held === undefined) {
    const reason = Object.keys(shared).length === 0 ? 'there was none' : 'it could not be used';
    if (!ours) return step(waiting ?? (await make()), undefined, trusted, reason);
    // Whoever emptied the Secret wants another certificate; callers learn of it before it is served.
    return step(ours, waiting ?? (await make()), trusted, reason);
  }
  const over = now.getTime() >= issuedAt(held.serving) + overlapOf(life);
  if (ours && !over && !trusted.includes(ours.authority)) {
    return step(
      held,
      waiting,
      [...trusted, ours.authority],
      'a replica still serves under an older authority',
    );
  }
  if (waiting !== undefined && settled(waiting.authority)) {
    return step(waiting, undefined, trusted, 'the next certificate takes over');
  }
  if (waiting !== undefined) return step(held, waiting, trusted);
  if (isDue(held.serving, now)) return step(held, await make(), trusted, 'two thirds of its life are over');
  return over
    ? step(held, undefined, [], 'older authorities are not needed any more')
    : step(held, undefined, trusted);
}

/** Counted from when the certificate was made: it waited for its turn before it was served. */
function overlapOf(life: number): number {
  const { settle, overlap } = paceOf(life);
  return settle + overlap;
}

function contentOf(current: Pair, next: Pair | undefined, bundle: string): Shared {
  return {
    'ca.crt': bundle,
    'tls.crt': current.serving.certificate,
    'tls.key': current.serving.key,
    ...(next === undefined ? {} : { 'next.crt': next.serving.certificate, 'next.key': next.serving.key }),
  };
}

/** The pair, when it is valid now, good for all names, and signed by one of the authorities. */
function usable(
  pair: { readonly certificate: string; readonly key: string },
  authorities: readonly string[],
  { names, now }: StepOptions,
): Pair | undefined {
  try {
    const serving = check(pair, 'shared certificate', now);
    if (!names.every((name) => serving.covers(name))) return undefined;
    const authority = authorities.find((each) => serving.signedBy(each));
    return authority === undefined ? undefined : { serving, authority };
  } catch (error) {
    if (error instanceof CertificateError) return undefined;
    throw error;
  }
}

const BLOCK = /-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]*-----END CERTIFICATE-----/g;
/** The API server takes objects up to 1.5 MiB; eight authorities are 10 KiB. */
const LONGEST_BUNDLE = 256 * 1024;

/** The certificates in a bundle as they stand, each as one PEM block that ends in a line break. */
export function blocksIn(bundle: string): string[] {
  return [...bundle.slice(0, LONGEST_BUNDLE).matchAll(BLOCK)].map(([block]) => `${block}\n`);
}

/** The authorities in a bundle that are valid now. */
export function authoritiesIn(bundle: string, now: Date): string[] {
  return blocksIn(bundle).filter((block) => {
    try {
      const certificate = new X509Certificate(block);
      return certificate.ca && certificate.validToDate > now && certificate.validFromDate <= now;
    } catch {
      // Somebody's text between two lines that look right.
      return false;
    }
  });
}

/** A certificate from an authority of its own, whose key is not kept. */
async function newPair(names: readonly string[], now: Date, life: number): Promise<Pair> {
  const { issueAlone } = await import('./issue.ts');
  const { serving, authority } = await issueAlone(names, now, life);
  return { serving: check(serving, 'new certificate', now), authority };
}
