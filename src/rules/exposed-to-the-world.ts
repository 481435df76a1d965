import { labelValue } from '../model/labels.ts';
import { annotatedRanges, type Extent, extentOf } from '../model/load-balancers.ts';
import type { NetworkPolicy, Service, ServicePort } from '../model/objects.ts';
import type { PodClass } from '../model/snapshot.ts';
import { ALL_ADDRESSES, ALL_V4, ALL_V6, cidrSet, containsAddresses } from '../netset/addresses.ts';
import { hasConnection } from '../netset/connections.ts';
import { targetsOf } from '../simulate/backends.ts';
import { reach } from '../simulate/reach.ts';
import { portsWithout } from './ports.ts';
import type { Rule, RuleContext, Statement } from './rule.ts';
import { listText, policiesText, serviceText, shortText, sortedTexts } from './text.ts';
import { deployment, policy, service } from './worlds/manifests.ts';

/** Back ends looked at for one Service. */
const MOST_CLASSES = 20;
/** A gateway that its controller runs in the Gateway's own namespace. */
const GATEWAY = 'gateway.networking.k8s.io/gateway-name';

const CLUSTER = deployment('shop/web', 'app: web', '{containerPort: 8080}');
const SERVICE = service('shop/web', 'app: web', '{port: 80, targetPort: 8080}', '  type: LoadBalancer\n');
const INTERNAL = SERVICE.replace(
  'namespace: shop}',
  'namespace: shop, annotations: {networking.gke.io/load-balancer-type: Internal}}',
);
const ofClass = (name: string): string => `${SERVICE}  loadBalancerClass: ${name}\n`;
const AWS = ofClass('service.k8s.aws/nlb');
const ISOLATED = policy('shop/own', '  podSelector: {}\n  ingress: [{from: [{podSelector: {}}]}]\n');
const NODE_PORT = SERVICE.replace('LoadBalancer', 'NodePort').replace(
  '{port: 80,',
  '{port: 80, nodePort: 30080,',
);
const OPEN =
  'type LoadBalancer opens port 80 to every address outside the cluster that can reach it; no policy keeps any of them out.';

