import type { Loss } from '../evidence/losses.ts';
import type { ServiceLoss } from '../evidence/service-losses.ts';
import type { Judged } from '../model/change.ts';
import { type Route, workloadText } from '../model/objects.ts';
import { callerText, MOST_NAMED, nowText, patchOf, placeText } from './cuts.ts';
import { ROUTES, TIERS } from './reads.ts';
import type { Rule, RuleContext, Statement } from './rule.ts';
import { compareTexts, countText, listText, policiesText, serviceText, sortedTexts } from './text.ts';
import { deployment, policy, policyFrom, service } from './worlds/manifests.ts';

const WEB = [
  deployment('shop/web', 'app: web', '{containerPort: 8080}'),
  deployment('shop/api', 'app: api', '{containerPort: 8080}'),
  service('shop/web', 'app: web', '{port: 80, targetPort: 8080}'),
].join('');
const CONTROLLER = deployment('ingress-nginx/controller', 'app.kubernetes.io/name: ingress-nginx');
const INGRESS = `---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: front, namespace: shop}
spec:
  ingressClassName: nginx
  defaultBackend: {service: {name: web, port: {number: 80}}}
`;
const ONLY_API = policyFrom('shop/web', 'app: web', 'podSelector: {matchLabels: {app: api}}');
const WITH_CONTROLLER = `${ONLY_API}    - namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: ingress-nginx}}
`;
const ONLY_8080 = policy(
  'shop/web',
  '  podSelector: {matchLabels: {app: web}}\n  ingress: [{ports: [{port: 8080}]}]\n',
);
const AT_9090 = service('shop/web', 'app: web', '{port: 80, targetPort: 9090}');

export const ingressControllerCut: Rule = {
  id: 'ingress-controller-cut',
  title: 'An ingress controller is cut from its back ends',
  kinds: ['NetworkPolicy', 'Service'],
  operations: ['CREATE', 'UPDATE', 'DELETE'],
  severity: 'high',
  action: 'warn',
  needs: 'model',
  reads: [...ROUTES, ...TIERS],
  aspects: ['takes'],
  summary: 'What an Ingress or a route leads to can no longer be reached by the ingress controller.',
  why: 'Visitors come through the controller, which lives in another namespace, or outside the cluster when a cloud provides it. A policy for clients of its own namespace shuts it out, and everybody gets 502 or 504.',
  fix: 'Admit the pods of the ingress controller in the policy, by the labels of their namespace; admit the subnets of a load balancer of the cloud by ipBlock.',
  limits: [
    'Controllers are recognised by the names and labels of usual installations (nginx, Traefik, Istio, Envoy, Contour, Kong, HAProxy). When none is in the model, nothing is said where a policy lets in another namespace or addresses: the controller may be meant.',
    'Which of several controllers serves an Ingress is read from the name of its class; when that does not tell, all of them are taken to.',
    'The load balancers of AWS and Azure, and of Google (classes alb, azure-application-gateway, gce), connect from addresses: any ipBlock or open rule for the port counts as enough.',
    'When a Service loses all its clients, service-unreachable names the controller among them.',
    'A verdict that is unknown is not reported.',
  ],
  examples: {
    good: [
      {
        title: "The controller's namespace is let in",
        cluster: WEB + INGRESS + CONTROLLER,
        operation: 'CREATE',
        manifest: WITH_CONTROLLER,
        findings: [],
      },
      {
        title: 'Nobody sees the controller, and another namespace is let in',
        cluster: WEB + INGRESS,
        operation: 'CREATE',
        manifest: WITH_CONTROLLER,
        findings: [],
      },
      {
        title: 'The load balancer of a cloud, by its subnet',
        cluster: WEB + INGRESS.replace('nginx', 'alb') + CONTROLLER,
        operation: 'CREATE',
        manifest: `${ONLY_API}    - ipBlock: {cidr: 10.20.0.0/16}\n`,
        findings: [],
      },
    ],
    bad: [
      {
        title: 'A policy for clients of the own namespace',
        cluster: WEB + INGRESS + CONTROLLER,
        operation: 'CREATE',
        manifest: ONLY_API,
        findings: [
          {
            subject: 'shop/web[Deployment]',
            message:
              'ingress-nginx/controller can no longer reach shop/web:80 (TCP 8080), to which Ingress shop/front leads; allowed now only from app=api.',
            patch: [
              {
                op: 'add',
                path: '/spec/ingress/-',
                value: {
                  from: [
                    {
                      namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'ingress-nginx' } },
                      podSelector: { matchLabels: { 'app.kubernetes.io/name': 'ingress-nginx' } },
                    },
                  ],
                  ports: [{ protocol: 'TCP', port: 8080 }],
                },
              },
            ],
          },
        ],
      },
      {
        title: "No selector matches the cloud's load balancer",
        cluster: WEB + INGRESS.replace('nginx', 'alb') + CONTROLLER,
        operation: 'CREATE',
        manifest: WITH_CONTROLLER,
        findings: [
          {
            subject: 'shop/web[Deployment]',
            message:
              "the cloud's load balancer can no longer reach shop/web:80 (TCP 8080), to which Ingress shop/front leads; allowed now only from app=api and the pods of namespaces with kubernetes.io/metadata.name=ingress-nginx.",
          },
        ],
      },
      {
        title: 'The controller itself may no longer open connections',
        cluster: WEB + INGRESS + CONTROLLER,
        operation: 'CREATE',
        manifest: policy(
          'ingress-nginx/controller',
          '  podSelector: {}\n  policyTypes: [Egress]\n  egress: [{ports: [{port: 53, protocol: UDP}]}]\n',
        ),
        findings: [
          {
            subject: 'ingress-nginx/controller[Deployment]',
            message:
              'ingress-nginx/controller can no longer reach shop/web:80 (TCP 8080), to which Ingress shop/front leads; allowed now only to anyone on some ports.',
          },
        ],
      },
      {
        title: 'A Service moves to a target port that a policy does not admit',
        cluster: WEB + INGRESS + CONTROLLER + ONLY_8080,
        operation: 'UPDATE',
        manifest: AT_9090,
        findings: [
          {
            subject: 'Service shop/web',
            message:
              'ingress-nginx/controller can no longer reach shop/web:80, to which Ingress shop/front leads: policies do not admit it at the new target port or back ends.',
          },
        ],
      },
      {
        title: 'Routes that cannot be seen',
        cluster: WEB + CONTROLLER + ONLY_8080,
        operation: 'UPDATE',
        manifest: AT_9090,
        missing: ['Ingress.networking.k8s.io'],
        findings: [],
        unchecked: 'Ingress.networking.k8s.io could not be read: what they would show is left out',
      },
    ],
  },
  *check({ evidence, change }: RuleContext) {
    const { routes, serviceRoutes } = evidence.shares();
    if (routes.length > 0) yield* ofPolicies(routes, change.after ?? change.before);
    const changed = change.after;
    if (serviceRoutes.length === 0 || changed?.kind !== 'Service') return;
    for (const group of Map.groupBy(serviceRoutes, ({ port }) => port.port).values()) {
      yield {
        subject: serviceText(changed),
        message: `${clientsText(group)} can no longer reach ${changed.namespace}/${changed.name}:${group[0]?.port.port}, to which ${leadText(group.map(({ route }) => route))}: policies do not admit it at the new target port or back ends.`,
        because: [serviceText(changed)],
      };
    }
  },
};

