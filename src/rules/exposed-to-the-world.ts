import { backClasses } from '../evidence/needs.ts';
import { labelPairs } from '../model/labels.ts';
import type { NetworkPolicy, Service } from '../model/objects.ts';
import { ALL_ADDRESSES } from '../netset/addresses.ts';
import { hasConnection } from '../netset/connections.ts';
import { targetsOf } from '../simulate/backends.ts';
import { reach } from '../simulate/reach.ts';
import type { Rule } from './rule.ts';
import { listText, serviceText, sortedTexts } from './text.ts';
import { deployment, policy, service } from './worlds/manifests.ts';

/** Back ends looked at for one Service. */
const MOST_CLASSES = 20;
const INTERNAL = /internal|vpc|subnet/i;
const NO = /^(false|no|external|internet-facing|public)?$/i;

const CLUSTER = deployment('shop/web', 'app: web', '{containerPort: 8080}');
const SERVICE = service('shop/web', 'app: web', '{port: 80, targetPort: 8080}', '  type: LoadBalancer\n');

export const exposedToTheWorld: Rule = {
  id: 'exposed-to-the-world',
  title: 'Open to the outside',
  kinds: ['Service'],
  operations: ['CREATE', 'UPDATE'],
  severity: 'medium',
  action: 'warn',
  needs: 'model',
  summary: 'A Service becomes reachable from outside the cluster, and no policy restricts who may connect.',
  why: 'type: LoadBalancer or NodePort puts the pods on the network around the cluster, often the internet, at the moment it is stored.',
  fix: 'Set loadBalancerSourceRanges, use an internal load balancer, or isolate the pods with a policy that admits the addresses meant.',
  limits: [
    'Whether a firewall or the cloud stands before the cluster is not known.',
    'A Service that was exposed in the same way before the change is not reported again. A node port alone is a note.',
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
        title: 'A policy keeps the outside out',
        cluster:
          CLUSTER + policy('shop/web', '  podSelector: {}\n  ingress: [{from: [{podSelector: {}}]}]\n'),
        operation: 'CREATE',
        manifest: SERVICE,
        findings: [],
      },
    ],
    bad: [
      {
        title: 'A load balancer for everybody',
        cluster: CLUSTER,
        operation: 'CREATE',
        manifest: SERVICE,
        findings: [
          {
            subject: 'Service shop/web',
            message:
              'type LoadBalancer opens port 80 to every address outside the cluster that can reach it; no policy keeps any of them out.',
          },
        ],
      },
    ],
  },
  *check({ change, after }) {
    const service = change.after;
    if (service?.kind !== 'Service' || !isExposed(service)) return;
    if (change.before?.kind === 'Service' && change.before.type === service.type && isExposed(change.before))
      return;
    const open = new Set<number>();
    for (const podClass of backClasses(after, service).slice(0, MOST_CLASSES)) {
      const { allowed } = reach(
        after,
        { kind: 'outside', addresses: ALL_ADDRESSES },
        { kind: 'class', podClass },
      );
      // A policy that admits anybody from outside by address was written with the outside in mind.
      if (after.isolating(podClass, 'ingress').some((one) => !admitsAnyone(one))) continue;
      for (const port of service.ports) {
        const targets = targetsOf(service, port, podClass.namedPorts);
        if (targets.some((target) => hasConnection(allowed, port.protocol, target))) open.add(port.port);
      }
    }
    if (open.size === 0) return;
    yield {
      subject: serviceText(service),
      ...(service.type === 'NodePort' ? { severity: 'info' as const } : {}),
      message: `type ${service.type} opens port ${listText(sortedTexts([...open].map(String)))} to every address outside the cluster that can reach it; no policy keeps any of them out.`,
      because: [`${serviceText(service)} spec.type`],
    };
  },
};

/** Whether some ingress rule admits every address. */
function admitsAnyone(policy: NetworkPolicy): boolean {
  return (policy.ingress ?? []).some(({ peers }) => peers === 'any');
}

function isExposed(service: Service): boolean {
  if (service.type === 'NodePort') return true;
  if (service.type !== 'LoadBalancer' || service.loadBalancerSourceRanges.length > 0) return false;
  return !labelPairs(service.annotations).some(
    ([key, value]) => (INTERNAL.test(key) || INTERNAL.test(value)) && !NO.test(value),
  );
}
