import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

/**
 * Free TCP ports on 127.0.0.1. They are taken below the range from which systems choose ports for outgoing
 * connections, so that a server can be down for a while and find its port again.
 */
export async function freePorts(count: number): Promise<number[]> {
  const ports = new Set<number>();
  for (let tries = 0; ports.size < count; tries++) {
    if (tries > 1000) throw new Error('no free port on 127.0.0.1 between 12000 and 32000');
    const port = randomInt(12_000, 32_000);
    if (!ports.has(port) && (await isFree(port))) ports.add(port);
  }
  return [...ports];
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ host: '127.0.0.1', port, exclusive: true }, () => server.close(() => resolve(true)));
  });
}
