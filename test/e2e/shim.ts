/**
 * Runs one container's command inside the namespaces of its pod, and is the pod's network: what the container
 * sends to a Service goes out through one socket, and calls to the container come in through another. The only
 * process in there that the host knows; when it ends, everything in the pod does.
 */
import { spawn } from 'node:child_process';
import { createServer, request } from 'node:http';
import { connect, createServer as createTcpServer, type Socket } from 'node:net';

/** The one argument, as JSON. */
export interface ShimOptions {
  /** Sockets of the host: calls to the pod, and calls from it (HTTP CONNECT, both). */
  readonly inSocket: string;
  readonly outSocket: string;
  /** Ports of Services, where the container may call. */
  readonly services: readonly { readonly address: string; readonly port: number }[];
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

function pipe(one: Socket, other: Socket): void {
  one.pipe(other).pipe(one);
  one.on('error', () => other.destroy()).on('close', () => other.destroy());
  other.on('error', () => one.destroy()).on('close', () => one.destroy());
}

function main({ inSocket, outSocket, services, command, env }: ShimOptions): void {
  const inwards = createServer();
  inwards.on('connect', ({ url = '' }, client: Socket) => {
    const port = Number(url.slice(url.lastIndexOf(':') + 1));
    const server = connect(port, '127.0.0.1');
    server.once('connect', () => {
      client.write('HTTP/1.1 200 OK\r\n\r\n');
      pipe(client, server);
    });
    server.once('error', () => client.end('HTTP/1.1 502 Bad Gateway\r\n\r\n'));
  });
  inwards.listen(inSocket);

  for (const { address, port } of services) {
    const outwards = createTcpServer({ pauseOnConnect: true }, (client) => {
      const asked = request({ socketPath: outSocket, method: 'CONNECT', path: `${address}:${port}` });
      asked.once('connect', ({ statusCode }, server: Socket) => {
        if (statusCode === 200) return pipe(client, server);
        server.destroy();
        client.destroy();
      });
      asked.once('error', () => client.destroy());
      client.on('error', () => client.destroy());
      asked.end();
    });
    outwards.listen(port, address);
  }

  const [program = '', ...args] = command;
  const child = spawn(program, args, { stdio: 'inherit', env: { ...env } });
  process.on('SIGTERM', () => child.kill('SIGTERM'));
  child.once('error', (error) => {
    console.error(error.message);
    process.exit(127);
  });
  child.once('exit', (code) => process.exit(code ?? 137));
}

main(JSON.parse(process.argv[2] ?? '') as ShimOptions);
