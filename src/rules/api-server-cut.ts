import { type ApiEndpoint, apiEndpoints } from '../evidence/api-server.ts';
import { type ApiCut, endpointTexts } from '../evidence/api-use.ts';
import type { Judged } from '../model/change.ts';
import { workloadText } from '../model/objects.ts';
import { addressText } from '../netset/addresses.ts';
import { nowText, placeText } from './cuts.ts';
import { admit, type PatchOperation, type Wire } from './patch.ts';
import { CONFIG_MAPS, TIERS } from './reads.ts';
import { type Rule, SEVERITIES, type Severity } from './rule.ts';
import { compareTexts, listText, policiesText, shortText, sortedTexts } from './text.ts';
import { apiServer, deployment, policy } from './worlds/manifests.ts';

const API = apiServer('10.0.0.1');
const OPERATOR = deployment('ci/operator', 'app: ci', '', '{name: KUBERNETES_SERVICE_HOST, value: 10.0.0.1}');
const WITH_ACCOUNT = (name: string): string =>
  deployment(`ci/${name}`, 'app: ci').replace(
    'spec: {containers',
    'spec: {serviceAccountName: ci, containers',
  );
const TO = (peer: string, port: number): string =>
  policy(
    'ci/out',
    `  podSelector: {}\n  policyTypes: [Egress]\n  egress:\n  - to: [${peer}]\n    ports: [{port: ${port}}]\n`,
  );
const TO_DNS = TO('{namespaceSelector: {}}', 53);
const PATCH: readonly PatchOperation[] = [
  {
    op: 'add',
    path: '/spec/egress/-',
    value: { to: [{ ipBlock: { cidr: '10.0.0.1/32' } }], ports: [{ protocol: 'TCP', port: 6443 }] },
  },
];

