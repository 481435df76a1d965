import type { Loss } from '../evidence/losses.ts';
import type { Caller, Grade } from '../evidence/need.ts';
import type { ServiceLoss } from '../evidence/service-losses.ts';
import type { Judged } from '../model/change.ts';
import type { Service } from '../model/objects.ts';
import { workloadText } from '../model/objects.ts';
import type { View } from '../model/overlay.ts';
import type { Protocol } from '../netset/connections.ts';
import { callerText, MOST_NAMED, nowText, patchOf, placeText, severityOf } from './cuts.ts';
import { CONFIG_MAPS, TIERS } from './reads.ts';
import type { Rule, RuleContext, Statement } from './rule.ts';
import {
  commandText,
  compareTexts,
  countText,
  listText,
  policiesText,
  policyText,
  serviceText,
  shortText,
  sortedTexts,
} from './text.ts';
import { GUESTBOOK, REDIS_FOR_BOTH, REDIS_FOR_GUESTBOOK } from './worlds/guestbook.ts';
import { deployment, policy, service } from './worlds/manifests.ts';

const SHOP = [
  deployment('shop/web', 'app: web', '', '{name: DB_URL, value: "postgres://db:5432/shop"}'),
  deployment('shop/db', 'app: db', '{containerPort: 5432}'),
].join('');
const DB = service('shop/db', 'app: db', '{port: 5432}');
const DB_AT_6432 = service('shop/db', 'app: db', '{port: 5432, targetPort: 6432}');
const ONLY_5432 = policy(
  'shop/db',
  '  podSelector: {matchLabels: {app: db}}\n  ingress: [{ports: [{port: 5432}]}]\n',
);

export const connectivityLost: Rule = {
  id: 'connectivity-lost',
  title: 'A needed connection is cut',
  kinds: ['NetworkPolicy', 'Service'],
  operations: ['CREATE', 'UPDATE', 'DELETE'],
  severity: 'high',
  action: 'warn',
  needs: 'model',
  reads: [...TIERS, ...CONFIG_MAPS],
  aspects: ['takes'],
  summary: 'Somebody can no longer open a connection that the cluster shows they need.',
  why: 'Policies and selectors are written for the clients one thinks of. The others, a replica that follows its leader, an ingress controller, a job at night, are found out by their failure.',
  fix: 'Admit the client in the policy, or keep the Service port and selector it relies on.',
  limits: [
    'What is needed is read from references to Services in pod specs and, where they are read, in the ConfigMaps these mention, policies that name a client, Services of type LoadBalancer or NodePort (high), and from application labels shared with a Service (medium). A need that nothing shows is only counted (info).',
    'Of a Service that nobody reaches any more service-unreachable speaks, and of routes and their controllers ingress-controller-cut.',
    'A verdict that is unknown is not reported as a loss.',
    'It speaks of new connections. Established ones often survive.',
    'Of a Service that is gone, lost a port or is empty, breaks-references, no-backends and target-port-unresolved speak.',
  ],
  examples: {
    good: [
      {
        title: 'The guestbook with redis let in to itself: only the stray pod is counted',
        cluster: GUESTBOOK,
        operation: 'CREATE',
        manifest: REDIS_FOR_BOTH,
        findings: [
          {
            subject: 'NetworkPolicy default/redis',
            severity: 'info',
            message: '1 other workload loses a connection that nothing in the model shows it needs.',
          },
        ],
      },
      {
        title: 'Beside the policy that cut it, one that lets redis in to itself: it only adds',
        cluster: GUESTBOOK + REDIS_FOR_GUESTBOOK,
        operation: 'CREATE',
        manifest: REDIS_FOR_BOTH.replace('name: redis,', 'name: redis-itself,'),
        findings: [],
      },
    ],
    bad: [
      {
        title: 'The guestbook: replication breaks',
        cluster: GUESTBOOK,
        operation: 'CREATE',
        manifest: REDIS_FOR_GUESTBOOK,
        findings: [
          {
            subject: 'default/redis-master[Deployment]',
            severity: 'medium',
            message:
              'default/redis-slave can no longer reach redis-master:6379 (TCP 6379; replication: both are app=redis); allowed now only from app=guestbook.',
            patch: [
              {
                op: 'add',
                path: '/spec/ingress/-',
                value: {
                  from: [{ podSelector: { matchLabels: { app: 'redis', role: 'slave' } } }],
                  ports: [{ protocol: 'TCP', port: 6379 }],
                },
              },
            ],
          },
          {
            subject: 'NetworkPolicy default/redis',
            severity: 'info',
            message: '1 other workload loses a connection that nothing in the model shows it needs.',
          },
        ],
      },
      {
        title: 'A Service moves to a target port that a policy does not admit',
        cluster: SHOP + DB + ONLY_5432,
        operation: 'UPDATE',
        manifest: DB_AT_6432,
        findings: [
          {
            subject: 'Service shop/db',
            message:
              'shop/web can no longer reach db:5432 (TCP; env DB_URL): policies do not admit it at the new target port or back ends.',
          },
        ],
      },
    ],
  },
  check(context) {
    return context.change.before?.kind === 'Service' || context.change.after?.kind === 'Service'
      ? checkService(context)
      : checkPolicy(context);
  },
};

