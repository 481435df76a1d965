import { createPrivateKey, X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import type { SecureContextOptions } from 'node:tls';
import type { KeyPair } from './issue.ts';

/** A certificate that cannot be used, in words for the operator. */
export class CertificateError extends Error {
  constructor(text: string) {
    super(text);
    this.name = 'CertificateError';
  }
}

/** A key pair that was looked at: it fits together and is valid now. */
export interface Checked extends KeyPair {
  readonly notBefore: Date;
  readonly notAfter: Date;
  /** Whether the certificate is good for this DNS name or IP address. */
  covers(name: string): boolean;
  /** Whether this authority signed the certificate. */
  signedBy(authority: string): boolean;
}

/**
 * Looks at a key pair before it is served.
 * @param origin what to call it in errors: the file it came from
 * @throws CertificateError when a part cannot be read, the parts do not fit, or it is not valid now.
 */
export function check(pair: KeyPair, origin: string, now: Date = new Date()): Checked {
  const certificate = read(origin, 'certificate', () => new X509Certificate(pair.certificate));
  const key = read(origin, 'private key', () => createPrivateKey(pair.key));
  if (!certificate.checkPrivateKey(key)) {
    throw new CertificateError(`${origin}: the private key does not belong to the certificate`);
  }
  if (certificate.validToDate <= now) {
    throw new CertificateError(
      `${origin}: the certificate ended on ${certificate.validToDate.toISOString()}; renew it`,
    );
  }
  if (certificate.validFromDate > now) {
    const from = certificate.validFromDate.toISOString();
    throw new CertificateError(`${origin}: the certificate is valid only from ${from}; check the clock`);
  }
  return {
    ...pair,
    notBefore: certificate.validFromDate,
    notAfter: certificate.validToDate,
    covers: (name) =>
      (isIP(name) === 0 ? certificate.checkHost(name, { subject: 'never' }) : certificate.checkIP(name)) !==
      undefined,
    signedBy: (authority) => {
      const issuer = new X509Certificate(authority);
      return certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey);
    },
  };
}

/**
 * What to give `https.createServer` and, again in full, `server.setSecureContext`: what the second call
 * leaves out goes back to Node's own defaults, the least TLS version among them.
 */
export function secureOptions(pair: KeyPair | undefined): SecureContextOptions {
  // Without a certificate every handshake fails, and says so to the caller.
  const own = pair === undefined ? {} : { cert: pair.certificate, key: pair.key };
  return { ...own, minVersion: 'TLSv1.3' };
}

function read<T>(origin: string, what: string, parse: () => T): T {
  try {
    return parse();
  } catch {
    // OpenSSL's own words help nobody, and could quote the key.
    throw new CertificateError(`${origin}: not a ${what} in PEM form`);
  }
}
