import type { Server, Socket } from 'node:net';

/**
 * Keeps at most `most` connections of a server. Past that the one that has been idle longest gives way to the new
 * one, those that never brought a whole request first. Were the new one refused, whoever holds enough of them
 * without a word could keep everybody else out.
 */
export class Connections {
  readonly #most: number;
  /** Those that brought nothing whole yet, the oldest first. Until TLS is agreed upon it is the socket below it. */
  readonly #strange = new Set<Socket>();
  /** Those that did, the one that has been idle longest first. */
  readonly #known = new Set<Socket>();
  /** Those that wait for answers, and for how many. They never give way. */
  readonly #busy = new Map<Socket, number>();

  constructor(server: Server, most: number) {
    this.#most = most;
    const handshakes = new Map<string, Socket>();
    server.on('connection', (socket) => {
      const ends = endsOf(socket);
      handshakes.set(ends, socket);
      this.#open(socket);
      socket.once('close', () => {
        if (handshakes.get(ends) === socket) handshakes.delete(ends);
      });
    });
    server.on('secureConnection', (socket: Socket) => {
      const ends = endsOf(socket);
      const below = handshakes.get(ends);
      if (below !== undefined) this.#strange.delete(below);
      handshakes.delete(ends);
      this.#open(socket);
    });
  }

  /** A whole request came over this connection, and is answered. */
  answered(socket: Socket): void {
    this.#strange.delete(socket);
    this.#known.delete(socket);
    if (!socket.destroyed && !this.#busy.has(socket)) this.#known.add(socket);
  }

  /** A whole request came whose answer must be waited for. Each call needs a `release`. */
  hold(socket: Socket): void {
    this.#strange.delete(socket);
    this.#known.delete(socket);
    this.#busy.set(socket, (this.#busy.get(socket) ?? 0) + 1);
  }

  release(socket: Socket): void {
    const left = (this.#busy.get(socket) ?? 1) - 1;
    if (left > 0) this.#busy.set(socket, left);
    else {
      this.#busy.delete(socket);
      this.answered(socket);
    }
  }

  #open(socket: Socket): void {
    if (socket.destroyed) return;
    this.#strange.add(socket);
    socket.once('close', () => {
      this.#strange.delete(socket);
      this.#known.delete(socket);
    });
    if (this.#strange.size + this.#known.size + this.#busy.size <= this.#most) return;
    const [oldest] = this.#strange;
    const [idle] = this.#known;
    const leaves = oldest === socket ? (idle ?? socket) : oldest;
    if (leaves === undefined) return;
    // At once: 'close' comes later, and the next one must not count on the same place.
    this.#strange.delete(leaves);
    this.#known.delete(leaves);
    leaves.destroy();
  }
}

/** The same for a connection and for the TLS over it. */
function endsOf({ remoteAddress, remotePort, localAddress }: Socket): string {
  return `${remoteAddress} ${remotePort} ${localAddress}`;
}
