import { connect, createServer, type Server, type Socket } from 'node:net';

/** A program behind the switchboard. */
export interface Extension {
  readonly port: number;
  ready(): Promise<boolean>;
}

/**
 * Plays the Service: new connections go to programs that were ready a moment ago, in turn; those that stand
 * stay where they are, as they do with kube-proxy.
 */
export class Switchboard {
  readonly #extensions: Extension[];
  #ready: readonly Extension[] = [];
  #turn = 0;
  readonly #sockets = new Set<Socket>();
  readonly #timer: NodeJS.Timeout;
  readonly #server: Server;

  constructor(extensions: readonly Extension[], everyMs: number) {
    this.#extensions = [...extensions];
    this.#timer = setInterval(() => void this.look(), everyMs);
    this.#server = createServer((socket) => this.#put(socket));
  }

  /** One program more, as when a pod comes up. */
  add(extension: Extension): void {
    this.#extensions.push(extension);
  }

  /** Asks every program whether it is ready, and remembers. */
  async look(): Promise<void> {
    const states = await Promise.all(this.#extensions.map((each) => each.ready().catch(() => false)));
    this.#ready = this.#extensions.filter((_, index) => states[index]);
  }

  /** Starts to listen on 127.0.0.1 and gives the port. */
  async open(): Promise<number> {
    await this.look();
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    const address = this.#server.address();
    if (typeof address !== 'object' || address === null) throw new Error('the switchboard has no port');
    return address.port;
  }

  close(): void {
    clearInterval(this.#timer);
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
  }

  #put(socket: Socket): void {
    const chosen = this.#ready[this.#turn++ % Math.max(this.#ready.length, 1)];
    if (chosen === undefined) {
      socket.destroy();
      return;
    }
    const far = connect(chosen.port, '127.0.0.1');
    for (const [one, other] of [
      [socket, far],
      [far, socket],
    ] as const) {
      this.#sockets.add(one);
      one.on('error', () => other.destroy());
      one.on('close', () => {
        this.#sockets.delete(one);
        other.destroy();
      });
      one.pipe(other);
    }
  }
}
