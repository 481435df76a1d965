import { networkInterfaces } from 'node:os';

/** Where to listen; `*` is every address. */
export interface Place {
  readonly address: string;
  readonly port: number;
}

/** An address that cannot be listened on, in words. */
export class ListenError extends Error {
  constructor(what: string, place: Place, code: string) {
    super(`${what}: cannot listen on ${place.address} port ${place.port}: ${REASONS.get(code) ?? code}`);
    this.name = 'ListenError';
  }
}

const REASONS = new Map([
  ['EADDRINUSE', 'something else listens there'],
  ['EACCES', 'the system does not let this user listen there; use a port from 1024 up'],
  ['EADDRNOTAVAIL', 'this machine has no such address'],
]);

/**
 * Listens in the way of the server at hand.
 * @throws ListenError
 */
export async function listen(
  what: string,
  place: Place,
  bind: (at: { readonly host: string; readonly port: number }) => Promise<unknown>,
): Promise<void> {
  try {
    await bind({ host: place.address === '*' ? everyAddress() : place.address, port: place.port });
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    throw new ListenError(what, place, code);
  }
}

/** `::` takes IPv4 too, but a kernel without IPv6 refuses it. */
function everyAddress(): string {
  for (const addresses of Object.values(networkInterfaces())) {
    if (addresses?.some(({ family }) => family === 'IPv6')) return '::';
  }
  return '0.0.0.0';
}