export const exposedToTheWorld: Rule = {
  id: 'exposed-to-the-world',
  title: 'Open to the outside',
  kinds: ['Service'],
  operations: ['CREATE', 'UPDATE'],
  severity: 'medium',
  action: 'warn',
  needs: 'model',
  summary:
    'A load balancer becomes reachable from everywhere and no policy restricts who may connect, or a node port opens pods that a policy isolates.',
  why: "type: LoadBalancer or NodePort puts the pods on the network around the cluster, often the internet, at the moment it is stored. Through a node port clients mostly arrive with a node's address, and a node always reaches its own pods: the policy does not see who asks.",
  fix: 'Set loadBalancerSourceRanges, use an internal load balancer, or isolate the pods with a policy that admits the addresses meant.',
  limits: [
    'Whether a firewall or the cloud stands before the cluster is not known, nor is a default that its load balancers are internal.',
    'Of a loadBalancerClass it knows what the AWS Load Balancer Controller, GKE and Tailscale make of theirs. Of any other it says that its controller decides.',
    'Ports that were open in the same way before the change are not reported again.',
    'A note only: a node port of pods that nothing isolates, the load balancer of a known ingress controller or gateway, and pods whose policies admit everybody in so many words.',
    'Of node ports it is silent where externalTrafficPolicy is Local or a policy of the pods admits address blocks: then somebody thought of them.',
  ],
  examples: {
    good: [
      {
        title: 'Source ranges given',
        cluster: CLUSTER,
        operation: 'CREATE',
        manifest: `${SERVICE}  loadBalancerSourceRanges: [198.51.100.0/24]\n`,
        findings: [],
      },
      {
        title: "The provider's annotation for an internal one",
        cluster: CLUSTER,
        operation: 'CREATE',
        manifest: INTERNAL,
        findings: [],
      },
      {
        title: 'A class whose load balancers are inside unless an annotation says internet-facing',
        cluster: CLUSTER,
        operation: 'CREATE',
        manifest: AWS,
        findings: [],
      },
      {
        title: 'A class that opens a private network only',
        cluster: CLUSTER,
        operation: 'CREATE',
        manifest: ofClass('tailscale'),
        findings: [],
      },
      {
        title: 'A policy keeps the outside out',
        cluster: CLUSTER + ISOLATED,
        operation: 'CREATE',
        manifest: SERVICE,
        findings: [],
      },
      {
        title: 'An ingress controller is there for everybody: a note',
        cluster: deployment('ingress-nginx/controller', 'app.kubernetes.io/name: ingress-nginx'),
        operation: 'CREATE',
        manifest: service(
          'ingress-nginx/controller',
          'app.kubernetes.io/name: ingress-nginx',
          '{port: 80}',
          '  type: LoadBalancer\n',
        ),
        findings: [{ subject: 'Service ingress-nginx/controller', severity: 'info', message: OPEN }],
      },
      {
        title: 'A node port of pods that nothing isolates: a note',
        cluster: CLUSTER,
        operation: 'CREATE',
        manifest: NODE_PORT,
        findings: [
          {
            subject: 'Service shop/web',
            severity: 'info',
            message: OPEN.replace('LoadBalancer', 'NodePort'),
          },
        ],
      },
    ],
    bad: [
      {
        title: 'A load balancer for everybody',
        cluster: CLUSTER,
        operation: 'CREATE',
        manifest: SERVICE,
        findings: [{ subject: 'Service shop/web', message: OPEN }],
      },
      {
        title: 'The internal annotation is dropped',
        cluster: CLUSTER + INTERNAL,
        operation: 'UPDATE',
        manifest: SERVICE,
        findings: [{ subject: 'Service shop/web', message: OPEN }],
      },
      {
        title: 'A class that is inside by default, opened by its annotation',
        cluster: CLUSTER + AWS,
        operation: 'UPDATE',
        manifest: AWS.replace(
          'namespace: shop}',
          'namespace: shop, annotations: {service.beta.kubernetes.io/aws-load-balancer-scheme: internet-facing}}',
        ),
        findings: [{ subject: 'Service shop/web', message: OPEN }],
      },
      {
        title: 'A class of which nothing is known',
        cluster: CLUSTER,
        operation: 'CREATE',
        manifest: ofClass('example.com/edge'),
        findings: [
          {
            subject: 'Service shop/web',
            message:
              'type LoadBalancer opens port 80 as far as the controller of class example.com/edge lets it, which is not known here; no policy keeps any address outside the cluster out.',
          },
        ],
      },
      {
        title: 'Source ranges that admit everybody',
        cluster: `${CLUSTER}${SERVICE}  loadBalancerSourceRanges: [198.51.100.0/24]\n`,
        operation: 'UPDATE',
        manifest: `${SERVICE}  loadBalancerSourceRanges: [0.0.0.0/0]\n`,
        findings: [{ subject: 'Service shop/web', message: OPEN }],
      },
      {
        title: 'One more port',
        cluster: CLUSTER + SERVICE,
        operation: 'UPDATE',
        manifest: SERVICE.replace('[{port: 80,', '[{name: admin, port: 9000}, {name: http, port: 80,'),
        findings: [{ subject: 'Service shop/web', message: OPEN.replace('port 80', 'port 9000') }],
      },
      {
        title: 'A node port of isolated pods',
        cluster: CLUSTER + ISOLATED,
        operation: 'CREATE',
        manifest: NODE_PORT,
        findings: [
          {
            subject: 'Service shop/web',
            message:
              "opens shop/web on every node (port 30080) although a policy isolates it: through a node port clients arrive with a node's address, which policies do not tell apart.",
          },
        ],
      },
    ],
  },
  *check(context) {
    const service = context.change.after;
    if (service?.kind !== 'Service' || !isExposed(service)) return;
    const old = context.change.before;
    const was = old?.kind === 'Service' && old.type === service.type && isExposed(old);
    const ports = was ? portsWithout(service, old) : service.ports;
    if (ports.length === 0) return;
    const backs = context.after.behind(service).slice(0, MOST_CLASSES);
    const isolated = service.type === 'NodePort' ? isolatedText(context, service, ports, backs) : undefined;
    const said = isolated ?? openText(context, service, ports, backs);
    if (said !== undefined) yield { ...said, subject: serviceText(service) };
  },
};

