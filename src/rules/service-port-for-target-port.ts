import type { NamedPort, PolicyRule, PortMatch, Service } from '../model/objects.ts';
import { PROTOCOLS, type Protocol } from '../netset/connections.ts';
import { targetsOf } from '../simulate/backends.ts';
import type { Rule, RuleContext } from './rule.ts';
import { compareTexts, pathText, policyText, serviceText } from './text.ts';
import { deployment, policy, service } from './worlds/manifests.ts';

/** Classes and findings after which the point is made. */
const MOST_CLASSES = 50;
const MOST_FINDINGS = 5;
/** Ports of Services that are looked at; of some of them alone nothing could be said. */
const MOST_PORTS = 50_000;

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
  aspects: ['ports'],
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
    const written = writtenPorts(rules);
    if (written.size === 0) return;
    const mistakes = mistakenPorts(context, written);
    if (mistakes.size === 0) return;
    let found = 0;
    for (let i = 0; i < rules.length; i++) {
      const ports = rules[i]?.ports ?? 'any';
      if (ports === 'any') continue;
      for (let j = 0; j < ports.length; j++) {
        const entry = ports[j] as PortMatch;
        if ('name' in entry || entry.from !== entry.to) continue;
        const mistaken = mistakes.get(keyOf(entry.protocol, entry.from));
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

/** A number: 12,000 texts take longer to make than all else here. */
function keyOf(protocol: Protocol, port: number): number {
  return PROTOCOLS.indexOf(protocol) * 65_536 + port;
}

interface Mistake {
  readonly service: string;
  readonly target: number;
}

/** The numbers that the rules name one by one. */
function writtenPorts(rules: readonly PolicyRule[]): ReadonlySet<number> {
  const written = new Set<number>();
  for (const { ports } of rules) {
    if (ports === 'any') continue;
    for (const entry of ports) if ('from' in entry && entry.from === entry.to) written.add(entry.from);
  }
  return written;
}

/**
 * Of the numbers written, the ports of Services that are no target of any Service and no named port of the policy's
 * pods, with the Service that is first by name. Gathered in one pass: a policy and a Service may have thousands of
 * ports each.
 */
function mistakenPorts(
  { simulation, after }: RuleContext,
  written: ReadonlySet<number>,
): ReadonlyMap<number, Mistake> {
  const found = new Map<number, Mistake>();
  const named = new Set<number>();
  const targeted = new Set<number>();
  const seen = new Map<Service, Set<readonly NamedPort[]>>();
  let left = MOST_PORTS;
  for (const { podClass, directions } of simulation.subjects.slice(0, MOST_CLASSES)) {
    if (!directions.includes('ingress')) continue;
    for (const { port } of podClass.namedPorts) named.add(port);
    for (const service of after.servicesOf(podClass)) {
      // Pods with the same named ports are led to the same targets.
      const names = seen.get(service) ?? new Set();
      seen.set(service, names);
      if (names.has(podClass.namedPorts)) continue;
      names.add(podClass.namedPorts);
      left -= service.ports.length;
      if (left < 0) {
        simulation.budget.skip(`whether ports are those of Services, which have more than ${MOST_PORTS}`);
        return new Map();
      }
      for (const one of service.ports) {
        const targets = targetsOf(service, one, podClass.namedPorts);
        for (const target of targets) if (written.has(target)) targeted.add(keyOf(one.protocol, target));
        const [target] = targets;
        if (target === undefined || !written.has(one.port)) continue;
        const name = serviceText(service);
        const key = keyOf(one.protocol, one.port);
        const known = found.get(key);
        if (known === undefined || compareTexts(name, known.service) < 0)
          found.set(key, { service: name, target });
      }
    }
  }
  if (found.size === 0) return found;
  for (const key of targeted) found.delete(key);
  for (const port of named) for (const protocol of PROTOCOLS) found.delete(keyOf(protocol, port));
  return found;
}
