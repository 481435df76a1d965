/** The changes of the demonstration, and what must be said about each. */

interface DemoObject {
  readonly apiVersion: string;
  readonly kind: 'NetworkPolicy' | 'Service';
  readonly metadata: { readonly name: string; readonly namespace: string };
  readonly spec: object;
}

export interface DemoChange {
  readonly title: string;
  readonly file: string;
  readonly operation: 'CREATE' | 'UPDATE' | 'DELETE';
  readonly object: DemoObject;
  readonly old?: DemoObject;
  readonly allowed: boolean;
  readonly expected: readonly RegExp[];
}

function policy(name: string, spec: object): DemoObject {
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name, namespace: 'default' },
    spec,
  };
}

function service(name: string, spec: object): DemoObject {
  return { apiVersion: 'v1', kind: 'Service', metadata: { name, namespace: 'default' }, spec };
}

const guestbookPort = { port: 3000, protocol: 'TCP', targetPort: 'http-server' };
const guestbook = (selector: object): DemoObject =>
  service('guestbook', {
    type: 'LoadBalancer',
    clusterIP: '10.96.41.17',
    clusterIPs: ['10.96.41.17'],
    selector,
    ports: [{ ...guestbookPort, nodePort: 30347 }],
  });

export const changes: readonly DemoChange[] = [
  {
    title: '1. Redis for the guestbook alone. What everybody overlooks: its replicas need the master, too.',
    file: 'redis.yaml',
    operation: 'CREATE',
    object: policy('redis', {
      podSelector: { matchLabels: { app: 'redis' } },
      policyTypes: ['Ingress'],
      ingress: [{ from: [{ podSelector: { matchLabels: { app: 'guestbook' } } }] }],
    }),
    allowed: true,
    expected: [/^Warning: .*redis-slave.*redis-master.*6379/m],
  },
  {
    title: '2. An empty podSelector: it isolates the whole namespace.',
    file: 'deny-all.yaml',
    operation: 'CREATE',
    object: policy('deny-all', { podSelector: {}, policyTypes: ['Ingress'] }),
    allowed: true,
    expected: [/^Warning: .*namespace-isolated/m, /^Warning: .*guestbook/m],
  },
  {
    title: '3. Egress to the database only: without DNS nothing is found by name.',
    file: 'egress.yaml',
    operation: 'CREATE',
    object: policy('egress', {
      podSelector: { matchLabels: { app: 'guestbook' } },
      policyTypes: ['Egress'],
      egress: [
        {
          to: [{ podSelector: { matchLabels: { app: 'redis' } } }],
          ports: [{ protocol: 'TCP', port: 6379 }],
        },
      ],
    }),
    allowed: true,
    expected: [/^Warning: .*dns-cut/m],
  },
  {
    title: '4. A nodePort that only a typo in old notes allows.',
    file: 'node-port.yaml',
    operation: 'CREATE',
    object: service('guestbook-node-port', {
      type: 'NodePort',
      clusterIP: '10.96.77.3',
      clusterIPs: ['10.96.77.3'],
      selector: { app: 'guestbook' },
      ports: [{ ...guestbookPort, nodePort: 3000 }],
    }),
    allowed: false,
    expected: [/^Error from server \(Forbidden\).*denied the request/m, /nodePort 3000.*30000/],
  },
  {
    title: '5. A slip in the selector: the Service finds no pod any more.',
    file: 'guestbook.yaml',
    operation: 'UPDATE',
    object: guestbook({ app: 'gestbook' }),
    old: guestbook({ app: 'guestbook' }),
    allowed: true,
    expected: [/^Warning: .*no-backends/m],
  },
  {
    title: '6. Done well: the replicas are let in, and there is nothing to warn about.',
    file: 'redis.yaml',
    operation: 'CREATE',
    object: policy('redis', {
      podSelector: { matchLabels: { app: 'redis' } },
      policyTypes: ['Ingress'],
      ingress: [
        {
          from: [
            { podSelector: { matchLabels: { app: 'guestbook' } } },
            { podSelector: { matchLabels: { app: 'redis' } } },
          ],
          ports: [{ protocol: 'TCP', port: 6379 }],
        },
      ],
    }),
    allowed: true,
    expected: [/^networkpolicy.networking.k8s.io\/redis created$/m, /^(?![\s\S]*Warning)/],
  },
];
