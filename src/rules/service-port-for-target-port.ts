import type { PortMatch } from '../model/objects.ts';
import { targetsOf } from '../simulate/backends.ts';
import type { Rule, RuleContext } from './rule.ts';
import { compareTexts, pathText, policyText, serviceText } from './text.ts';
import { deployment, policy, service } from './worlds/manifests.ts';

/** Classes and findings after which the point is made. */
const MOST_CLASSES = 50;
const MOST_FINDINGS = 5;
const MOST_PORTS = 200;

const CLUSTER =
  deployment('shop/web', 'app: web', '{containerPort: 8080}') +
  service('shop/web', 'app: web', '{port: 80, targetPort: 8080}');
const POLICY = (port: number) =>
  policy(
    'shop/web',
    `  podSelector: {matchLabels: {app: web}}
  ingress:
  - ports: [{port: ${port}}]
`,
  );

export const servicePortForTargetPort: Rule = {
  id: 'service-port-for-target-port',
  title: "A Service's port where the pod's belongs",
  kinds: ['NetworkPolicy'],
  operations: ['CREATE', 'UPDATE'],
  severity: 'high',
  action: 'warn',
  needs: 'model',
  summary: "An ingress rule names the port of a Service, and the Service's pods listen on another.",
  why: 'Policies are applied after the Service address has been translated: they see the target port. The port of the Service admits nobody.',
  fix: 'Write the targetPort of the Service (or the name of the container port) in the policy.',
  limits: [
    'Only ingress rules with single port numbers are looked at.',
    'Silent when a Service or a named container port of the pods has the number as a target: then somebody may use it directly.',
  ],
  examples: {
    good: [
      {
        title: 'The target port',
        cluster: CLUSTER,
        operation: 'CREATE',
        manifest: POLICY(8080),
        findings: [],
      },
      {
        title: 'A second Service leads to that port',
        cluster: CLUSTER + service('shop/plain', 'app: web', '{port: 80}'),
        operation: 'CREATE',
        manifest: POLICY(80),
        findings: [],
      },
    ],
    bad: [
      {
        title: 'The port of the Service',
        cluster: CLUSTER,
        operation: 'CREATE',
        manifest: POLICY(80),
        findings: [
          {
            subject: 'NetworkPolicy shop/web',
            message:
              'spec.ingress[0] admits TCP 80, the port of Service shop/web; policies see the target port 8080.',
            patch: [{ op: 'replace', path: '/spec/ingress/0/ports/0/port', value: 8080 }],
          },
        ],
      },
      {
        title: 'A target port that has a name',
        cluster:
          deployment('shop/web', 'app: web', '{name: http, containerPort: 3000}') +
          service('shop/web', 'app: web', '{port: 80, targetPort: http}'),
        operation: 'CREATE',
        manifest: POLICY(80),
        findings: [
          {
            subject: 'NetworkPolicy shop/web',
            message:
              'spec.ingress[0] admits TCP 80, the port of Service shop/web; policies see the target port 3000.',
            patch: [{ op: 'replace', path: '/spec/ingress/0/ports/0/port', value: 3000 }],
          },
        ],
      },
    ],
  },
  *check(context) {
    const policy = context.change.after;
    if (policy?.kind !== 'NetworkPolicy') return;
    const rules = policy.ingress ?? [];
    let found = 0;
    let left = MOST_PORTS;
    for (let i = 0; i < rules.length; i++) {
      const ports = rules[i]?.ports ?? 'any';
      if (ports === 'any') continue;
      for (let j = 0; j < ports.length; j++) {
        const entry = ports[j] as PortMatch;
        if ('name' in entry || entry.from !== entry.to) continue;
        if (--left < 0) return;
        const mistaken = mistakenPort(context, entry.protocol, entry.from);
        if (mistaken === undefined) continue;
        if (++found > MOST_FINDINGS) return;
        yield {
          subject: policyText(policy),
          message: `${pathText('ingress', i)} admits ${entry.protocol} ${entry.from}, the port of ${mistaken.service}; policies see the target port ${mistaken.target}.`,
          because: [`${policyText(policy)} ${pathText('ingress', i)}`, mistaken.service],
          patch: [{ op: 'replace', path: `/spec/ingress/${i}/ports/${j}/port`, value: mistaken.target }],
        };
      }
    }
  },
};

/** The Service whose port, not target port, this number is for the policy's pods. */
function mistakenPort(
  { simulation, after }: RuleContext,
  protocol: string,
  port: number,
): { service: string; target: number } | undefined {
  let mistaken: { service: string; target: number } | undefined;
  for (const { podClass, directions } of simulation.subjects.slice(0, MOST_CLASSES)) {
    if (!directions.includes('ingress')) continue;
    if (podClass.namedPorts.some((named) => named.port === port)) return undefined;
    for (const service of after.servicesOf(podClass)) {
      for (const one of service.ports) {
        if (one.protocol !== protocol) continue;
        const targets = targetsOf(service, one, podClass.namedPorts);
        if (targets.includes(port)) return undefined;
        if (one.port !== port || targets[0] === undefined) continue;
        const name = serviceText(service);
        if (mistaken === undefined || compareTexts(name, mistaken.service) < 0)
          mistaken = { service: name, target: targets[0] };
      }
    }
  }
  return mistaken;
}
