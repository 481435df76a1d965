import type { Client, Outage } from '../evidence/shares.ts';
import { callerText, MOST_NAMED, nowText, patchOf, placeText, severityOf } from './cuts.ts';
import { CONFIG_MAPS, ROUTES, TIERS } from './reads.ts';
import { type Rule, type RuleContext, SEVERITIES, type Severity, type Statement } from './rule.ts';
import { compareTexts, countText, listText, policiesText, policyText, serviceText } from './text.ts';
import { deployment, policy, service } from './worlds/manifests.ts';

const SHOP = [
  deployment('shop/web', 'app: web', '', '{name: DB_URL, value: "postgres://db:5432/shop"}'),
  deployment('shop/api', 'app: api', '', '{name: DB_HOST, value: db}'),
  deployment('shop/admin', 'app: admin'),
  deployment('shop/db', 'app: db', '{containerPort: 5432}'),
].join('');
const DB = service('shop/db', 'app: db', '{port: 5432}');
const db = (ingress: string): string =>
  policy('shop/db', `  podSelector: {matchLabels: {app: db}}\n  policyTypes: [Ingress]\n${ingress}`);
const FROM = (app: string): string => `    - podSelector: {matchLabels: {app: ${app}}}\n`;
const PEERS = '  ingress:\n  - from:\n';
const PORT = '    ports: [{port: 5432}]\n';

export const serviceUnreachable: Rule = {
  id: 'service-unreachable',
  title: 'A Service that nobody reaches any more',
  kinds: ['NetworkPolicy', 'Service'],
  operations: ['CREATE', 'UPDATE', 'DELETE'],
  severity: 'high',
  action: 'warn',
  needs: 'model',
  reads: [...ROUTES, ...TIERS, ...CONFIG_MAPS],
  aspects: ['takesIngress'],
  summary: 'Every client that the cluster shows is cut from a Service, or policies let in nobody at all.',
  why: 'A policy that forgets one client is a gap; one that leaves a Service without any is an outage of that Service, and mostly a slip: a wrong label, a wrong port, a missing rule.',
  fix: 'Admit the clients of the Service in the policy, at the target port.',
  limits: [
    'Of a single client that is cut while the policy lets in somebody else, connectivity-lost speaks; of routes alone, ingress-controller-cut.',
    'Clients are those that connectivity-lost knows, and Ingresses and routes. Others may still get through; without any known client only a Service that is closed to everybody is reported (low).',
    'A policy for a whole namespace that lets in nobody is told by namespace-isolated; its Services are named here only when somebody is known to need them.',
    'Policies of the clients that forbid them to go out are told by connectivity-lost, for each client.',
    'Of a Service that is deleted, empty, or has lost a port, breaks-references, no-backends and target-port-unresolved speak.',
    'Each lost connection is told by one rule. When that rule is off, no other tells it in its stead.',
    'Where policy tiers exist, whether a Service is closed to everybody is not looked at.',
  ],
  examples: {
    good: [
      {
        title: 'One of two clients is let in',
        cluster: SHOP + DB,
        operation: 'CREATE',
        manifest: db(PEERS + FROM('api') + PORT),
        findings: [],
      },
      {
        title: 'The only known client is cut, others are let in: one lost connection',
        cluster: SHOP.replace('DB_HOST', 'DB') + DB,
        operation: 'CREATE',
        manifest: db(PEERS + FROM('admin') + PORT),
        findings: [],
      },
      {
        title: 'It was closed before',
        cluster: SHOP + DB + db(''),
        operation: 'UPDATE',
        manifest: db('  ingress: []\n'),
        findings: [],
      },
    ],
    bad: [
      {
        title: 'All known clients are forgotten',
        cluster: SHOP + DB,
        operation: 'CREATE',
        manifest: db(PEERS + FROM('admin') + PORT),
        findings: [
          {
            subject: 'Service shop/db',
            message:
              'none of its known clients can reach it any more: shop/api (env DB_HOST) and shop/web (env DB_URL); allowed now only from app=admin.',
            patch: [
              {
                op: 'add',
                path: '/spec/ingress/0/from/-',
                value: { podSelector: { matchLabels: { app: 'api' } } },
              },
              {
                op: 'add',
                path: '/spec/ingress/0/from/-',
                value: { podSelector: { matchLabels: { app: 'web' } } },
              },
            ],
          },
        ],
      },
      {
        title: 'The right peers on the wrong port',
        cluster: SHOP + DB,
        operation: 'CREATE',
        manifest: db(PEERS + FROM('api') + FROM('web') + PORT.replace('5432', '5433')),
        findings: [
          {
            subject: 'Service shop/db',
            message:
              'nobody may open connections to it any more; shop/api (env DB_HOST) and shop/web (env DB_URL) need it.',
            patch: [
              {
                op: 'add',
                path: '/spec/ingress/-',
                value: {
                  from: [
                    { podSelector: { matchLabels: { app: 'api' } } },
                    { podSelector: { matchLabels: { app: 'web' } } },
                  ],
                  ports: [{ protocol: 'TCP', port: 5432 }],
                },
              },
            ],
          },
        ],
      },
      {
        title: 'Closed to everybody, and nobody is known to need it',
        cluster: SHOP + service('shop/admin', 'app: admin', '{port: 80}'),
        operation: 'CREATE',
        manifest: policy('shop/admin', '  podSelector: {matchLabels: {app: admin}}\n'),
        findings: [
          {
            subject: 'Service shop/admin',
            severity: 'low',
            message: 'nobody may open connections to it any more; nothing in the model shows who needs it.',
          },
        ],
      },
      {
        title: 'A Service moves to a target port that a policy does not admit',
        cluster: SHOP + DB + db(`  ingress:\n  - ${PORT.trim()}\n`),
        operation: 'UPDATE',
        manifest: service('shop/db', 'app: db', '{port: 5432, targetPort: 6432}'),
        findings: [
          {
            subject: 'Service shop/db',
            message:
              'none of its known clients can reach it any more: shop/api (env DB_HOST) and shop/web (env DB_URL); policies do not admit them at the new target port or back ends.',
          },
        ],
      },
    ],
  },
  *check(context) {
    const found = context.evidence.shares().outages;
    if (found.length === 0) return;
    const outages = found.toSorted(
      (a, b) => rank(a) - rank(b) || compareTexts(serviceText(a.service), serviceText(b.service)),
    );
    for (const outage of outages.slice(0, MOST_NAMED)) yield outageText(context, outage);
    const more = outages.slice(MOST_NAMED);
    if (more.length === 0) return;
    const changed = context.change.after ?? context.change.before;
    const name = changed?.kind === 'NetworkPolicy' ? policyText(changed) : '';
    yield {
      subject: name,
      severity: gravity(more[0] as Outage),
      message: `${countText(more.length, 'more Service')} ${more.length === 1 ? 'is' : 'are'} no longer reached by anybody: ${listText(more.map(({ service: { namespace, name } }) => `${namespace}/${name}`))}.`,
      because: [name],
      see: 'portent diff -f FILE',
    };
  },
};

