import type { ServicePort } from '../model/objects.ts';
import type { Rule } from './rule.ts';
import { listText, serviceText } from './text.ts';

const SERVICE = `apiVersion: v1
kind: Service
metadata: {name: web, namespace: default}
spec:
  type: NodePort
  selector: {app: web}
  ports:
  - {port: 80, targetPort: 8080, nodePort: NODE_PORT}
`;

export const nodePortRange: Rule = {
  id: 'node-port-range',
  title: 'Node port outside the allowed range',
  kinds: ['Service'],
  operations: ['CREATE', 'UPDATE'],
  severity: 'high',
  action: 'deny',
  needs: 'object',
  summary: 'A Service asks for a nodePort outside the range the organisation allows.',
  why: 'A node port is open on every node. Outside the agreed range it can collide with a process on a node, and firewalls are not prepared for it.',
  fix: 'Set nodePort to one in the range. Where it was left out, the API server allocates from its own --service-node-port-range: narrow that, or set nodePort. The range of Kubernetes is 30000–32767 (some published notes say 3000; that is a slip of the pen).',
  limits: [
    "The API server checks its own --service-node-port-range first. In a cluster the rule matters where that range is wider than the one configured here; offline it stands in for the server's check.",
    'On a live server a nodePort that was left out has been chosen by the API server before the rule sees the Service: it cannot tell that from one that was asked for.',
    'Node ports that the object already had before an update are not reported again.',
  ],
  examples: {
    good: [
      {
        title: 'Inside the range',
        cluster: '',
        operation: 'CREATE',
        manifest: SERVICE.replace('NODE_PORT', '30007'),
        findings: [],
      },
      {
        title: 'The ends of the range are in it, and a port left out is not asked for',
        cluster: '',
        operation: 'CREATE',
        manifest: SERVICE.replace(
          '- {port: 80, targetPort: 8080, nodePort: NODE_PORT}',
          '- {name: a, port: 80, nodePort: 30000}\n  - {name: b, port: 81, nodePort: 32767}\n  - {name: c, port: 82}',
        ),
        findings: [],
      },
      {
        title: 'The Service had it before the range was agreed',
        cluster: SERVICE.replace('NODE_PORT', '3000'),
        operation: 'UPDATE',
        manifest: SERVICE.replace('NODE_PORT', '3000').replace('port: 80', 'port: 81'),
        findings: [],
      },
    ],
    bad: [
      {
        title: '3000 for 30000',
        cluster: '',
        operation: 'CREATE',
        manifest: SERVICE.replace('NODE_PORT', '3000'),
        findings: [
          {
            subject: 'Service default/web',
            message: 'nodePort 3000 is outside the allowed range 30000-32767.',
            patch: [{ op: 'remove', path: '/spec/ports/0/nodePort' }],
          },
        ],
      },
      {
        title: 'One port for TCP and UDP',
        cluster: '',
        operation: 'CREATE',
        manifest: SERVICE.replace(
          '{port: 80, targetPort: 8080, nodePort: NODE_PORT}',
          '{name: tcp, port: 443, nodePort: 3000}\n  - {name: udp, port: 443, protocol: UDP, nodePort: 3000}',
        ),
        findings: [
          {
            subject: 'Service default/web',
            message: 'nodePort 3000 is outside the allowed range 30000-32767.',
            patch: [
              { op: 'remove', path: '/spec/ports/0/nodePort' },
              { op: 'remove', path: '/spec/ports/1/nodePort' },
            ],
          },
        ],
      },
      {
        title: 'One above the range',
        cluster: SERVICE.replace('NODE_PORT', '30007'),
        operation: 'UPDATE',
        manifest: SERVICE.replace('NODE_PORT', '32768'),
        findings: [
          {
            subject: 'Service default/web',
            message: 'nodePort 32768 is outside the allowed range 30000-32767.',
            patch: [{ op: 'remove', path: '/spec/ports/0/nodePort' }],
          },
        ],
      },
    ],
  },
  *check({ change, settings }) {
    const service = change.after;
    if (service?.kind !== 'Service') return;
    const { from, to } = settings.nodePortRange;
    const old = new Set(
      change.before?.kind === 'Service' ? change.before.ports.map(({ nodePort }) => nodePort) : [],
    );
    const places = [...service.ports.keys()].filter((i) => {
      const { nodePort } = service.ports[i] as ServicePort;
      return nodePort !== 0 && (nodePort < from || nodePort > to) && !old.has(nodePort);
    });
    if (places.length === 0) return;
    // One number may serve TCP and UDP.
    const outside = [...new Set(places.map((i) => String(service.ports[i]?.nodePort)))];
    yield {
      subject: serviceText(service),
      message: `nodePort ${listText(outside)} ${outside.length === 1 ? 'is' : 'are'} outside the allowed range ${from}-${to}.`,
      because: [`the configured range ${from}-${to}`],
      // Left out, it is chosen by the API server.
      patch: places.map((i) => ({ op: 'remove', path: `/spec/ports/${i}/nodePort` })),
    };
  },
};