type Said = Omit<Statement, 'subject'>;

/** Ports that nothing keeps the outside from. */
function openText(
  { after, evidence }: RuleContext,
  service: Service,
  ports: readonly ServicePort[],
  backs: readonly PodClass[],
): Said | undefined {
  const open = new Set<number>();
  let meant = true;
  for (const podClass of backs) {
    const policies = after.isolating(podClass, 'ingress');
    // A policy that admits everybody was written with the outside in mind.
    if (policies.some((one) => !admitsAnyone(one))) continue;
    const { allowed } = reach(
      after,
      { kind: 'outside', addresses: ALL_ADDRESSES },
      { kind: 'class', podClass },
    );
    for (const port of ports) {
      const targets = targetsOf(service, port, podClass.namedPorts);
      if (!targets.some((target) => hasConnection(allowed, port.protocol, target))) continue;
      open.add(port.port);
      meant &&= policies.length > 0 || isDoor(podClass) || evidence.controllers().includes(podClass);
    }
  }
  if (open.size === 0) return undefined;
  return {
    ...(meant || service.type === 'NodePort' ? { severity: 'info' as const } : {}),
    message: openMessage(service, listText(sortedTexts([...open].map(String)))),
    because: [`${serviceText(service)} spec.type`],
  };
}

function openMessage(service: Service, ports: string): string {
  const { type, loadBalancerClass } = service;
  return type === 'LoadBalancer' && extent(service) === 'unknown'
    ? `type LoadBalancer opens port ${ports} as far as the controller of class ${loadBalancerClass} lets it, which is not known here; no policy keeps any address outside the cluster out.`
    : `type ${type} opens port ${ports} to every address outside the cluster that can reach it; no policy keeps any of them out.`;
}

/** Pods behind a node port that a policy isolates without a thought of addresses. */
function isolatedText(
  { after }: RuleContext,
  service: Service,
  ports: readonly ServicePort[],
  backs: readonly PodClass[],
): Said | undefined {
  if (service.externalTrafficPolicy === 'Local') return undefined;
  const isolated = backs.filter((podClass) => {
    const policies = after.isolating(podClass, 'ingress');
    return policies.length > 0 && !policies.some((one) => admitsAnyone(one) || admitsBlocks(one));
  });
  const first = isolated[0];
  if (first === undefined) return undefined;
  const names = sortedTexts(isolated.map(shortText));
  const nodePorts = sortedTexts(ports.flatMap(({ nodePort }) => (nodePort === 0 ? [] : [String(nodePort)])));
  const where = nodePorts.length === 0 ? '' : ` (port ${listText(nodePorts)})`;
  return {
    message: `opens ${listText(names)} on every node${where} although a policy isolates ${names.length === 1 ? 'it' : 'them'}: through a node port clients arrive with a node's address, which policies do not tell apart.`,
    because: [...policiesText(after.isolating(first, 'ingress')), `${serviceText(service)} spec.type`],
    fix: 'Use type ClusterIP and an Ingress, or set externalTrafficPolicy: Local and admit the addresses of the clients in the policy.',
  };
}

/** Whether some ingress rule admits every address. */
function admitsAnyone(policy: NetworkPolicy): boolean {
  return (policy.ingress ?? []).some(({ peers }) => peers === 'any');
}

function admitsBlocks(policy: NetworkPolicy): boolean {
  return (policy.ingress ?? []).some(
    ({ peers }) => peers !== 'any' && peers.some(({ kind }) => kind === 'block'),
  );
}

function isDoor({ labels }: PodClass): boolean {
  return labelValue(labels, GATEWAY) !== undefined;
}

function extent({ loadBalancerClass, annotations }: Service): Extent {
  return extentOf(loadBalancerClass, annotations);
}

function isExposed(service: Service): boolean {
  if (service.type === 'NodePort') return true;
  if (service.type !== 'LoadBalancer' || extent(service) === 'inside') return false;
  const ranges = [...service.loadBalancerSourceRanges, ...annotatedRanges(service.annotations)];
  if (ranges.length === 0) return true;
  const admitted = cidrSet(ranges);
  return containsAddresses(admitted, ALL_V4) || containsAddresses(admitted, ALL_V6);
}
