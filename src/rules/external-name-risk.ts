import type { Service } from '../model/objects.ts';
import type { View } from '../model/overlay.ts';
import { type Address, cidrSet, hasAddress, parseAddress } from '../netset/addresses.ts';
import type { Rule, RuleContext, Statement } from './rule.ts';
import { serviceText } from './text.ts';

const MANIFEST = (name: string): string => `---
apiVersion: v1
kind: Service
metadata: {name: alias, namespace: shop}
spec: {type: ExternalName, externalName: ${name}}
`;

export const externalNameRisk: Rule = {
  id: 'external-name-risk',
  title: 'Alias that leads back inside',
  kinds: ['Service'],
  operations: ['CREATE', 'UPDATE'],
  severity: 'medium',
  action: 'warn',
  needs: 'object',
  summary:
    "An ExternalName leads to a cloud's metadata, to the client itself, to another namespace, or is an address.",
  why: "Whoever follows the alias connects with its own rights: an ingress controller sent to a metadata server, to its own loopback or into another namespace hands out what the author of the Service could not reach. An alias also leaves the Service's policies and selectors behind.",
  fix: 'Name the real host outside the cluster. For a Service of another namespace use a Gateway route with a ReferenceGrant, or let the client name it directly.',
  limits: [
    "Only the name is read: what a DNS server outside answers is not known, nor is what the namespace's own search domains add.",
    'A name inside the cluster is known by svc with nothing or cluster.local behind it, or by a Service of the model. An alias within one namespace is not reported.',
    'A name that the Service had before an update is not reported again.',
  ],
  examples: {
    good: [
      {
        title: 'A database outside the cluster',
        cluster: '',
        operation: 'CREATE',
        manifest: MANIFEST('orders.abc123.eu-central-1.rds.example.com'),
        findings: [],
      },
      {
        title: 'A second name for a Service of the same namespace',
        cluster: '',
        operation: 'CREATE',
        manifest: MANIFEST('db.shop.svc.cluster.local'),
        findings: [],
      },
      {
        title: 'The name was there before',
        cluster: MANIFEST('db.payments.svc.cluster.local'),
        operation: 'UPDATE',
        manifest: MANIFEST('DB.payments.svc.cluster.local.'),
        findings: [],
      },
    ],
    bad: [
      {
        title: 'The metadata server of a cloud',
        cluster: '',
        operation: 'CREATE',
        manifest: MANIFEST('metadata.google.internal'),
        findings: [
          {
            subject: 'Service shop/alias',
            severity: 'high',
            message:
              'externalName metadata.google.internal is where a cloud hands out credentials of its machines.',
          },
        ],
      },
      {
        title: 'Into another namespace',
        cluster: '',
        operation: 'CREATE',
        manifest: MANIFEST('db.payments.svc.cluster.local'),
        findings: [
          {
            subject: 'Service shop/alias',
            message:
              'externalName db.payments.svc.cluster.local leads into namespace payments: an ingress controller that follows it goes there with its own rights.',
          },
        ],
      },
      {
        title: 'The client itself',
        cluster: '',
        operation: 'CREATE',
        manifest: MANIFEST('localhost'),
        findings: [
          {
            subject: 'Service shop/alias',
            message: 'externalName localhost is the loopback of whoever follows it.',
          },
        ],
      },
      {
        title: 'A loopback address behind a public wildcard name',
        cluster: MANIFEST('db.example.com'),
        operation: 'UPDATE',
        manifest: MANIFEST('admin.127-0-0-1.nip.io'),
        findings: [
          {
            subject: 'Service shop/alias',
            message: 'externalName admin.127-0-0-1.nip.io is the loopback of whoever follows it.',
          },
        ],
      },
      {
        title: 'An address instead of a name',
        cluster: '',
        operation: 'CREATE',
        manifest: MANIFEST('192.0.2.7'),
        findings: [
          {
            subject: 'Service shop/alias',
            severity: 'low',
            message: 'externalName 192.0.2.7 is an address: DNS answers no lookup of it, so clients fail.',
          },
        ],
      },
    ],
  },
  *check(context) {
    const service = context.change.after;
    if (service?.kind !== 'Service' || service.type !== 'ExternalName') return;
    const name = plain(service.externalName);
    const old = context.change.before;
    if (old?.kind === 'Service' && plain(old.externalName) === name) return;
    const risk = riskOf(context, service, name);
    if (risk === undefined) return;
    yield {
      ...risk,
      subject: serviceText(service),
      message: `externalName ${service.externalName} ${risk.message}`,
      because: [`${serviceText(service)} spec.externalName`],
    };
  },
};

