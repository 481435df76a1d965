import { backClasses } from '../evidence/needs.ts';
import { targetsOf } from '../simulate/backends.ts';
import { nearest } from './nearest.ts';
import type { Rule } from './rule.ts';
import { countText, listText, serviceText, shortText, sortedTexts } from './text.ts';
import { deployment, service } from './worlds/manifests.ts';

const CLUSTER = deployment('shop/web', 'app: web', '{name: http-server, containerPort: 3000}');
const SERVICE = (name: string) => service('shop/web', 'app: web', `{port: 80, targetPort: ${name}}`);

export const targetPortUnresolved: Rule = {
  id: 'target-port-unresolved',
  title: 'Target port name that the pods do not have',
  kinds: ['Service'],
  operations: ['CREATE', 'UPDATE'],
  severity: 'high',
  action: 'warn',
  needs: 'model',
  summary: 'A Service leads to a port by a name that its pods do not give to any port.',
  why: 'The name is looked up in each pod, together with its protocol. Pods without it are left out, and connections to the Service fail or reach fewer pods than meant.',
  fix: 'Use the name of a container port of the pods, with its protocol, or the number.',
  limits: [
    'Where some of the pods have the name and others do not, the severity is low: a rollout looks the same.',
  ],
  examples: {
    good: [
      {
        title: 'The name exists',
        cluster: CLUSTER,
        operation: 'CREATE',
        manifest: SERVICE('http-server'),
        findings: [],
      },
    ],
    bad: [
      {
        title: 'A misspelt name',
        cluster: CLUSTER,
        operation: 'CREATE',
        manifest: SERVICE('http-serve'),
        findings: [
          {
            subject: 'Service shop/web',
            message:
              'port 80 leads nowhere: none of its pods (1 workload) has a TCP port named http-serve; did you mean http-server?',
          },
        ],
      },
    ],
  },
  *check({ change, after }) {
    const service = change.after;
    if (service?.kind !== 'Service' || service.headless) return;
    if (service.ports.every(({ targetPort }) => typeof targetPort === 'number')) return;
    const backs = backClasses(after, service);
    for (const port of service.ports) {
      if (typeof port.targetPort === 'number') continue;
      const without = backs.filter(({ namedPorts }) => targetsOf(service, port, namedPorts).length === 0);
      if (without.length === 0) continue;
      const because = [`${serviceText(service)} port ${port.port}`];
      if (without.length < backs.length) {
        yield {
          subject: serviceText(service),
          severity: 'low',
          message: `port ${port.port} leaves out ${listText(sortedTexts(without.map(shortText)))}: no ${port.protocol} port named ${port.targetPort} there.`,
          because,
        };
        continue;
      }
      const names = backs.flatMap(({ namedPorts }) => namedPorts.map(({ name }) => name));
      const near = nearest(port.targetPort, new Set(names));
      const workloads = new Set(backs.map(shortText));
      yield {
        subject: serviceText(service),
        message: `port ${port.port} leads nowhere: none of its pods (${countText(workloads.size, 'workload')}) has a ${port.protocol} port named ${port.targetPort}${near === undefined || near === port.targetPort ? '.' : `; did you mean ${near}?`}`,
        because,
      };
    }
  },
};
