import { apiEndpoints } from '../evidence/api-server.ts';
import type { Service } from '../model/objects.ts';
import type { Snapshot } from '../model/snapshot.ts';
import { type Address, addressText, cidrSet, hasAddress } from '../netset/addresses.ts';
import type { Rule, Severity } from './rule.ts';
import { listText, serviceText, sortedTexts } from './text.ts';
import { apiServer, deployment, endpointSlice, node, pod, service } from './worlds/manifests.ts';

/** Endpoints looked at for one Service: the slices of one may hold thousands. */
const MOST_ENDPOINTS = 2000;

const DB = pod('payments/db', 'app: db', '10.0.1.7');
const SLICE = (address: string): string =>
  endpointSlice('shop/db-1', 'db', "{name: '', protocol: TCP, port: 5432}", address);
const NODE = node('node-1', '10.9.0.1');
const WITHOUT = service('shop/db', '', '{port: 5432}');
const WITH = service('shop/db', 'app: db', '{port: 5432}');

export const crossNamespaceEndpoints: Rule = {
  id: 'cross-namespace-endpoints',
  title: 'Endpoints by hand that lead elsewhere',
  kinds: ['Service'],
  operations: ['CREATE', 'UPDATE'],
  severity: 'high',
  action: 'warn',
  needs: 'model',
  summary:
    'A Service without a selector leads to pods of another namespace, the API server, a node or a loopback.',
  why: 'Endpoints made by hand may hold any address. A load balancer or ingress controller that may reach the address forwards to it whoever asks, although the author of the Service has no rights there (CVE-2021-25740).',
  fix: 'Offer the pods by a Service of their own namespace, and lead to that with a Gateway route and a ReferenceGrant. Let only those write EndpointSlices who need to.',
  limits: [
    'It looks when the Service is made, loses its selector or changes its type. EndpointSlices that change later are not admitted by Portent.',
    'A Service in kube-system that leads to nodes is not reported: monitoring finds the kubelets in this way. Elsewhere it is low.',
    `Of very many endpoints the first ${MOST_ENDPOINTS} are looked at.`,
  ],
  examples: {
    good: [
      {
        title: 'A database outside the cluster',
        cluster: DB + SLICE('203.0.113.20'),
        operation: 'CREATE',
        manifest: WITHOUT,
        findings: [],
      },
      {
        title: 'Pods of the same namespace',
        cluster: pod('shop/db', 'app: db', '10.0.1.7') + SLICE('10.0.1.7'),
        operation: 'CREATE',
        manifest: WITHOUT,
        findings: [],
      },
      {
        title: 'A selector decides, not what stands in a slice',
        cluster: DB + SLICE('10.0.1.7') + deployment('shop/db', 'app: db'),
        operation: 'CREATE',
        manifest: WITH,
        findings: [],
      },
    ],
    bad: [
      {
        title: "A pod of somebody else's namespace",
        cluster: DB + SLICE('10.0.1.7'),
        operation: 'CREATE',
        manifest: WITHOUT,
        findings: [
          {
            subject: 'Service shop/db',
            message:
              'leads past its namespace: it has no selector, and its EndpointSlices hold the address of payments/db.',
          },
        ],
      },
      {
        title: 'The selector is dropped, and a slice with a foreign pod takes over',
        cluster: DB + SLICE('10.0.1.7, 10.9.0.5') + apiServer('10.9.0.5') + WITH,
        operation: 'UPDATE',
        manifest: WITHOUT,
        findings: [
          {
            subject: 'Service shop/db',
            message:
              'leads past its namespace: it has no selector, and its EndpointSlices hold the addresses of payments/db and the API server.',
          },
        ],
      },
      {
        title: 'A node',
        cluster: NODE + SLICE('10.9.0.1'),
        operation: 'CREATE',
        manifest: WITHOUT,
        findings: [
          {
            subject: 'Service shop/db',
            severity: 'low',
            message:
              'leads past its namespace: it has no selector, and its EndpointSlices hold the address of node node-1.',
          },
        ],
      },
    ],
  },
  *check({ change, snapshot }) {
    const service = change.after;
    if (service?.kind !== 'Service' || service.selector !== undefined || service.type === 'ExternalName') {
      return;
    }
    const slices = snapshot.spaces.get(service.namespace)?.slices.get(service.name);
    const old = change.before;
    const same = old?.kind === 'Service' && old.selector === undefined && old.type === service.type;
    if (slices === undefined || same || isApiServers(service)) return;
    const addresses = new Set<Address>();
    for (const slice of slices.values()) {
      for (const address of [...slice.ready, ...slice.notReady]) {
        if (addresses.size >= MOST_ENDPOINTS) break;
        addresses.add(address);
      }
    }
    const places = placesOf(snapshot, service, addresses);
    if (places.length === 0) return;
    const severity = places.some((place) => place.severity === 'high') ? 'high' : places[0]?.severity;
    const names = sortedTexts(places.map(({ text }) => text));
    yield {
      subject: serviceText(service),
      ...(severity === undefined ? {} : { severity }),
      message: `leads past its namespace: it has no selector, and its EndpointSlices hold the address${names.length === 1 ? '' : 'es'} of ${listText(names)}.`,
      because: sortedTexts([...slices.keys()])
        .slice(0, 5)
        .map((name) => `EndpointSlice ${service.namespace}/${name}`),
    };
  },
};

interface Place {
  readonly text: string;
  readonly severity: Severity;
}

/** What of the addresses is not the namespace's own and not outside the cluster. */
function placesOf(snapshot: Snapshot, service: Service, addresses: ReadonlySet<Address>): Place[] {
  const places: Place[] = [];
  const rest = new Set<Address>();
  for (const address of addresses) {
    const pod = snapshot.podAt(address);
    if (pod === undefined) rest.add(address);
    else if (pod.namespace !== service.namespace) {
      places.push({ text: `${pod.namespace}/${pod.workload.name}`, severity: 'high' });
    }
  }
  if (rest.size === 0) return places;
  for (const { address } of apiEndpoints(snapshot)) {
    if (rest.delete(address)) places.push({ text: 'the API server', severity: 'high' });
  }
  if (service.namespace !== 'kube-system') {
    for (const { name, addresses: own } of snapshot.nodes.values()) {
      if (own.some((address) => rest.delete(address))) places.push({ text: `node ${name}`, severity: 'low' });
    }
  }
  for (const address of rest) {
    if (hasAddress(LOCAL, address)) {
      places.push({ text: `the machine itself (${addressText(address)})`, severity: 'high' });
    }
  }
  return places;
}

/** Loopback and link-local: the metadata servers of clouds are among the latter. */
const LOCAL = cidrSet(['127.0.0.0/8', '169.254.0.0/16', '::1/128', 'fe80::/10']);

function isApiServers({ namespace, name }: Service): boolean {
  return namespace === 'default' && name === 'kubernetes';
}