type Risk = Pick<Statement, 'message' | 'severity' | 'fix'>;

function riskOf({ after }: RuleContext, service: Service, name: string): Risk | undefined {
  const address = parseAddress(name) ?? addressIn(name);
  if (METADATA_NAMES.has(name) || (address !== undefined && isMetadata(address))) {
    return {
      severity: 'high',
      message: 'is where a cloud hands out credentials of its machines.',
      fix: 'Nothing in the cluster needs an alias for it. Remove the Service, and find out who wrote it.',
    };
  }
  if (isLocal(name) || (address !== undefined && hasAddress(LOOPBACK, address))) {
    return { message: 'is the loopback of whoever follows it.' };
  }
  const namespace = namespaceIn(after, name);
  if (namespace !== undefined && namespace !== service.namespace) {
    return {
      message: `leads into namespace ${namespace}: an ingress controller that follows it goes there with its own rights.`,
    };
  }
  if (parseAddress(name) === undefined) return undefined;
  return {
    severity: 'low',
    message: 'is an address: DNS answers no lookup of it, so clients fail.',
    fix: 'Use a Service without a selector and an EndpointSlice that holds the address.',
  };
}

/** Names by which clouds make their metadata servers known. */
const METADATA_NAMES: ReadonlySet<string> = new Set([
  'metadata.google.internal',
  'metadata.goog',
  'metadata',
  'instance-data',
  'instance-data.ec2.internal',
  'metadata.tencentyun.com',
  'metadata.platformequinix.com',
]);
/** 168.63.129.16 is Azure's, 100.100.100.200 Alibaba's, 192.0.0.192 Oracle's first; the others use link-local ones. */
const METADATA = cidrSet(['169.254.0.0/16', '168.63.129.16/32', '100.100.100.200/32', '192.0.0.192/32']);
const LOOPBACK = cidrSet(['127.0.0.0/8', '0.0.0.0/32']);
/** Public domains that answer every lookup with the address written in the name. */
const WILDCARDS: readonly string[] = Object.freeze(['.nip.io', '.sslip.io', '.xip.io']);
/** Public domains that answer every lookup with 127.0.0.1. */
const LOCAL: readonly string[] = Object.freeze([
  'localhost',
  'localhost.localdomain',
  'localtest.me',
  'lvh.me',
]);

function isMetadata(address: Address): boolean {
  return hasAddress(METADATA, address);
}

function isLocal(name: string): boolean {
  return LOCAL.some((local) => name === local || name.endsWith(`.${local}`));
}

function addressIn(name: string): Address | undefined {
  const domain = WILDCARDS.find((one) => name.endsWith(one));
  if (domain === undefined) return undefined;
  const written = /(?:^|[.-])(\d{1,3})[.-](\d{1,3})[.-](\d{1,3})[.-](\d{1,3})$/.exec(
    name.slice(0, -domain.length),
  );
  return written === null ? undefined : parseAddress(written.slice(1).join('.'));
}

/** The namespace of `service.namespace.svc`, whatever stands before it. */
function namespaceIn(view: View, name: string): string | undefined {
  const labels = name.split('.');
  const at = labels.lastIndexOf('svc');
  if (at < 2) return undefined;
  const namespace = labels[at - 1] as string;
  const domain = labels.slice(at + 1).join('.');
  const known = domain === '' || domain === 'cluster.local';
  // A company may have hosts below svc.example.com; a cluster domain of that name shows itself by its Services.
  return known || view.service(namespace, labels[at - 2] as string) !== undefined ? namespace : undefined;
}

/** Lower case, without the dot of the root: as DNS compares names. */
function plain(name: string): string {
  return name.toLowerCase().replace(/\.$/, '');
}
