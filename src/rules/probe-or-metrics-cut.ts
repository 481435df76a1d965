import type { ScrapeCut } from '../evidence/scrapes.ts';
import type { Judged } from '../model/change.ts';
import { workloadText } from '../model/objects.ts';
import { nowText, placeText, wirePeers } from './cuts.ts';
import { admit, type PatchOperation } from './patch.ts';
import { MONITORS, TIERS } from './reads.ts';
import type { Rule } from './rule.ts';
import { compareTexts, listText, policiesText, shortText, sortedTexts } from './text.ts';
import { deployment, policy, service } from './worlds/manifests.ts';

const PROMETHEUS = deployment('monitoring/prometheus', 'app.kubernetes.io/name: prometheus');
const WEB = deployment(
  'shop/web',
  'app: web',
  '{name: http, containerPort: 8080}, {name: metrics, containerPort: 9102}',
);
const ANNOTATED = WEB.replace(
  'metadata: {labels: {app: web}}',
  'metadata: {labels: {app: web}, annotations: {prometheus.io/scrape: "true", prometheus.io/port: "9102"}}',
);
const MONITOR = `${service('shop/web', 'app: web', '{name: http, port: 80, targetPort: http}, {name: metrics, port: 81, targetPort: metrics}').replace('namespace: shop}', 'namespace: shop, labels: {team: web}}')}---
apiVersion: monitoring.coreos.com/v1
kind: ServiceMonitor
metadata: {name: web, namespace: monitoring}
spec:
  selector: {matchLabels: {team: web}}
  namespaceSelector: {matchNames: [shop]}
  endpoints: [{port: metrics}]
`;
const HTTP_ONLY = policy(
  'shop/web',
  '  podSelector: {matchLabels: {app: web}}\n  ingress: [{ports: [{port: 8080}]}]\n',
);
const PATCH: readonly PatchOperation[] = [
  {
    op: 'add',
    path: '/spec/ingress/-',
    value: {
      from: [
        {
          namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'monitoring' } },
          podSelector: { matchLabels: { 'app.kubernetes.io/name': 'prometheus' } },
        },
      ],
      ports: [{ protocol: 'TCP', port: 9102 }],
    },
  },
];

export const probeOrMetricsCut: Rule = {
  id: 'probe-or-metrics-cut',
  title: 'Prometheus can no longer scrape',
  kinds: ['NetworkPolicy'],
  operations: ['CREATE', 'UPDATE', 'DELETE'],
  severity: 'medium',
  action: 'warn',
  needs: 'model',
  reads: [...MONITORS, ...TIERS],
  aspects: ['takesIngress'],
  summary: 'Pods that Prometheus is told to scrape no longer let it in.',
  why: 'Prometheus lives in a namespace of its own, and the port of the metrics is not the one that a policy is written for. What is missing then are the graphs and alerts that would tell of the next failure.',
  fix: 'Admit the pods of Prometheus, by the labels of their namespace, at the port of the metrics.',
  limits: [
    'What is scraped is read from the annotations prometheus.io/scrape and prometheus.io/port of pods and Services, and from ServiceMonitors and PodMonitors. Other scrape configurations are not seen.',
    'Prometheus is recognised by the label app.kubernetes.io/name or app: prometheus, prometheus-agent or vmagent. Without such pods nothing is said. While one of several can still scrape, nothing is said either: which of them a monitor is for is not read.',
    'Only the policies of the scraped pods are looked at, not egress policies of Prometheus.',
    'Probes of the kubelet are never cut: a node always reaches the pods on it.',
    'A verdict that is unknown is not reported.',
  ],
  examples: {
    good: [
      {
        title: 'Prometheus is let in',
        cluster: PROMETHEUS + ANNOTATED,
        operation: 'CREATE',
        manifest: policy(
          'shop/web',
          `  podSelector: {matchLabels: {app: web}}
  ingress:
  - ports: [{port: 8080}]
  - from: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: monitoring}}}]
    ports: [{port: metrics}]
`,
        ),
        findings: [],
      },
      {
        title: 'Nobody is told to scrape it',
        cluster: PROMETHEUS + WEB,
        operation: 'CREATE',
        manifest: HTTP_ONLY,
        findings: [],
      },
      {
        title: 'No Prometheus is known',
        cluster: ANNOTATED,
        operation: 'CREATE',
        manifest: HTTP_ONLY,
        findings: [],
      },
    ],
    bad: [
      {
        title: 'The policy thinks of the visitors only',
        cluster: PROMETHEUS + ANNOTATED,
        operation: 'CREATE',
        manifest: HTTP_ONLY,
        findings: [
          {
            subject: 'shop/web[Deployment]',
            message:
              'monitoring/prometheus can no longer scrape shop/web (TCP 9102; annotation prometheus.io/scrape); allowed now only from anyone on some ports.',
            patch: PATCH,
          },
        ],
      },
      {
        title: 'A ServiceMonitor of another namespace',
        cluster: PROMETHEUS + WEB + MONITOR,
        operation: 'CREATE',
        manifest: HTTP_ONLY,
        findings: [
          {
            subject: 'shop/web[Deployment]',
            message:
              'monitoring/prometheus can no longer scrape shop/web (TCP 9102; ServiceMonitor monitoring/web); allowed now only from anyone on some ports.',
            patch: PATCH,
          },
        ],
      },
      {
        title: 'Monitors that cannot be seen',
        cluster: PROMETHEUS + WEB,
        operation: 'CREATE',
        manifest: HTTP_ONLY,
        missing: ['ServiceMonitor.monitoring.coreos.com'],
        findings: [],
        unchecked: 'ServiceMonitor.monitoring.coreos.com could not be read: what they would show is left out',
      },
    ],
  },
  *check({ evidence, change }) {
    const cuts = evidence.scrapeCuts().toSorted((a, b) => compareTexts(targetText(a), targetText(b)));
    const [first] = cuts;
    if (first === undefined) return;
    const { podClass, policies, port } = first;
    const changed = change.after ?? change.before;
    const scrapers = sortedTexts(cuts.flatMap((cut) => cut.scrapers.map(shortText)));
    yield {
      subject: workloadText(podClass.workload),
      message: `${listText(scrapers)} can no longer scrape ${listText(cuts.map(targetText))}; ${nowText(policies, 'ingress')}.`,
      because: policiesText(policies),
      fix: `Add Prometheus to ${placeText(policies, 'ingress', changed)}, with TCP port ${port}.`,
      ...patchOf(cuts, changed),
    };
  },
};

function targetText({ podClass, port, source }: ScrapeCut): string {
  return `${shortText(podClass)} (TCP ${port}; ${source})`;
}

/** One rule more for Prometheus at the ports of the metrics; nothing when no label tells its pods. */
function patchOf(
  cuts: readonly ScrapeCut[],
  changed: Judged | undefined,
): { readonly patch?: readonly PatchOperation[] } {
  if (changed?.kind !== 'NetworkPolicy' || !cuts.every(({ policies }) => policies.includes(changed)))
    return {};
  const scrapers = new Set(cuts.flatMap((cut) => cut.scrapers));
  const peers = wirePeers(changed.namespace, [...scrapers]);
  if (peers === undefined) return {};
  const ports = [...new Set(cuts.map(({ port }) => port))].sort((a, b) => a - b);
  return {
    patch: admit(
      changed,
      'ingress',
      peers,
      ports.map((port) => ({ protocol: 'TCP', port })),
    ),
  };
}
