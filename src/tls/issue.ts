import { generateKeyPair, randomBytes } from 'node:crypto';
import { isIP } from 'node:net';
import { promisify } from 'node:util';
import forge from 'node-forge';
import { AUTHORITY_LIFE, BACKDATE, SERVING_LIFE } from './life.ts';

/** A certificate (with its chain) and its private key, both as PEM. */
export interface KeyPair {
  readonly certificate: string;
  readonly key: string;
}

const generate = promisify(generateKeyPair);

/**
 * Makes a certificate and an authority for it alone, whose key is forgotten: nobody can sign another one.
 * Life in milliseconds.
 */
export async function issueAlone(
  names: readonly string[],
  now: Date,
  life: number,
): Promise<{ readonly serving: KeyPair; readonly authority: string }> {
  const keys = newKeys();
  const authority = await newAuthority(now, life);
  return { serving: await issueServing(authority, names, now, life, keys), authority: authority.certificate };
}

/** Makes a certificate authority that can only sign certificates for servers directly. Life in milliseconds. */
export async function newAuthority(now: Date = new Date(), life = AUTHORITY_LIFE): Promise<KeyPair> {
  const keys = await newKeys();
  const certificate = blank(keys.publicKey, 'Portent webhook authority', now, life);
  certificate.setIssuer(certificate.subject.attributes);
  certificate.setExtensions([
    { name: 'basicConstraints', cA: true, pathLenConstraint: 0, critical: true },
    { name: 'keyUsage', keyCertSign: true, cRLSign: true, critical: true },
    { name: 'subjectKeyIdentifier' },
  ]);
  return signed(certificate, keys.privateKey, keys.privateKey);
}

/**
 * Issues a serving certificate for DNS names and IP addresses.
 * The API server looks only at subject alternative names, never at the common name.
 */
export async function issueServing(
  authority: KeyPair,
  names: readonly string[],
  now: Date = new Date(),
  life = SERVING_LIFE,
  making = newKeys(),
): Promise<KeyPair> {
  const keys = await making;
  const issuer = forge.pki.certificateFromPem(authority.certificate);
  const certificate = blank(keys.publicKey, 'Portent webhook', now, life);
  if (certificate.validity.notAfter > issuer.validity.notAfter) {
    certificate.validity.notAfter = issuer.validity.notAfter;
  }
  certificate.setIssuer(issuer.subject.attributes);
  certificate.setExtensions([
    { name: 'basicConstraints', cA: false, critical: true },
    { name: 'keyUsage', digitalSignature: true, keyEncipherment: true, critical: true },
    { name: 'extKeyUsage', serverAuth: true },
    { name: 'subjectKeyIdentifier' },
    { name: 'authorityKeyIdentifier', keyIdentifier: issuer.generateSubjectKeyIdentifier().getBytes() },
    {
      name: 'subjectAltName',
      altNames: names.map((name) => (isIP(name) === 0 ? { type: 2, value: name } : { type: 7, ip: name })),
    },
  ]);
  return signed(certificate, keys.privateKey, authority.key);
}

/** RSA, because node-forge cannot sign with anything else; the keys come from OpenSSL, which is fast. */
async function newKeys(): Promise<{ privateKey: string; publicKey: string }> {
  return generate('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
}

/**
 * A random serial number of 16 bytes as hexadecimal digits. Its first byte is 40 to 7f: positive (RFC 5280,
 * 4.1.2.2) without a leading zero byte, which OpenSSL refuses to read where DER needs none.
 */
export function newSerialNumber(): string {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x3f) | 0x40;
  return bytes.toString('hex');
}

function blank(publicKey: string, commonName: string, now: Date, life: number): forge.pki.Certificate {
  const certificate = forge.pki.createCertificate();
  certificate.publicKey = forge.pki.publicKeyFromPem(publicKey);
  certificate.serialNumber = newSerialNumber();
  certificate.validity.notBefore = new Date(now.getTime() - BACKDATE);
  certificate.validity.notAfter = new Date(now.getTime() + life);
  certificate.setSubject([{ name: 'commonName', value: commonName }]);
  return certificate;
}

function signed(certificate: forge.pki.Certificate, key: string, signer: string): KeyPair {
  certificate.sign(forge.pki.privateKeyFromPem(signer), forge.md.sha256.create());
  return { certificate: forge.pki.certificateToPem(certificate).replaceAll('\r\n', '\n'), key };
}
