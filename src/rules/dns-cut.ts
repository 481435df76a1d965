import { admitsDns, admitsNodeLocal, type DnsTarget } from '../evidence/dns.ts';
import type { NetworkPolicy } from '../model/objects.ts';
import { workloadText } from '../model/objects.ts';
import type { View } from '../model/overlay.ts';
import { sameItems } from '../model/same.ts';
import { EVERYTHING } from '../model/selector.ts';
import type { PodClass } from '../model/snapshot.ts';
import type { Protocol } from '../netset/connections.ts';
import type { Verdict } from '../simulate/contract.ts';
import { verdictBetween } from '../simulate/reach.ts';
import { nowText } from './cuts.ts';
import { admit, type PatchOperation, peerWire, selectorWire, type Wire } from './patch.ts';
import { TIERS } from './reads.ts';
import type { Rule, RuleContext } from './rule.ts';
import { commandText, compareTexts, listText, policiesText, shortText, sortedTexts } from './text.ts';
import { deployment, policy, service } from './worlds/manifests.ts';

const WEB = deployment('shop/web', 'app: web');
const DNS = [
  deployment(
    'kube-system/coredns',
    'k8s-app: kube-dns',
    '{name: dns, containerPort: 53, protocol: UDP}, {name: dns-tcp, containerPort: 53}',
  ),
  service(
    'kube-system/kube-dns',
    'k8s-app: kube-dns',
    '{name: dns, port: 53, protocol: UDP, targetPort: dns}, {name: dns-tcp, port: 53, targetPort: dns-tcp}',
  ),
].join('');
const DATABASE_ONLY = policy(
  'shop/web',
  `  podSelector: {matchLabels: {app: web}}
  policyTypes: [Egress]
  egress:
  - to:
    - ipBlock: {cidr: 10.0.2.0/24}
    ports: [{protocol: TCP, port: 443}]
`,
);
const WITH_DNS = `${DATABASE_ONLY}  - to:
    - namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: kube-system}}
      podSelector: {matchLabels: {k8s-app: kube-dns}}
    ports: [{protocol: UDP, port: 53}, {protocol: TCP, port: 53}]
`;
const FIX =
  'Add an egress rule to the pods k8s-app=kube-dns in namespace kube-system, ports UDP 53 and TCP 53 (and to 169.254.20.10/32 where NodeLocal DNSCache runs).';
const PATCH: readonly PatchOperation[] = [
  {
    op: 'add',
    path: '/spec/egress/-',
    value: {
      to: [
        {
          namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'kube-system' } },
          podSelector: { matchLabels: { 'k8s-app': 'kube-dns' } },
        },
      ],
      ports: [
        { protocol: 'UDP', port: 53 },
        { protocol: 'TCP', port: 53 },
      ],
    },
  },
];
const CUT = {
  subject: 'shop/web[Deployment]',
  message:
    'shop/web can no longer resolve names: egress no longer reaches the cluster DNS on UDP 53; allowed now only to 10.0.2.0/24.',
  patch: PATCH,
};

export const dnsCut: Rule = {
  id: 'dns-cut',
  title: 'DNS is cut',
  kinds: ['NetworkPolicy'],
  operations: ['CREATE', 'UPDATE', 'DELETE'],
  severity: 'high',
  action: 'warn',
  needs: 'model',
  reads: TIERS,
  aspects: ['takesEgress'],
  summary: 'Egress isolation without DNS: the pods can no longer resolve any name.',
  why: 'Almost every connection starts with a name. A policy that lists the destinations and forgets DNS breaks all of them.',
  fix: FIX,
  limits: [
    'The DNS Services are those of the configuration (dns.services). When the model does not hold their pods, the policy alone is read, and what is said is a possibility (medium): port 53 to anybody counts as enough.',
    'Pods that use another resolver (dnsPolicy, a sidecar) are reported although they may not need the cluster DNS.',
    'UDP decides; TCP, needed for long answers, is not reported by itself.',
  ],
  examples: {
    good: [
      {
        title: 'DNS let out',
        cluster: WEB + DNS,
        operation: 'CREATE',
        manifest: WITH_DNS,
        findings: [],
      },
      {
        title: 'Port 53 let out to somebody, with a model that does not hold the DNS',
        cluster: WEB,
        operation: 'CREATE',
        manifest: DATABASE_ONLY.replace('TCP, port: 443', 'UDP, port: 53'),
        findings: [],
      },
      {
        title: 'DNS let out, with a model that does not hold the DNS',
        cluster: WEB,
        operation: 'CREATE',
        manifest: WITH_DNS,
        findings: [],
      },
    ],
    bad: [
      {
        title: 'A database and nothing else',
        cluster: WEB + DNS,
        operation: 'CREATE',
        manifest: DATABASE_ONLY,
        findings: [CUT],
      },
      {
        title: 'The same, with a model that does not hold the DNS',
        cluster: WEB,
        operation: 'CREATE',
        manifest: DATABASE_ONLY,
        findings: [
          {
            subject: 'shop/web[Deployment]',
            severity: 'medium',
            message:
              'shop/web may no longer resolve names: no cluster DNS is in the model, and egress allows no port 53; allowed now only to 10.0.2.0/24.',
            patch: PATCH,
          },
        ],
      },
    ],
  },
  *check(context) {
    const { simulation } = context;
    const cut: PodClass[] = [];
    let policies: readonly NetworkPolicy[] = [];
    let first: PodClass | undefined;
    /** Whether the changed policy selects them all: then a rule in it helps them all. */
    let everywhere = true;
    let last: { before: readonly NetworkPolicy[]; after: readonly NetworkPolicy[]; cut: boolean } | undefined;
    for (const subject of simulation.subjects) {
      if (!subject.directions.includes('egress') || subject.egress.after.length === 0) continue;
      const { podClass, egress } = subject;
      // Pods under the same policies fare alike: the DNS is the same for all.
      if (
        last === undefined ||
        !sameItems(last.before, egress.before) ||
        !sameItems(last.after, egress.after)
      ) {
        last = { ...egress, cut: isCut(context, podClass, egress.before, egress.after) };
      }
      if (!last.cut) continue;
      if (first === undefined || isBefore(podClass, first)) {
        first = podClass;
        policies = egress.after;
      }
      cut.push(podClass);
      everywhere &&= egress.after.some((policy) => policy === context.change.after);
    }
    if (first === undefined) return;
    const names = listText(sortedTexts(cut.map(shortText)));
    const now = nowText(policies, 'egress');
    const known = isDnsKnown(context);
    yield {
      subject: workloadText(first.workload),
      ...(known ? {} : { severity: 'medium' as const }),
      message: known
        ? `${names} can no longer resolve names: egress no longer reaches the cluster DNS on UDP 53; ${now}.`
        : `${names} may no longer resolve names: no cluster DNS is in the model, and egress allows no port 53; ${now}.`,
      because: policiesText(policies),
      ...(everywhere && context.fixes ? openDns(context) : {}),
      ...seeOf(context, first),
    };
  },
};

