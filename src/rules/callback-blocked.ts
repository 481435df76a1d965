import type { CallbackCut, Reached } from '../evidence/callbacks.ts';
import { nowText } from './cuts.ts';
import { CALLBACKS, TIERS } from './reads.ts';
import type { Action, Rule, Severity } from './rule.ts';
import { listText, policiesText, serviceText, sortedTexts } from './text.ts';
import { node, pod, policy, service } from './worlds/manifests.ts';
import { WEBHOOK, WEBHOOK_SERVICE } from './worlds/references.ts';

const NODES =
  node('control', '10.0.0.1', 'node-role.kubernetes.io/control-plane: ""') + node('node-1', '10.0.0.2');
const GUARD = pod('guard/webhook', 'app: guard', '10.1.0.5') + WEBHOOK_SERVICE;
const FROM = (peer: string): string =>
  policy('guard/webhook', `  podSelector: {matchLabels: {app: guard}}\n  ingress: [${peer}]\n`);
const PODS_ONLY = FROM('{from: [{namespaceSelector: {}}]}');
const ONLY_9443 = FROM('{ports: [{port: 9443}]}');
const NEEDS = 'ValidatingWebhookConfiguration hooks/check.guard.example.com needs it';

export const callbackBlocked: Rule = {
  id: 'callback-blocked',
  title: 'The API server is cut from what it calls',
  kinds: ['NetworkPolicy', 'Service'],
  operations: ['CREATE', 'UPDATE', 'DELETE'],
  severity: 'critical',
  action: 'warn',
  needs: 'model',
  reads: [...CALLBACKS, ...TIERS],
  aspects: ['takesIngress'],
  summary:
    'A webhook, an aggregated API or a conversion webhook can no longer be reached by the API server. Refused when that is certain and the API server cannot do without it.',
  why: 'The API server is no pod: no selector matches it, not even namespaceSelector: {}. Without a required webhook it refuses whatever the webhook should have seen, all over the cluster and often the repair too.',
  fix: "Add an ingress rule for the webhook's port without from (the webhook checks its caller by TLS), or with ipBlocks for the addresses of the control plane.",
  limits: [
    'It refuses (action deny in the profile standard) only what is certain: failurePolicy Fail, an APIService or a conversion webhook, all of whose pods are isolated and let in nobody but pods on the port, with nodes in the model and no API server on a node of such a pod. Everything less certain is a warning: an optional webhook, or a network plug-in that enforces nothing (medium), some of several API servers cut or only addresses let in that are not its own (high), addresses let in while its own are not known (low).',
    'The API server is looked for on the nodes of the control plane, by their label, and at the addresses that default/kubernetes leads to. Where it comes through a tunnel (konnectivity-agent and others in kube-system), the pods of the tunnel count for it.',
    'An overlay network may give the API server another source address than its node has: blocks that let in such an address are not recognised.',
    'While one workload behind the Service can be reached, nothing is said of the others.',
    'Webhooks by URL are not seen. Of a Service that is deleted, empty or has lost the port, breaks-references speaks.',
  ],
  examples: {
    good: [
      {
        title: "Everybody on the webhook's port",
        cluster: NODES + GUARD + WEBHOOK('Fail'),
        operation: 'CREATE',
        manifest: ONLY_9443,
        findings: [],
      },
      {
        title: 'The addresses of the control plane',
        cluster: NODES + GUARD + WEBHOOK('Fail'),
        operation: 'CREATE',
        manifest: FROM('{from: [{ipBlock: {cidr: 10.0.0.1/32}}]}'),
        findings: [],
      },
      {
        title: 'The API server runs on the node of the pod: a node always reaches its own pods',
        cluster:
          node('node-1', '10.0.0.2', 'node-role.kubernetes.io/control-plane: ""') + GUARD + WEBHOOK('Fail'),
        operation: 'CREATE',
        manifest: PODS_ONLY,
        findings: [],
      },
      {
        title: 'The API server comes through a tunnel whose pods are let in',
        cluster:
          NODES +
          GUARD +
          WEBHOOK('Fail') +
          pod('kube-system/agent', 'k8s-app: konnectivity-agent', '10.1.0.9'),
        operation: 'CREATE',
        manifest: PODS_ONLY,
        findings: [],
      },
    ],
    bad: [
      {
        title: 'Every pod of the cluster is let in, and the API server is none',
        cluster: NODES + GUARD + WEBHOOK('Fail'),
        operation: 'CREATE',
        manifest: PODS_ONLY,
        findings: [
          {
            subject: 'Service guard/webhook',
            action: 'deny',
            message: `the API server can no longer call it (TCP 9443), and ${NEEDS}: requests it must see will fail; allowed now only from all pods of the cluster.`,
          },
        ],
      },
      {
        title: 'A webhook that may fail',
        cluster: NODES + GUARD + WEBHOOK('Ignore'),
        operation: 'CREATE',
        manifest: PODS_ONLY,
        findings: [
          {
            subject: 'Service guard/webhook',
            severity: 'medium',
            message: `the API server can no longer call it (TCP 9443), and ${NEEDS}; allowed now only from all pods of the cluster.`,
          },
        ],
      },
      {
        title: 'A network plug-in that enforces nothing',
        cluster: NODES + GUARD + WEBHOOK('Fail'),
        operation: 'CREATE',
        manifest: PODS_ONLY,
        enforces: 'no',
        findings: [
          {
            subject: 'Service guard/webhook',
            severity: 'medium',
            message: `the API server can no longer call it (TCP 9443), and ${NEEDS}; allowed now only from all pods of the cluster.`,
          },
        ],
      },
      {
        title: 'One of two API servers',
        cluster: `${NODES}${GUARD}${WEBHOOK('Fail')}${node('node-1', '10.0.0.2', 'node-role.kubernetes.io/control-plane: ""')}`,
        operation: 'CREATE',
        manifest: PODS_ONLY,
        findings: [
          {
            subject: 'Service guard/webhook',
            severity: 'high',
            message: `some of the API servers can no longer call it (TCP 9443), and ${NEEDS}; allowed now only from all pods of the cluster.`,
          },
        ],
      },
      {
        title: 'Addresses that are not those of the control plane',
        cluster: NODES + GUARD + WEBHOOK('Fail'),
        operation: 'CREATE',
        manifest: FROM('{from: [{ipBlock: {cidr: 10.9.0.0/16}}]}'),
        findings: [
          {
            subject: 'Service guard/webhook',
            severity: 'high',
            message: `the API server can probably no longer call it (TCP 9443), and ${NEEDS}; allowed now only from 10.9.0.0/16.`,
          },
        ],
      },
      {
        title: 'Nobody knows where the API server is',
        cluster: GUARD + WEBHOOK('Fail'),
        operation: 'CREATE',
        manifest: FROM('{from: [{ipBlock: {cidr: 10.9.0.0/16}}]}'),
        findings: [
          {
            subject: 'Service guard/webhook',
            severity: 'low',
            message: `whether the API server can still call it (TCP 9443) is not known, for its addresses are not, and ${NEEDS}; allowed now only from 10.9.0.0/16.`,
          },
        ],
      },
      {
        title: 'The Service moves to a target port that the policy does not admit',
        cluster: NODES + GUARD + WEBHOOK('Fail') + ONLY_9443,
        operation: 'UPDATE',
        manifest: service('guard/webhook', 'app: guard', '{port: 443, targetPort: 8443}'),
        findings: [
          {
            subject: 'Service guard/webhook',
            action: 'deny',
            message: `the API server can no longer call it (TCP 8443), and ${NEEDS}: requests it must see will fail; allowed now only from anyone on some ports.`,
          },
        ],
      },
    ],
  },
  *check({ evidence, snapshot }) {
    const enforced = snapshot.cni.enforcesIngress !== 'no';
    for (const cut of evidence.callbackCuts()) {
      const { service: of, port, targets, callbacks, policies } = cut;
      const names = sortedTexts(callbacks.map(({ kind, name }) => `${kind} ${name}`));
      const { severity, action } = gravity(cut, enforced);
      const fails = action === 'deny' ? ': requests it must see will fail' : '';
      yield {
        subject: serviceText(of),
        severity,
        ...(action === undefined ? {} : { action }),
        message: `${saidOf(cut.after, `(${port.protocol} ${targets.join(', ')})`)}, and ${listText(names)} ${names.length === 1 ? 'needs' : 'need'} it${fails}; ${nowText(policies, 'ingress')}.`,
        because: policiesText(policies),
        fix: `Add an ingress rule for ${port.protocol} port ${targets.join(', ')} without from (the webhook checks its caller by TLS), or with ipBlocks for the addresses of the control plane.`,
      };
    }
  },
};

function saidOf(reached: Reached, ports: string): string {
  switch (reached) {
    case 'no':
      return `the API server can no longer call it ${ports}`;
    case 'partly':
      return `some of the API servers can no longer call it ${ports}`;
    case 'unknown':
      return `whether the API server can still call it ${ports} is not known, for its addresses are not`;
    default:
      return `the API server can probably no longer call it ${ports}`;
  }
}

/** Only an outage that is certain is refused. */
function gravity(
  { before, after, callbacks }: CallbackCut,
  enforced: boolean,
): { severity: Severity; action?: Action } {
  const required = callbacks.some((callback) => callback.required);
  if (after === 'unknown') return { severity: 'low' };
  if (after !== 'no') return { severity: required ? 'high' : 'low' };
  // Where policies change nothing, it is an outage only after a change of the network plug-in.
  if (!required || !enforced) return { severity: 'medium' };
  return before === 'yes' ? { severity: 'critical', action: 'deny' } : { severity: 'critical' };
}
