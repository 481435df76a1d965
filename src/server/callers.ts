import type { TLSSocket } from 'node:tls';

/** Who may ask for reviews, when not everybody may. */
export interface CallersConfig {
  /** PEM: the authority that must have signed a caller's certificate. */
  readonly authority: string;
  /** Common names a caller's certificate may carry; empty: any. */
  readonly names: readonly string[];
}

/** Tells callers by the certificate of their connection; each connection is looked at once. */
export class Callers {
  readonly #names: ReadonlySet<string>;
  readonly #known = new WeakMap<TLSSocket, boolean>();

  constructor(names: readonly string[]) {
    this.#names = new Set(names);
  }

  isKnown(socket: TLSSocket): boolean {
    let known = this.#known.get(socket);
    if (known === undefined) {
      known = this.#check(socket);
      this.#known.set(socket, known);
    }
    return known;
  }

  #check(socket: TLSSocket): boolean {
    if (!socket.authorized) return false;
    // Whatever is remembered of a resumed connection: without a certificate nobody has shown who he is.
    const { subject } = socket.getPeerCertificate();
    if (subject === undefined) return false;
    const name: unknown = subject.CN;
    return this.#names.size === 0 || (typeof name === 'string' && this.#names.has(name));
  }
}