export const apiServerCut: Rule = {
  id: 'api-server-cut',
  title: 'Pods are cut from the API server',
  kinds: ['NetworkPolicy'],
  operations: ['CREATE', 'UPDATE', 'DELETE'],
  severity: 'high',
  action: 'warn',
  needs: 'model',
  reads: [...TIERS, ...CONFIG_MAPS],
  aspects: ['takesEgress'],
  summary: 'Egress isolation shuts out the API server, which the pods call by their service account.',
  why: 'Operators, controllers and jobs watch the API server. It is no pod, so no selector lets it through, and its Service address 10.x.x.1:443 is translated before policies look: what counts are the addresses and the port behind default/kubernetes.',
  fix: 'Add an egress rule with ipBlocks for the addresses behind default/kubernetes (kubectl get endpointslices -n default), on their port, often 6443.',
  limits: [
    'That a pod calls the API server is read from its own spec: KUBERNETES_SERVICE_HOST or kubernetes.default in env and arguments, leader election, a projected token for the API server (high); a mounted token of an account other than default, where the name of the workload or account is one of an operator, controller and the like (medium). The mounted token of the account default shows nothing, nor does an account alone.',
    'When the model does not hold the addresses behind default/kubernetes, it is said only where egress allows nothing but pods, one degree lower.',
    'Where the Service address is allowed and those behind it are not, most network plug-ins refuse the connection, some do not: one degree lower.',
    'Calls through a proxy, or by a kubeconfig, are not seen.',
  ],
  examples: {
    good: [
      {
        title: 'The address behind default/kubernetes is allowed',
        cluster: API + OPERATOR,
        operation: 'CREATE',
        manifest: TO('{ipBlock: {cidr: 10.0.0.1/32}}', 6443),
        findings: [],
      },
      {
        title: 'A web server with an account of its own',
        cluster: API + WITH_ACCOUNT('web'),
        operation: 'CREATE',
        manifest: TO_DNS,
        findings: [],
      },
      {
        title: 'Nobody knows where the API server is, and addresses are allowed',
        cluster: OPERATOR,
        operation: 'CREATE',
        manifest: TO('{ipBlock: {cidr: 10.0.0.0/8}}', 443),
        findings: [],
      },
    ],
    bad: [
      {
        title: 'Only DNS is allowed',
        cluster: API + OPERATOR,
        operation: 'CREATE',
        manifest: TO_DNS,
        findings: [
          {
            subject: 'ci/operator[Deployment]',
            message:
              'ci/operator (env KUBERNETES_SERVICE_HOST) can no longer reach the API server at 10.0.0.1:6443; allowed now only to all pods of the cluster.',
            patch: PATCH,
          },
        ],
      },
      {
        title: 'An account, and a name that tells',
        cluster: API + WITH_ACCOUNT('ci-controller'),
        operation: 'CREATE',
        manifest: TO_DNS,
        findings: [
          {
            subject: 'ci/ci-controller[Deployment]',
            severity: 'medium',
            message:
              'ci/ci-controller (service account ci) can no longer reach the API server at 10.0.0.1:6443; allowed now only to all pods of the cluster.',
            patch: PATCH,
          },
        ],
      },
      {
        title: 'The address of the Service instead of those behind it',
        cluster: API + OPERATOR,
        operation: 'CREATE',
        manifest: TO('{ipBlock: {cidr: 10.96.0.1/32}}', 443),
        findings: [
          {
            subject: 'ci/operator[Deployment]',
            severity: 'medium',
            message:
              'ci/operator (env KUBERNETES_SERVICE_HOST) can no longer reach the API server at 10.0.0.1:6443: the address of Service default/kubernetes is allowed, and is translated before most network plug-ins look; allowed now only to 10.96.0.1/32.',
            patch: PATCH,
          },
        ],
      },
      {
        title: 'Nobody knows where the API server is, and only pods are allowed',
        cluster: OPERATOR,
        operation: 'CREATE',
        manifest: TO_DNS,
        findings: [
          {
            subject: 'ci/operator[Deployment]',
            severity: 'medium',
            message:
              'ci/operator (env KUBERNETES_SERVICE_HOST) can probably no longer reach the API server: its addresses are not in the model, but egress allows nothing but pods; allowed now only to all pods of the cluster.',
          },
        ],
      },
    ],
  },
  *check({ evidence, change, snapshot }) {
    const cuts = evidence.apiCuts();
    if (cuts.length === 0) return;
    const [first] = cuts.toSorted(
      (a, b) =>
        SEVERITIES.indexOf(gravity(a)) - SEVERITIES.indexOf(gravity(b)) ||
        compareTexts(workloadText(a.podClass.workload), workloadText(b.podClass.workload)),
    );
    if (first === undefined) return;
    const { policies, how, podClass } = first;
    const endpoints = apiEndpoints(snapshot);
    const names = sortedTexts(cuts.map(({ podClass: one, use }) => `${shortText(one)} (${use.source})`));
    const changed = change.after ?? change.before;
    yield {
      subject: workloadText(podClass.workload),
      severity: gravity(first),
      message: `${listText(names)} ${saidOf(how, endpoints)}; ${nowText(policies, 'egress')}.`,
      because: policiesText(policies),
      fix: `Add ${endpoints.length === 0 ? 'the addresses behind default/kubernetes' : listText(endpointTexts(endpoints))} to ${placeText(policies, 'egress', changed)}, by ipBlock.`,
      ...patchOf(changed, first, endpoints),
    };
  },
};

/** What is not certain weighs a degree less. */
function gravity({ use, how }: ApiCut): Severity {
  if (how === 'certain') return use.grade === 'declared' ? 'high' : 'medium';
  return use.grade === 'declared' ? 'medium' : 'low';
}

function saidOf(how: ApiCut['how'], endpoints: readonly ApiEndpoint[]): string {
  if (how === 'by-kind') {
    return 'can probably no longer reach the API server: its addresses are not in the model, but egress allows nothing but pods';
  }
  const where = `can no longer reach the API server at ${listText(endpointTexts(endpoints))}`;
  return how === 'certain'
    ? where
    : `${where}: the address of Service default/kubernetes is allowed, and is translated before most network plug-ins look`;
}

const MOST_BLOCKS = 8;

/** The addresses as blocks, on the one port they all listen on. */
function patchOf(
  changed: Judged | undefined,
  { policies }: ApiCut,
  endpoints: readonly ApiEndpoint[],
): { readonly patch?: readonly PatchOperation[] } {
  if (changed?.kind !== 'NetworkPolicy' || !policies.includes(changed)) return {};
  const ports = new Map(endpoints.flatMap((one) => one.ports.map((port) => [port.port, port] as const)));
  const [port] = ports.values();
  if (port === undefined || ports.size !== 1 || endpoints.length > MOST_BLOCKS) return {};
  const blocks = sortedTexts(
    endpoints.map(({ address }) => `${addressText(address)}/${typeof address === 'number' ? 32 : 128}`),
  ).map((cidr): Wire => ({ ipBlock: { cidr } }));
  return { patch: admit(changed, 'egress', blocks, [port]) };
}
