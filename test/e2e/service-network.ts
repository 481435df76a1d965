/** What kube-proxy does in a cluster: a connection to a Service ends at a port of one of its ready pods. */
import { chmodSync } from 'node:fs';
import { createServer, request } from 'node:http';
import { connect, type Socket } from 'node:net';
import type { Cluster } from '../cluster/cluster.ts';
import { advertisedAddress } from '../cluster/components.ts';

interface Metadata {
  readonly name: string;
  readonly namespace: string;
}

interface Service {
  readonly metadata: Metadata;
  readonly spec: {
    readonly clusterIP: string;
    readonly ports: readonly { readonly name?: string; readonly port: number }[];
  };
}

interface Slice {
  readonly metadata: Metadata & { readonly labels: Readonly<Record<string, string>> };
  readonly ports?: readonly { readonly name?: string; readonly port: number }[];
  readonly endpoints?: readonly {
    readonly addresses: readonly string[];
    readonly conditions?: { readonly ready?: boolean };
  }[];
}

/** A port of a Service, where a container may call. */
export interface ServicePort {
  readonly name: string;
  readonly namespace: string;
  readonly address: string;
  readonly port: number;
}

/**
 * An HTTP CONNECT proxy on a socket, to be used by the API server (its egress selector) and by pods. It asks the
 * API server which Service has the address, which endpoints that has, and goes to the pod that runs here.
 */
export class ServiceNetwork {
  readonly socket: string;
  readonly #server = createServer();
  /** Sockets of pods that run here, by address. */
  readonly #pods = new Map<string, string>();
  #cluster: Cluster | undefined;
  #turn = 0;

  constructor(socket: string) {
    this.socket = socket;
    this.#server.on('connect', ({ url = '' }, client: Socket) => {
      client.on('error', () => client.destroy());
      this.#route(url).then(
        (server) => {
          client.write('HTTP/1.1 200 OK\r\n\r\n');
          server.on('error', () => client.destroy()).on('close', () => client.destroy());
          client.on('close', () => server.destroy());
          client.pipe(server).pipe(client);
        },
        (error: Error) => client.end(`HTTP/1.1 502 Bad Gateway\r\n\r\n${error.message}`),
      );
    });
  }

  /** The configuration that makes the API server call Services through this. */
  egressSelector(): object {
    const connection = {
      proxyProtocol: 'HTTPConnect',
      transport: { uds: { udsName: this.socket } },
    };
    return {
      apiVersion: 'apiserver.k8s.io/v1beta1',
      kind: 'EgressSelectorConfiguration',
      egressSelections: [{ name: 'cluster', connection }],
    };
  }

  /** Before the API server starts. */
  async open(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(this.socket, resolve));
    // For pods, whose user is another one.
    chmodSync(this.socket, 0o666);
    this.#server.unref();
  }

  serve(cluster: Cluster): void {
    this.#cluster = cluster;
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  add(address: string, socket: string): void {
    this.#pods.set(address, socket);
  }

  remove(address: string): void {
    this.#pods.delete(address);
  }

  async ports(): Promise<readonly ServicePort[]> {
    return (await this.#list<Service>('/api/v1/services')).flatMap(({ metadata, spec }) =>
      spec.clusterIP === 'None'
        ? []
        : spec.ports.map(({ port }) => ({
            name: metadata.name,
            namespace: metadata.namespace,
            address: spec.clusterIP,
            port,
          })),
    );
  }

  /** A connection to an address and port of the cluster. Rejects when nothing answers there. */
  connect(address: string, port: number): Promise<Socket> {
    return this.#route(`${address}:${port}`);
  }

  async #route(target: string): Promise<Socket> {
    const colon = target.lastIndexOf(':');
    const [address, port] = [target.slice(0, colon), Number(target.slice(colon + 1))];
    const pod = this.#pods.get(address);
    if (pod !== undefined) return through(pod, target);
    const endpoints = (await this.#endpoints(address, port)).filter(
      // Nobody probes pods here: one that does not run would not be ready.
      (each) => each.address === advertisedAddress || this.#pods.has(each.address),
    );
    const chosen = endpoints[this.#turn++ % Math.max(1, endpoints.length)];
    if (chosen === undefined) throw new Error(`nothing behind ${target}`);
    if (chosen.address === advertisedAddress) return dial(chosen.port);
    return through(this.#pods.get(chosen.address) ?? '', `${chosen.address}:${chosen.port}`);
  }

  async #endpoints(address: string, port: number) {
    const services = await this.#list<Service>('/api/v1/services');
    const service = services.find(({ spec }) => spec.clusterIP === address);
    const name = service?.spec.ports.find((each) => each.port === port);
    if (service === undefined || name === undefined) return [];
    const slices = await this.#list<Slice>(
      `/apis/discovery.k8s.io/v1/namespaces/${service.metadata.namespace}/endpointslices`,
    );
    return slices
      .filter(({ metadata }) => metadata.labels['kubernetes.io/service-name'] === service.metadata.name)
      .flatMap(({ ports = [], endpoints = [] }) =>
        ports
          .filter((each) => (each.name ?? '') === (name.name ?? ''))
          .flatMap((each) =>
            endpoints
              .filter(({ conditions }) => conditions?.ready !== false)
              .flatMap(({ addresses }) => addresses.map((found) => ({ address: found, port: each.port }))),
          ),
      );
  }

  async #list<T>(path: string): Promise<readonly T[]> {
    if (this.#cluster === undefined) throw new Error('the API server is not there yet');
    const { body } = await this.#cluster.request('GET', path);
    return (body as { readonly items: readonly T[] }).items;
  }
}

/** Through the socket of a pod to a port in it. */
function through(socket: string, target: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const asked = request({ socketPath: socket, method: 'CONNECT', path: target });
    asked.once('connect', ({ statusCode }, server: Socket) => {
      if (statusCode === 200) resolve(server);
      else reject(new Error(`${target}: nothing listens`));
    });
    asked.once('error', reject);
    asked.end();
  });
}

function dial(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => resolve(socket));
    socket.once('error', reject);
  });
}