/** At the back ends a finding for each of them; of a controller's own policies one for all it can no longer reach. */
function* ofPolicies(losses: readonly Loss[], changed: Judged | undefined): Iterable<Statement> {
  const groups = [...Map.groupBy(losses, groupKey)].sort(([a], [b]) => compareTexts(a, b));
  for (const [, group] of groups.slice(0, MOST_NAMED)) {
    const { need, direction, policies } = group[0] as Loss;
    const callers = sortedTexts(group.map(({ need: { from } }) => callerText(from)));
    const targets = sortedTexts(group.map(({ need: one }) => targetText(one)));
    yield {
      subject: workloadText(
        direction === 'ingress' || typeof need.from === 'string' ? need.to.workload : need.from.workload,
      ),
      message: `${listText(callers)} can no longer reach ${listText(targets)}, to which ${leadText(group.map(({ need: { route } }) => route))}; ${nowText(policies, direction)}.`,
      because: policiesText(policies),
      fix:
        direction === 'ingress'
          ? `Add the ingress controller to ${placeText(policies, direction, changed)}, with ${need.protocol} port ${need.port}.`
          : `Add the back ends to ${placeText(policies, direction, changed)}.`,
      ...(direction === 'ingress' ? patchOf(group, changed) : {}),
    };
  }
  const more = groups.slice(MOST_NAMED);
  const [, [one] = []] = more[0] ?? [];
  if (one === undefined) return;
  const targets = sortedTexts(more.flatMap(([, group]) => group.map(({ need }) => targetText(need))));
  yield {
    subject: changed === undefined ? '' : `NetworkPolicy ${changed.namespace}/${changed.name}`,
    message: `ingress controllers lose ${countText(more.length, 'more back end')}: ${listText(targets)}.`,
    because: policiesText(one.policies),
    see: 'portent diff -f FILE',
  };
}

function groupKey({ need, direction, policies }: Loss): string {
  const names = sortedTexts(policies.map(({ name }) => name)).join();
  const one =
    direction === 'egress' ? callerText(need.from) : `${workloadText(need.to.workload)} ${need.port}`;
  return `${direction} ${one} ${names}`;
}

function targetText({ service, servicePort, protocol, port, to }: Loss['need']): string {
  const name =
    service === undefined ? workloadText(to.workload) : `${service.namespace}/${service.name}:${servicePort}`;
  return `${name} (${protocol} ${port})`;
}

function clientsText(losses: readonly ServiceLoss[]): string {
  return listText(sortedTexts(losses.map(({ client }) => callerText(client))));
}

/** `Ingress shop/a leads`, `Ingress shop/a and HTTPRoute shop/b lead`. */
function leadText(routes: readonly (Route | undefined)[]): string {
  const names = sortedTexts(
    routes.flatMap((route) =>
      route === undefined ? [] : [`${route.kind} ${route.namespace}/${route.name}`],
    ),
  );
  return `${listText(names)} ${names.length === 1 ? 'leads' : 'lead'}`;
}
