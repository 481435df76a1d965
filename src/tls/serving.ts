import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { CertificateError, type Checked, check } from './check.ts';
import { selfMade } from './directory.ts';

/** Where the serving certificate comes from, when it is not shared by replicas. */
export type CertificateSource =
  | { readonly kind: 'files'; readonly certificateFile: string; readonly keyFile: string }
  | { readonly kind: 'self-made'; readonly directory: string; readonly names: readonly string[] };

/** The certificate that is served, whoever looks after it. */
export interface Serving {
  /** Undefined while there is none yet. */
  readonly current: () => Checked | undefined;
  /** Why callers cannot be served yet; undefined when they can. */
  readonly problem: () => string | undefined;
  /** Path of the authority's certificate, when it lies in a folder of ours. */
  readonly authorityPath: string | undefined;
  /** From now on, calls back with every other certificate to serve. */
  follow(onChange: (pair: Checked) => void): void;
  stop(): Promise<void>;
}

/** A certificate from the file system. */
export interface LocalServing extends Serving {
  readonly current: () => Checked;
  /**
   * Looks again: reads the files anew, or renews the self-made certificate when it is due.
   * A certificate that cannot be used is reported and the old one stays.
   */
  readonly refresh: () => Promise<'changed' | 'same' | CertificateError>;
}

/** Milliseconds between two looks: two small files are read, and rarely anything has to be made. */
const PERIOD = { files: 2_000, 'self-made': 60_000 } as const;

/**
 * Loads the serving certificate.
 * @param onProblem called with what is wrong with a later certificate, once for each change of words
 * @throws CertificateError when there is none that can be used.
 */
export async function loadServing(
  source: CertificateSource,
  onProblem: (error: CertificateError) => void = () => {},
  period: number = PERIOD[source.kind],
): Promise<LocalServing> {
  const load = async (): Promise<{ pair: Checked; authorityPath: string | undefined }> => {
    if (source.kind === 'files') return { pair: fromFiles(source), authorityPath: undefined };
    const made = await selfMade(source.directory, source.names);
    return { pair: made.serving, authorityPath: made.authorityPath };
  };
  const first = await load();
  let pair = first.pair;
  let timer: NodeJS.Timeout | undefined;
  let [last, told] = ['', ''];
  const refresh = async (): Promise<'changed' | 'same' | CertificateError> => {
    try {
      const next = (await load()).pair;
      if (next.certificate === pair.certificate && next.key === pair.key) return 'same';
      pair = next;
      return 'changed';
    } catch (error) {
      return error instanceof CertificateError ? error : new CertificateError(String(error));
    }
  };
  const look = async (onChange: (pair: Checked) => void): Promise<void> => {
    const result = await refresh();
    const text = result instanceof Error ? result.message : '';
    // Certificate and key may be replaced one after the other: what fits at the next look is no problem.
    if (result instanceof Error && text === last && text !== told) onProblem(result);
    told = text === last ? text : '';
    last = text;
    if (result === 'changed') onChange(pair);
  };
  return {
    current: () => pair,
    problem: () => undefined,
    authorityPath: first.authorityPath,
    refresh,
    follow: (onChange) => {
      timer = setInterval(() => void look(onChange), period).unref();
    },
    stop: async () => clearInterval(timer),
  };
}

function fromFiles(source: { readonly certificateFile: string; readonly keyFile: string }): Checked {
  const pair = { certificate: readText(source.certificateFile), key: readText(source.keyFile) };
  return check(pair, source.certificateFile);
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    throw new CertificateError(`${path}: ${code === 'ENOENT' ? 'no such file' : `cannot be read (${code})`}`);
  }
}

/**
 * The authority that callers' certificates must come from.
 * @throws CertificateError when the file cannot be read or holds no certificate.
 */
export function readAuthority(path: string): string {
  const text = readText(path);
  try {
    new X509Certificate(text);
  } catch {
    throw new CertificateError(`${path}: not a certificate in PEM form`);
  }
  return text;
}
