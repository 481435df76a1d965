import { parseNamespace } from '../../model/parse/namespace.ts';
import { parsePod } from '../../model/parse/pod.ts';
import { parseNetworkPolicy } from '../../model/parse/policy.ts';
import { parseService } from '../../model/parse/service.ts';
import { Store } from '../../model/store.ts';

export type Raw = Readonly<Record<string, unknown>>;

/** The namespaces of the stage. */
export const HERE = 'here';
const THERE = 'there';

/** Deployments in each namespace; the pods of one have the same labels, and each a name of its own. */
const APPS = 6;
const PODS = 3;

/** A small cluster that is not there: two namespaces with pods, Services that they name, and policies. */
export function stage(): Store {
  const store = new Store();
  for (const namespace of [HERE, THERE]) {
    store.putNamespace(parseNamespace({ metadata: { name: namespace, labels: { stage: namespace } } }));
    for (let app = 0; app < APPS; app++) {
      for (let i = 0; i < PODS; i++) {
        const pod = parsePod(podOf(namespace, app, i));
        if (pod !== undefined) store.putPod(pod);
      }
      store.putService(parseService(serviceOf(namespace, app, app === 0 ? 'LoadBalancer' : 'ClusterIP')));
    }
    for (const policy of [denyAll(namespace), allowApp(namespace, 1), allowApp(namespace, 2)]) {
      store.putPolicy(parseNetworkPolicy(policy));
    }
  }
  return store;
}

function podOf(namespace: string, app: number, index: number): Raw {
  const name = `app-${app}-5d4c8f7b9-${namespace}${index}`;
  // Each calls the next, and the last one somebody in the other namespace.
  const service = `app-${(app + 1) % APPS}.${app + 1 < APPS ? namespace : THERE}`;
  return {
    metadata: {
      name,
      namespace,
      uid: name,
      labels: {
        app: `app-${app}`,
        'app.kubernetes.io/part-of': `suite-${app % 2}`,
        'pod-template-hash': '5d4c8f7b9',
        'run-id': `run-${index}`,
        tier: app % 2 === 0 ? 'front' : 'back',
      },
      ownerReferences: [{ kind: 'ReplicaSet', name: `app-${app}-5d4c8f7b9`, controller: true }],
    },
    spec: {
      nodeName: `node-${index}`,
      containers: [
        {
          ports: [
            { name: 'http', containerPort: 8080 },
            { name: 'metrics', containerPort: 9090 },
          ],
          env: [{ name: 'NEXT', value: `http://${service}:80` }],
        },
      ],
    },
    status: {
      phase: 'Running',
      podIPs: [{ ip: `10.${namespace === HERE ? 1 : 2}.${app}.${index + 1}` }],
      conditions: [{ type: 'Ready', status: 'True' }],
    },
  };
}

/** The Service of one of the Deployments. */
export function serviceOf(namespace: string, app: number, type: string, ports: readonly Raw[] = PORTS): Raw {
  const address = `10.3.${namespace === HERE ? 1 : 2}.${app + 1}`;
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: `app-${app}`, namespace },
    spec: { type, clusterIP: address, clusterIPs: [address], selector: { app: `app-${app}` }, ports },
  };
}

const PORTS: readonly Raw[] = [
  { name: 'http', protocol: 'TCP', port: 80, targetPort: 'http' },
  { name: 'metrics', protocol: 'TCP', port: 9090, targetPort: 9090 },
];

/** A NetworkPolicy as the API server hands it over. */
export function policyOf(namespace: string, name: string, spec: Raw): Raw {
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name, namespace, uid: name, generation: 1 },
    spec,
  };
}

function denyAll(namespace: string): Raw {
  return policyOf(namespace, 'deny-all', {
    podSelector: { matchLabels: { tier: 'back' } },
    policyTypes: ['Ingress', 'Egress'],
  });
}

function allowApp(namespace: string, app: number): Raw {
  return policyOf(namespace, `allow-${app}`, {
    podSelector: { matchLabels: { app: `app-${app}` } },
    policyTypes: ['Ingress'],
    ingress: [
      {
        from: [{ podSelector: { matchLabels: { app: `app-${app - 1}` } } }],
        ports: [{ protocol: 'TCP', port: 8080 }],
      },
      { from: [{ namespaceSelector: {} }], ports: [{ protocol: 'TCP', port: 'metrics' }] },
    ],
  });
}