function* checkPolicy(context: RuleContext): Iterable<Statement> {
  const { evidence, change, simulation } = context;
  const { complete } = evidence.losses();
  const groups = groupsOf(evidence.shares().clients);
  const changed = change.after ?? change.before;
  const name = changed?.kind === 'NetworkPolicy' ? policyText(changed) : '';
  for (const group of groups.slice(0, MOST_NAMED)) yield lossText(context, group, changed);
  if (groups.length > MOST_NAMED) {
    const more = groups.slice(MOST_NAMED);
    yield {
      subject: name,
      severity: severityOf(more[0]?.[0]?.need.grade ?? 'likely'),
      message: `${complete ? '' : 'at least '}${countText(more.length, 'more needed connection')} ${more.length === 1 ? 'is' : 'are'} cut, among them to ${listText(sortedTexts(more.flatMap(([loss]) => (loss === undefined ? [] : [shortText(loss.need.to)]))))}.`,
      because: [name],
      see: 'portent diff -f FILE',
    };
  }
  if (simulation.subjects.length === 0) return;
  const bystanders = evidence.bystanders();
  if (bystanders.count > 0) {
    yield {
      subject: name,
      severity: 'info',
      message: bystanders.exact
        ? `${countText(bystanders.count, 'other workload')} ${bystanders.count === 1 ? 'loses' : 'lose'} a connection that nothing in the model shows ${bystanders.count === 1 ? 'it needs' : 'they need'}.`
        : `up to ${countText(bystanders.count, 'other pod')} may lose connections that nothing in the model shows they need.`,
      because: [name],
      see: 'portent diff -f FILE',
    };
  }
}

/** Those that lose the same for the same reason, the declared ones first. */
function groupsOf(losses: readonly Loss[]): (readonly Loss[])[] {
  if (losses.length === 0) return [];
  return [...Map.groupBy(losses.toSorted(byName), groupKey)]
    .sort(([one, [a]], [other, [b]]) => rank(a?.need.grade) - rank(b?.need.grade) || compareTexts(one, other))
    .map(([, group]) => group);
}

/** One statement for all clients that lose the same port of the same target for the same reason. */
function lossText(
  { after: view, fixes }: RuleContext,
  group: readonly Loss[],
  changed: Judged | undefined,
): Statement {
  const { need, direction, policies } = group[0] as Loss;
  const clients = sortedTexts(group.map(({ need: { from } }) => callerText(from)));
  const rules = placeText(policies, direction, changed);
  const target =
    need.service === undefined
      ? `${shortText(need.to)} port ${need.port}`
      : `${serviceName(need.service, need.from)}:${need.servicePort}`;
  const from = need.from;
  const to =
    need.service === undefined
      ? commandText(view, need.to.workload)
      : `service:${need.service.namespace}/${need.service.name}`;
  return {
    subject: workloadText(
      direction === 'ingress' || typeof from === 'string' ? need.to.workload : from.workload,
    ),
    severity: severityOf(need.grade),
    message: `${listText(clients)} can no longer reach ${target} (${need.protocol} ${need.port}; ${need.source}); ${nowText(policies, direction)}.`,
    because: policiesText(policies),
    ...(fixes ? patchOf(group, changed) : {}),
    fix:
      direction === 'ingress'
        ? `Add the client to ${rules}, with ${need.protocol} port ${need.port}.`
        : `Add the destination to ${rules}, with ${need.protocol} port ${need.port}.`,
    ...seeOf(view, from, to, need.service === undefined ? need.port : need.servicePort, need.protocol),
  };
}

