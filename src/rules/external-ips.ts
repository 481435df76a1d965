import type { Rule } from './rule.ts';
import { listText, serviceText } from './text.ts';
import { service } from './worlds/manifests.ts';

const WITH = (addresses: string): string =>
  service('shop/web', 'app: web', '{port: 80}', `  externalIPs: [${addresses}]\n`);

export const externalIps: Rule = {
  id: 'external-ips',
  title: 'Service with external IPs',
  kinds: ['Service'],
  operations: ['CREATE', 'UPDATE'],
  severity: 'high',
  action: 'warn',
  needs: 'object',
  summary:
    "A Service takes externalIPs: traffic from the cluster's nodes to these addresses goes to its pods.",
  why: 'Nothing checks that the addresses are yours to give. Whoever may create a Service can take over connections of others to any address (CVE-2020-8554).',
  fix: 'Use a Service of type LoadBalancer. Where externalIPs are needed, allow a list of them with the admission plug-in DenyServiceExternalIPs and exceptions, and exempt this Service here.',
  limits: ['Addresses that the Service had before an update are not reported again.'],
  examples: {
    good: [
      {
        title: 'No external IPs',
        cluster: '',
        operation: 'CREATE',
        manifest: service('shop/web', 'app: web', '{port: 80}'),
        findings: [],
      },
      {
        title: 'They were there before',
        cluster: WITH('203.0.113.9'),
        operation: 'UPDATE',
        manifest: WITH('203.0.113.9').replace('port: 80', 'port: 81'),
        findings: [],
      },
    ],
    bad: [
      {
        title: "Somebody else's address",
        cluster: '',
        operation: 'CREATE',
        manifest: WITH('203.0.113.9'),
        findings: [
          {
            subject: 'Service shop/web',
            message: 'takes the connections of this cluster to 203.0.113.9.',
            patch: [{ op: 'remove', path: '/spec/externalIPs' }],
          },
        ],
      },
      {
        title: 'More addresses than before',
        cluster: WITH('203.0.113.9'),
        operation: 'UPDATE',
        manifest: WITH('203.0.113.9, 8.8.8.8, 1.1.1.1'),
        findings: [
          {
            subject: 'Service shop/web',
            message: 'takes the connections of this cluster to 8.8.8.8 and 1.1.1.1.',
            patch: [{ op: 'replace', path: '/spec/externalIPs', value: ['203.0.113.9'] }],
          },
        ],
      },
    ],
  },
  *check({ change }) {
    const service = change.after;
    if (service?.kind !== 'Service') return;
    const old = new Set(change.before?.kind === 'Service' ? change.before.externalIPs : []);
    const added = service.externalIPs.filter((address) => !old.has(address));
    if (added.length === 0) return;
    const kept = service.externalIPs.filter((address) => old.has(address));
    yield {
      subject: serviceText(service),
      message: `takes the connections of this cluster to ${listText(added)}.`,
      because: [`${serviceText(service)} spec.externalIPs`],
      patch: [
        kept.length === 0
          ? { op: 'remove', path: '/spec/externalIPs' }
          : { op: 'replace', path: '/spec/externalIPs', value: kept },
      ],
    };
  },
};
