import { readFileSync } from 'node:fs';
import { CertificateError, type Checked, check } from './check.ts';
import { selfMade } from './directory.ts';

/** Where the serving certificate comes from. */
export type CertificateSource =
  | { readonly kind: 'files'; readonly certificateFile: string; readonly keyFile: string }
  | { readonly kind: 'self-made'; readonly directory: string; readonly names: readonly string[] };

/** The certificate that is served now. */
export interface Serving {
  readonly current: () => Checked;
  /** Path of the authority's certificate, when it is our own. */
  readonly authorityPath: string | undefined;
  /**
   * Looks again: reads the files anew, or renews the self-made certificate when it is due.
   * A certificate that cannot be used is reported and the old one stays.
   */
  readonly refresh: () => Promise<'changed' | 'same' | CertificateError>;
}

/**
 * Loads the serving certificate.
 * @throws CertificateError when there is none that can be used.
 */
export async function loadServing(source: CertificateSource): Promise<Serving> {
  const load = async (): Promise<{ pair: Checked; authorityPath: string | undefined }> => {
    if (source.kind === 'files') return { pair: fromFiles(source), authorityPath: undefined };
    const made = await selfMade(source.directory, source.names);
    return { pair: made.serving, authorityPath: made.authorityPath };
  };
  const first = await load();
  let pair = first.pair;
  return {
    current: () => pair,
    authorityPath: first.authorityPath,
    refresh: async () => {
      try {
        const next = (await load()).pair;
        if (next.certificate === pair.certificate && next.key === pair.key) return 'same';
        pair = next;
        return 'changed';
      } catch (error) {
        if (error instanceof CertificateError) return error;
        throw error;
      }
    },
  };
}

function fromFiles(source: { readonly certificateFile: string; readonly keyFile: string }): Checked {
  const read = (path: string): string => {
    try {
      return readFileSync(path, 'utf8');
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
      throw new CertificateError(
        `${path}: ${code === 'ENOENT' ? 'no such file' : `cannot be read (${code})`}`,
      );
    }
  };
  const pair = { certificate: read(source.certificateFile), key: read(source.keyFile) };
  return check(pair, source.certificateFile);
}