/** The command that explains why a client is kept out, where there is one. */
function seeOf(
  view: View,
  from: Caller,
  to: string | undefined,
  port: number,
  protocol: Protocol,
): Pick<Statement, 'see'> {
  const caller = typeof from === 'string' ? undefined : commandText(view, from.workload);
  if (caller === undefined || to === undefined) return {};
  return { see: `portent explain ${caller} ${to} ${port}${protocol === 'TCP' ? '' : `/${protocol}`}` };
}

/** Back ends that are still there and no longer reached. Names that are gone, and empty Services, have rules of their own. */
function* checkService({ evidence, change, after }: RuleContext): Iterable<Statement> {
  const old = change.before;
  if (old?.kind !== 'Service' || change.after === undefined) return;
  const losses = evidence
    .shares()
    .serviceClients.toSorted(
      (a, b) => rank(a.grade) - rank(b.grade) || compareTexts(serviceLossKey(a), serviceLossKey(b)),
    );
  const groups = [...Map.groupBy(losses, ({ port }) => `${port.port}/${port.protocol}`).values()];
  for (const group of groups.slice(0, MOST_NAMED)) {
    const worst = group[0] as ServiceLoss;
    // The worst first: what shows the need is said of it.
    const clients = [...new Set(group.map(({ client }) => callerText(client)))];
    yield {
      subject: serviceText(old),
      severity: severityOf(worst.grade),
      message: `${listText(clients)} can no longer reach ${old.name}:${worst.port.port} (${worst.port.protocol}; ${worst.source}): policies do not admit it at the new target port or back ends.`,
      because: [serviceText(old)],
      ...seeOf(
        after,
        worst.client,
        `service:${old.namespace}/${old.name}`,
        worst.port.port,
        worst.port.protocol,
      ),
    };
  }
  const more = groups.slice(MOST_NAMED);
  const [[worst] = []] = more;
  if (worst === undefined) return;
  const ports = more.map((group) => String(group[0]?.port.port));
  yield {
    subject: serviceText(old),
    severity: severityOf(worst.grade),
    message: `clients of ${countText(more.length, 'more port')} are cut: ${listText(ports)}.`,
    because: [serviceText(old)],
  };
}

function serviceName(service: Service, from: Caller): string {
  const sameNamespace = typeof from !== 'string' && from.workload.namespace === service.namespace;
  return sameNamespace ? service.name : `${service.namespace}/${service.name}`;
}

function rank(grade: Grade | undefined): number {
  return grade === 'declared' ? 0 : 1;
}

/** The egress side groups by client, the ingress side by target: the side whose policies changed is one cause. */
function groupKey({ need, direction, policies }: Loss): string {
  const via = need.service === undefined ? '' : `${need.service.namespace}/${need.service.name}`;
  const names = sortedTexts(policies.map(({ name }) => name)).join();
  return `${direction} ${workloadText(need.to.workload)} ${via} ${need.servicePort}/${need.protocol}/${need.port} ${need.grade} ${names}`;
}

function byName(a: Loss, b: Loss): number {
  const key = ({ need }: Loss): string => `${callerText(need.from)} ${need.source}`;
  return compareTexts(key(a), key(b));
}

function serviceLossKey({ port, client, source }: ServiceLoss): string {
  return `${port.port}/${port.protocol} ${callerText(client)} ${source}`;
}