function outageText({ change, fixes }: RuleContext, outage: Outage): Statement {
  const { service: of, clients, closed, policies, losses } = outage;
  const changed = change.after ?? change.before;
  const names = clients.map(clientText);
  const byService = changed?.kind === 'Service';
  const need =
    names.length === 0
      ? 'nothing in the model shows who needs it'
      : `${listText(names)} ${names.length === 1 ? 'needs' : 'need'} it`;
  const why = byService
    ? 'policies do not admit them at the new target port or back ends'
    : nowText(policies, 'ingress');
  return {
    subject: serviceText(of),
    severity: gravity(outage),
    message: closed
      ? `nobody may open connections to it any more; ${need}.`
      : `none of its known clients can reach it any more: ${listText(names)}; ${why}.`,
    because: byService ? [serviceText(of), ...policiesText(policies)] : policiesText(policies),
    ...(byService
      ? {}
      : { fix: `Add the clients to ${placeText(policies, 'ingress', changed)}, at the target port.` }),
    ...(fixes ? patchOf(losses, changed) : {}),
  };
}

function clientText({ caller, source }: Client): string {
  const name = callerText(caller);
  return `${name} (${source})`;
}

function gravity({ clients }: Outage): Severity {
  const [strongest] = clients;
  return strongest === undefined ? 'low' : severityOf(strongest.grade);
}

function rank(outage: Outage): number {
  return SEVERITIES.indexOf(gravity(outage));
}
