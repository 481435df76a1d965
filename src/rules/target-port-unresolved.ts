import { emptiedCallbacks } from '../evidence/service-names.ts';
import type { ServicePort } from '../model/objects.ts';
import type { PodClass } from '../model/snapshot.ts';
import { targetsOf } from '../simulate/backends.ts';
import { nearest } from './nearest.ts';
import { ROUTES } from './reads.ts';
import type { Rule } from './rule.ts';
import { countText, listText, neededText, serviceText, shortText, sortedTexts } from './text.ts';
import { deployment, service } from './worlds/manifests.ts';
import { SHOP, SHOP_DB } from './worlds/references.ts';

const MOST_FINDINGS = 5;
/** Ports looked up in one kind of pods after another. */
const MOST_LOOKS = 10_000;

const CLUSTER = deployment('shop/web', 'app: web', '{name: http-server, containerPort: 3000}');
const OTHER = deployment('shop/web-old', 'app: web, track: old', '{name: http, containerPort: 3000}');
const SERVICE = (name: string) => service('shop/web', 'app: web', `{port: 80, targetPort: ${name}}`);

export const targetPortUnresolved: Rule = {
  id: 'target-port-unresolved',
  title: 'Target port name that the pods do not have',
  kinds: ['Service'],
  operations: ['CREATE', 'UPDATE'],
  severity: 'high',
  action: 'warn',
  needs: 'model',
  reads: ROUTES,
  summary: 'A Service leads to a port by a name that its pods do not give to any port.',
  why: 'The name is looked up in each pod, together with its protocol. Pods without it are left out, and connections to the Service fail or reach fewer pods than meant.',
  fix: 'Use the name of a container port of the pods, with its protocol, or the number.',
  limits: [
    'Where some of the pods have the name and others do not, the severity is low: a rollout looks the same. It is said when the Service or its selector or port is new.',
    `Of very many such ports the first ${MOST_FINDINGS} are named.`,
    'A headless Service translates no ports, and Services without pods are reported by no-backends.',
    'Where the API server itself calls the port, breaks-references says that it loses its pods.',
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
      {
        title: 'A number needs no name',
        cluster: CLUSTER,
        operation: 'CREATE',
        manifest: SERVICE('8080'),
        findings: [],
      },
      {
        title: 'What some pods lack was so before',
        cluster: CLUSTER + OTHER + SERVICE('http-server'),
        operation: 'UPDATE',
        manifest: SERVICE('http-server').replace('port: 80', 'port: 8080'),
        findings: [],
      },
    ],
    bad: [
      {
        title: 'Only some of the pods have it',
        cluster: CLUSTER + OTHER,
        operation: 'CREATE',
        manifest: SERVICE('http-server'),
        findings: [
          {
            subject: 'Service shop/web',
            severity: 'low',
            message: 'port 80 leaves out shop/web-old: no TCP port named http-server there.',
          },
        ],
      },
      {
        title: 'The name is right and the protocol is not',
        cluster: CLUSTER + SERVICE('http-server'),
        operation: 'UPDATE',
        manifest: SERVICE('http-server').replace('{port: 80', '{protocol: UDP, port: 80'),
        findings: [
          {
            subject: 'Service shop/web',
            message: 'port 80 leads nowhere: none of its pods (1 workload) has a UDP port named http-server.',
          },
        ],
      },
      {
        title: 'It says who needs the port',
        cluster: SHOP + SHOP_DB,
        operation: 'UPDATE',
        manifest: SHOP_DB.replace('port: 5432', 'port: 5432, targetPort: sql'),
        findings: [
          {
            subject: 'Service shop/db',
            message:
              'port 5432 leads nowhere: none of its pods (1 workload) has a TCP port named sql. shop/web (env DB_URL) needs it.',
          },
        ],
      },
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
            patch: [{ op: 'replace', path: '/spec/ports/0/targetPort', value: 'http-server' }],
          },
        ],
      },
    ],
  },
  *check({ change, before, after, evidence, simulation }) {
    const service = change.after;
    if (service?.kind !== 'Service' || service.headless) return;
    if (service.ports.every(({ targetPort }) => typeof targetPort === 'number')) return;
    const old = change.before?.kind === 'Service' ? change.before : undefined;
    const backs = after.behind(service);
    const called =
      old === undefined ? [] : emptiedCallbacks(before, after, old, service).map((callback) => callback.port);
    const oldBacks = new Set(old === undefined ? [] : before.behind(old));
    const oldTargets = new Set(old?.ports.map(targetText));
    let found = 0;
    let looks = MOST_LOOKS;
    for (let i = 0; i < service.ports.length; i++) {
      const port = service.ports[i] as ServicePort;
      if (typeof port.targetPort === 'number') continue;
      looks -= backs.length;
      if (looks < 0) {
        simulation.budget.skip('whether the pods have some of the port names of the Service');
        return;
      }
      const leftOut = ({ namedPorts }: PodClass) => targetsOf(service, port, namedPorts).length === 0;
      const without = backs.filter(leftOut);
      if (without.length === 0) continue;
      const because = [`${serviceText(service)} port ${port.port}`];
      if (without.length < backs.length) {
        if (oldTargets.has(targetText(port)) && without.every((one) => oldBacks.has(one))) continue;
        if (++found > MOST_FINDINGS) return;
        yield {
          subject: serviceText(service),
          severity: 'low',
          message: `port ${port.port} leaves out ${listText(sortedTexts(without.map(shortText)))}: no ${port.protocol} port named ${port.targetPort} there.`,
          because,
        };
        continue;
      }
      if (called.includes(port.port)) continue;
      if (++found > MOST_FINDINGS) return;
      const names = backs.flatMap(({ namedPorts }) => namedPorts.map(({ name }) => name));
      const near = nearest(port.targetPort, new Set(names));
      const fits = backs.some(({ namedPorts }) =>
        namedPorts.some(({ name, protocol }) => name === near && protocol === port.protocol),
      );
      const workloads = new Set(backs.map(shortText));
      const needed = evidence.serviceLosses().filter((loss) => loss.port.port === port.port);
      yield {
        subject: serviceText(service),
        message: `port ${port.port} leads nowhere: none of its pods (${countText(workloads.size, 'workload')}) has a ${port.protocol} port named ${port.targetPort}${near === undefined || near === port.targetPort ? '.' : `; did you mean ${near}?`}${neededText(needed)}`,
        because,
        ...(near === undefined || !fits
          ? {}
          : { patch: [{ op: 'replace', path: `/spec/ports/${i}/targetPort`, value: near }] }),
      };
    }
  },
};

/** Where the port leads to, whatever its own number. */
function targetText({ targetPort, protocol }: ServicePort): string {
  return `${targetPort}/${protocol}`;
}
