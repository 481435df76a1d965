/** What cert-manager does for a release, without cert-manager. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { KeyedCertificate } from '../cluster/certificates.ts';

const text = { type: 'string' };
const choice = (...names: readonly string[]) => ({ type: 'string', enum: names });
const object = (properties: object, ...required: readonly string[]) => ({
  type: 'object',
  properties,
  ...(required.length === 0 ? {} : { required }),
});

/** Of its two kinds the fields that a chart may well use: one that is misspelt is refused. */
const kinds = {
  Certificate: object(
    {
      commonName: text,
      dnsNames: { type: 'array', items: text },
      duration: text,
      isCA: { type: 'boolean' },
      issuerRef: object({ name: text, kind: text, group: text }, 'name'),
      privateKey: object({
        algorithm: choice('RSA', 'ECDSA', 'Ed25519'),
        rotationPolicy: choice('Never', 'Always'),
        size: { type: 'integer' },
      }),
      renewBefore: text,
      secretName: text,
      usages: { type: 'array', items: choice('server auth', 'client auth', 'digital signature') },
    },
    'issuerRef',
    'secretName',
  ),
  Issuer: object({ selfSigned: object({}), ca: object({ secretName: text }, 'secretName') }),
};

/** The definitions of its kinds. */
export const definitions: readonly object[] = Object.entries(kinds).map(([kind, spec]) => ({
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: `${kind.toLowerCase()}s.cert-manager.io` },
  spec: {
    group: 'cert-manager.io',
    scope: 'Namespaced',
    names: {
      plural: `${kind.toLowerCase()}s`,
      singular: kind.toLowerCase(),
      kind,
      listKind: `${kind}List`,
    },
    versions: [
      { name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: object({ spec }, 'spec') } },
    ],
  },
}));

/** Issues as it does: ECDSA keys in their own form of PEM, certificates without a subject. */
export class Issuer {
  readonly #folder: string;
  /** The authority's certificate; its key is in the folder. */
  authority = '';
  #turn = 0;

  constructor(folder: string) {
    this.#folder = folder;
    this.#newKey('ca');
    this.renew();
  }

  /** Another certificate for the authority, which keeps its key. */
  renew(): void {
    this.#openssl(
      ...['req', '-x509', '-days', '2', '-subj', '/CN=portent-ca', '-key', 'ca.key', '-out', 'ca.crt'],
      ...['-addext', 'keyUsage=critical,digitalSignature,keyEncipherment,keyCertSign'],
    );
    this.authority = this.#read('ca.crt');
  }

  /** A certificate for the names, with a new key. Days to live, since its end tells it from another one. */
  issue(names: readonly string[], days: number): KeyedCertificate {
    const name = `serving${this.#turn++}`;
    this.#newKey(name);
    this.#openssl(
      ...['req', '-x509', '-CA', 'ca.crt', '-CAkey', 'ca.key', '-days', String(days), '-subj', '/'],
      ...['-key', `${name}.key`, '-out', `${name}.crt`],
      ...['-addext', `subjectAltName=critical,${names.map((each) => `DNS:${each}`).join(',')}`],
      ...['-addext', 'basicConstraints=critical,CA:FALSE', '-addext', 'extendedKeyUsage=serverAuth'],
    );
    return { certificate: this.#read(`${name}.crt`), key: this.#read(`${name}.key`) };
  }

  #newKey(name: string): void {
    this.#openssl('ecparam', '-name', 'prime256v1', '-genkey', '-noout', '-out', `${name}.key`);
  }

  #read(name: string): string {
    return readFileSync(join(this.#folder, name), 'utf8');
  }

  #openssl(...args: readonly string[]): void {
    execFileSync('openssl', args, { cwd: this.#folder, stdio: 'pipe' });
  }
}
