import { generateKeyPair } from 'node:crypto';
import { promisify } from 'node:util';
import forge from 'node-forge';
import { newSerialNumber } from '../../src/tls/issue.ts';

/** A certificate and its private key, both as PEM. */
export interface KeyedCertificate {
  readonly certificate: string;
  readonly key: string;
}

/** What a certificate is issued for. */
export interface CertificateRequest {
  readonly commonName: string;
  /** For client certificates: the groups the API server reads from it. */
  readonly organizations?: readonly string[];
  readonly dnsNames?: readonly string[];
  readonly ipAddresses?: readonly string[];
  readonly usage: 'server' | 'client';
  /** How long it lives (default 24). */
  readonly hours?: number;
}

const generate = promisify(generateKeyPair);

/** A new RSA key pair as PEM (PKCS #8 and SubjectPublicKeyInfo). */
export async function newKeyPair(): Promise<{ privateKey: string; publicKey: string }> {
  return generate('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
}

/** A self-signed certificate authority, valid for a day. */
export async function newAuthority(commonName: string): Promise<KeyedCertificate> {
  const pair = await newKeyPair();
  const certificate = blank(pair.publicKey, commonName, []);
  certificate.setIssuer(certificate.subject.attributes);
  certificate.setExtensions([
    { name: 'basicConstraints', cA: true, critical: true },
    { name: 'keyUsage', keyCertSign: true, cRLSign: true, digitalSignature: true, critical: true },
    { name: 'subjectKeyIdentifier' },
  ]);
  return signed(certificate, pair.privateKey, pair.privateKey);
}

/** A certificate issued by an authority. */
export async function issue(
  authority: KeyedCertificate,
  request: CertificateRequest,
): Promise<KeyedCertificate> {
  const pair = await newKeyPair();
  const certificate = blank(pair.publicKey, request.commonName, request.organizations ?? [], request.hours);
  certificate.setIssuer(forge.pki.certificateFromPem(authority.certificate).subject.attributes);
  const names = [
    ...(request.dnsNames ?? []).map((value) => ({ type: 2, value })),
    ...(request.ipAddresses ?? []).map((ip) => ({ type: 7, ip })),
  ];
  certificate.setExtensions([
    { name: 'basicConstraints', cA: false, critical: true },
    { name: 'keyUsage', digitalSignature: true, keyEncipherment: true, critical: true },
    { name: 'extKeyUsage', serverAuth: request.usage === 'server', clientAuth: request.usage === 'client' },
    ...(names.length === 0 ? [] : [{ name: 'subjectAltName', altNames: names }]),
  ]);
  return signed(certificate, pair.privateKey, authority.key);
}

function blank(
  publicKey: string,
  commonName: string,
  organizations: readonly string[],
  hours = 24,
): forge.pki.Certificate {
  const certificate = forge.pki.createCertificate();
  certificate.publicKey = forge.pki.publicKeyFromPem(publicKey);
  certificate.serialNumber = newSerialNumber();
  // An hour back, for tests that move the clock a little.
  certificate.validity.notBefore = new Date(Date.now() - 3_600_000);
  certificate.validity.notAfter = new Date(Date.now() + hours * 3_600_000);
  certificate.setSubject([
    { name: 'commonName', value: commonName },
    ...organizations.map((value) => ({ name: 'organizationName', value })),
  ]);
  return certificate;
}

function signed(certificate: forge.pki.Certificate, key: string, signer: string): KeyedCertificate {
  certificate.sign(forge.pki.privateKeyFromPem(signer), forge.md.sha256.create());
  return { certificate: forge.pki.certificateToPem(certificate), key };
}
