import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CertificateError, type Checked, check } from './check.ts';
import type { KeyPair } from './issue.ts';
import { isDue } from './life.ts';

/** Names that every self-made certificate is good for: the machine itself. */
export const OWN_NAMES = ['localhost', '127.0.0.1', '::1'] as const;

/** A serving certificate from our own authority, and where that authority's certificate lies. */
export interface SelfMade {
  readonly serving: Checked;
  /** PEM, for a webhook configuration's caBundle. */
  readonly authority: string;
  readonly authorityPath: string;
}

/**
 * Reads `ca.crt`, `ca.key`, `tls.crt` and `tls.key` from a folder, and makes what is missing, is about to
 * end (a third of its life left) or lacks a name. The authority is kept as long as it can be, because
 * others trust it.
 * @throws CertificateError when the folder cannot be read or written.
 */
export async function selfMade(
  directory: string,
  names: readonly string[],
  now: Date = new Date(),
): Promise<SelfMade> {
  const all = [...new Set([...OWN_NAMES, ...names])];
  const authorityPath = join(directory, 'ca.crt');
  const files = <T>(work: () => T): T => {
    try {
      return work();
    } catch (error) {
      if (error instanceof CertificateError) throw error;
      const reason = error instanceof Error ? error.message : String(error);
      throw new CertificateError(
        `${directory}: ${reason}; set tls.directory to a folder that can be written`,
      );
    }
  };
  let authority = files(() => stored(directory, 'ca', now));
  if (authority === undefined || isDue(authority, now)) {
    const { newAuthority } = await issuing();
    const made = await newAuthority(now);
    files(() => store(directory, 'ca', made));
    authority = check(made, authorityPath, now);
  }
  const { certificate } = authority;
  let serving = files(() => stored(directory, 'tls', now));
  const fits = (pair: Checked) =>
    !isDue(pair, now) && pair.signedBy(certificate) && all.every((name) => pair.covers(name));
  if (serving === undefined || !fits(serving)) {
    const { issueServing } = await issuing();
    const made = await issueServing(authority, all, now);
    files(() => store(directory, 'tls', made));
    serving = check(made, join(directory, 'tls.crt'), now);
  }
  return { serving, authority: certificate, authorityPath };
}

/** What makes certificates is loaded when one has to be made, which is not at most starts. */
const issuing = (): Promise<typeof import('./issue.ts')> => import('./issue.ts');

/** The pair in the folder; undefined when there is none that can be used. */
function stored(directory: string, name: string, now: Date): Checked | undefined {
  try {
    const pair: KeyPair = {
      certificate: readFileSync(join(directory, `${name}.crt`), 'utf8'),
      key: readFileSync(join(directory, `${name}.key`), 'utf8'),
    };
    return check(pair, join(directory, `${name}.crt`), now);
  } catch (error) {
    if (
      error instanceof CertificateError ||
      (error instanceof Error && 'code' in error && error.code === 'ENOENT')
    ) {
      return undefined;
    }
    throw error;
  }
}

function store(directory: string, name: string, pair: KeyPair): void {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  replace(join(directory, `${name}.key`), pair.key, 0o600);
  replace(join(directory, `${name}.crt`), pair.certificate, 0o644);
}

/** Under another name first: nobody ever reads half a file, and a link planted there is replaced, not followed. */
function replace(path: string, text: string, mode: number): void {
  const draft = `${path}.${randomBytes(6).toString('hex')}`;
  try {
    writeFileSync(draft, text, { mode, flag: 'wx' });
    renameSync(draft, path);
  } catch (error) {
    rmSync(draft, { force: true });
    throw error;
  }
}