/** Where cluster DNS lives in most clusters, for a model that does not hold it. */
const USUAL: Wire = peerWire('', 'kube-system', { matchLabels: { 'k8s-app': 'kube-dns' } });

/** An egress rule to the pods behind the DNS Services, by UDP and TCP. */
function openDns({ evidence, change }: RuleContext): { readonly patch?: readonly PatchOperation[] } {
  const policy = change.after;
  if (policy?.kind !== 'NetworkPolicy') return {};
  const targets = evidence.dns();
  const services = new Set(targets.map(({ service }) => service));
  const peers = [...services].map(({ namespace, selector = EVERYTHING }) =>
    peerWire(policy.namespace, namespace, selectorWire(selector)),
  );
  const numbers = new Set(targets.filter(({ protocol }) => protocol === 'UDP').map(({ port }) => port));
  // No selector matches pods on the host network.
  if (targets.some(({ podClass }) => podClass.hostNetwork)) return {};
  if (numbers.size === 0) return { patch: admit(policy, 'egress', [USUAL], portsOf([53])) };
  return { patch: admit(policy, 'egress', peers, portsOf(numbers)) };
}

function portsOf(numbers: Iterable<number>): { protocol: Protocol; port: number }[] {
  return [...numbers].flatMap((port) => [
    { protocol: 'UDP', port } as const,
    { protocol: 'TCP', port } as const,
  ]);
}

function seeOf({ evidence, after }: RuleContext, { workload }: PodClass): { readonly see?: string } {
  const target = evidence.dns().find(({ protocol }) => protocol === 'UDP');
  const client = commandText(after, workload);
  if (target === undefined || client === undefined) return {};
  const { namespace, name } = target.service;
  return { see: `portent explain ${client} service:${namespace}/${name} 53/UDP` };
}

function isDnsKnown({ evidence }: RuleContext): boolean {
  return evidence.dns().some(({ protocol }) => protocol === 'UDP');
}

function isCut(
  { evidence, before, after, settings }: RuleContext,
  podClass: PodClass,
  old: readonly NetworkPolicy[],
  now: readonly NetworkPolicy[],
): boolean {
  if (admitsNodeLocal(now, settings.dns.nodeLocal)) return false;
  const targets = evidence.dns().filter(({ protocol }) => protocol === 'UDP');
  // Who answers DNS here is not known: only where nothing at all is open on its port is there something to say.
  if (targets.length === 0) return !admitsDns(now) && (old.length === 0 || admitsDns(old));
  return (
    targets.some((target) => verdictOn(before, podClass, target) === 'allowed') &&
    targets.every((target) => verdictOn(after, podClass, target) === 'denied')
  );
}

function verdictOn(view: View, podClass: PodClass, target: DnsTarget): Verdict {
  if (podClass === target.podClass) return 'allowed';
  return verdictBetween(
    view,
    { kind: 'class', podClass },
    { kind: 'class', podClass: target.podClass },
    target,
  );
}

function isBefore(a: PodClass, b: PodClass): boolean {
  return compareTexts(workloadText(a.workload), workloadText(b.workload)) < 0;
}
