import type { PortMatch } from '../model/objects.ts';
import { nearest } from './nearest.ts';
import type { PatchOperation } from './patch.ts';
import type { Rule } from './rule.ts';
import { pathText, policyText } from './text.ts';
import { deployment, policy } from './worlds/manifests.ts';

const CLUSTER = deployment('shop/web', 'app: web', '{name: http-server, containerPort: 3000}');
const POLICY = (name: string) =>
  policy(
    'shop/web',
    `  podSelector: {matchLabels: {app: web}}
  ingress:
  - ports: [{port: ${name}}]
`,
  );

export const namedPortUnresolved: Rule = {
  id: 'named-port-unresolved',
  title: 'Port name that no selected pod has',
  kinds: ['NetworkPolicy'],
  operations: ['CREATE', 'UPDATE'],
  severity: 'medium',
  action: 'warn',
  needs: 'model',
  aspects: ['namedPorts'],
  summary: 'An ingress rule admits a port by a name that no container of the selected pods gives to a port.',
  why: 'A name is looked up in each pod, together with its protocol. Where it is missing the entry admits nothing, without an error.',
  fix: 'Use the name of a container port of these pods, with its protocol, or the number.',
  limits: [
    'Names in egress rules belong to the destination pods and are not looked at.',
    'Silent when at least one of the selected pods has the name.',
  ],
  examples: {
    good: [
      {
        title: 'The name exists',
        cluster: CLUSTER,
        operation: 'CREATE',
        manifest: POLICY('http-server'),
        findings: [],
      },
      {
        title: 'A number needs no name',
        cluster: CLUSTER,
        operation: 'CREATE',
        manifest: POLICY('3000'),
        findings: [],
      },
    ],
    bad: [
      {
        title: 'A misspelt name',
        cluster: CLUSTER,
        operation: 'CREATE',
        manifest: POLICY('http-serve'),
        findings: [
          {
            subject: 'NetworkPolicy shop/web',
            message:
              'spec.ingress[0] admits the port named http-serve (TCP), which no selected pod has; did you mean http-server?',
            patch: [{ op: 'replace', path: '/spec/ingress/0/ports/0/port', value: 'http-server' }],
          },
        ],
      },
      {
        title: 'The name belongs to another protocol',
        cluster: CLUSTER,
        operation: 'CREATE',
        manifest: POLICY('http-server, protocol: UDP'),
        findings: [
          {
            subject: 'NetworkPolicy shop/web',
            message:
              'spec.ingress[0] admits the port named http-server (UDP), which no selected pod has; there it is TCP.',
            patch: [{ op: 'add', path: '/spec/ingress/0/ports/0/protocol', value: 'TCP' }],
          },
        ],
      },
    ],
  },
  *check({ change, simulation }) {
    const policy = change.after;
    if (policy?.kind !== 'NetworkPolicy') return;
    const subjects = simulation.subjects.filter(
      (subject) => subject.directions.includes('ingress') && subject.ingress.after.includes(policy),
    );
    if (subjects.length === 0) return;
    const names = subjects.flatMap(({ podClass }) => podClass.namedPorts);
    const known = new Set(names.map(({ name, protocol }) => `${name}/${protocol}`));
    const rules = policy.ingress ?? [];
    for (let i = 0; i < rules.length; i++) {
      const ports = rules[i]?.ports ?? 'any';
      if (ports === 'any') continue;
      for (let j = 0; j < ports.length; j++) {
        const entry = ports[j] as PortMatch;
        if (!('name' in entry)) continue;
        const { name, protocol } = entry;
        if (known.has(`${name}/${protocol}`)) continue;
        const path = pathText('ingress', i);
        const otherProtocol = names.find((named) => named.name === name)?.protocol;
        const near = nearest(name, new Set(names.map((named) => named.name)));
        const hint =
          otherProtocol !== undefined
            ? `; there it is ${otherProtocol}.`
            : near === undefined
              ? '.'
              : `; did you mean ${near}?`;
        yield {
          subject: policyText(policy),
          message: `${path} admits the port named ${name} (${protocol}), which no selected pod has${hint}`,
          because: [`${policyText(policy)} ${path}`],
          ...patchOf(`/spec/ingress/${i}/ports/${j}`, entry, otherProtocol, near, known),
        };
        return;
      }
    }
  },
};

function patchOf(
  path: string,
  { protocol }: PortMatch,
  otherProtocol: string | undefined,
  near: string | undefined,
  known: ReadonlySet<string>,
): { patch?: PatchOperation[] } {
  if (otherProtocol !== undefined)
    return { patch: [{ op: 'add', path: `${path}/protocol`, value: otherProtocol }] };
  if (near === undefined || !known.has(`${near}/${protocol}`)) return {};
  return { patch: [{ op: 'replace', path: `${path}/port`, value: near }] };
}
