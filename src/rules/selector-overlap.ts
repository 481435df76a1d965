import { labelValue } from '../model/labels.ts';
import type { Service } from '../model/objects.ts';
import type { View } from '../model/overlay.ts';
import { selectorText, selects } from '../model/selector.ts';
import type { PodClass } from '../model/snapshot.ts';
import { targetsOf } from '../simulate/backends.ts';
import type { Rule } from './rule.ts';
import { compareTexts, listText, serviceText, shortText, sortedTexts } from './text.ts';
import { deployment, service } from './worlds/manifests.ts';

/** Back ends looked at for one Service. */
const MOST_CLASSES = 100;
/** Labels that say which program a pod runs, the most precise first. */
const NAMES: readonly string[] = Object.freeze(['app.kubernetes.io/name', 'app', 'k8s-app']);
/** Endings that tell apart two releases of one program. */
const TRACK = /-(canary|stable|preview|primary|baseline|blue|green|old|new|next|v\d+)$/;

const API = deployment('shop/api', 'app: api, tier: back', '{name: http, containerPort: 8080}');
const WORKER = deployment('shop/worker', 'app: worker, tier: back', '{name: http, containerPort: 9090}');
const SERVICE = (selector: string, port = '8080'): string =>
  service('shop/api', selector, `{port: 80, targetPort: ${port}}`);
const REDIS = ['master', 'slave']
  .map((role) =>
    deployment(`shop/redis-${role}`, `app: redis, role: ${role}`, '{name: redis, containerPort: 6379}'),
  )
  .join('');
const CHART = 'app.kubernetes.io/name: shop, app.kubernetes.io/instance: one';

export const selectorOverlap: Rule = {
  id: 'selector-overlap',
  title: "Selector that takes somebody else's pods too",
  kinds: ['Service'],
  operations: ['CREATE', 'UPDATE'],
  severity: 'medium',
  action: 'warn',
  needs: 'model',
  summary: 'The selector of a Service matches pods of different programs: connections go to any of them.',
  why: "A Service spreads connections over all pods its selector matches. One label too few, and a share of them ends at another program's pods: errors that come and go.",
  fix: 'Select by the label that tells the program apart (app, or app.kubernetes.io/name with app.kubernetes.io/component).',
  limits: [
    'Programs are told apart by app.kubernetes.io/name, app or k8s-app; names that differ only in an ending such as -canary or -v2 are one program.',
    'Pods of one program count as two only where they declare no port of the number that the Service leads to, others behind it do, and another Service leads to them alone.',
    'Silent where the Service leads to a port by name and all the pods have it: that is meant (a Service for metrics, for instance). Pods without the name get no connections; target-port-unresolved speaks of them.',
    'Only pods that the change newly takes in are looked at.',
  ],
  examples: {
    good: [
      {
        title: 'One program',
        cluster: API + WORKER,
        operation: 'CREATE',
        manifest: SERVICE('app: api'),
        findings: [],
      },
      {
        title: 'A leader and its followers are one program',
        cluster: REDIS,
        operation: 'CREATE',
        manifest: service('shop/redis', 'app: redis', '{port: 6379}'),
        findings: [],
      },
      {
        title: 'A canary beside its stable release',
        cluster:
          deployment('shop/web', 'app: web, entry: web', '{name: http, containerPort: 8080}') +
          deployment('shop/web-canary', 'app: web-canary, entry: web', '{name: http, containerPort: 8080}'),
        operation: 'CREATE',
        manifest: service('shop/web', 'entry: web', '{port: 80, targetPort: 8080}'),
        findings: [],
      },
      {
        title: 'Metrics of everybody, by a port name that all have',
        cluster: API + WORKER,
        operation: 'CREATE',
        manifest: SERVICE('tier: back', 'http'),
        findings: [],
      },
    ],
    bad: [
      {
        title: 'A tier instead of a program',
        cluster: API + WORKER,
        operation: 'CREATE',
        manifest: SERVICE('tier: back'),
        findings: [
          {
            subject: 'Service shop/api',
            message:
              'tier=back matches pods of different programs: shop/api (app=api) and shop/worker (app=worker); connections go to any of them.',
          },
        ],
      },
      {
        title: 'The label that told them apart is dropped',
        cluster: API + WORKER + SERVICE('app: api, tier: back'),
        operation: 'UPDATE',
        manifest: SERVICE('tier: back'),
        findings: [
          {
            subject: 'Service shop/api',
            message:
              'tier=back matches pods of different programs: shop/api (app=api) and shop/worker (app=worker); connections go to any of them.',
          },
        ],
      },
      {
        title: "A chart's main Service takes in its exporter",
        cluster:
          deployment(
            'shop/web',
            `${CHART}, app.kubernetes.io/component: web`,
            '{name: http, containerPort: 8080}',
          ) +
          deployment(
            'shop/exporter',
            `${CHART}, app.kubernetes.io/component: exporter`,
            '{name: metrics, containerPort: 9121}',
          ) +
          service('shop/exporter', `${CHART}, app.kubernetes.io/component: exporter`, '{port: 9121}'),
        operation: 'CREATE',
        manifest: service('shop/web', CHART, '{port: 80, targetPort: 8080}'),
        findings: [
          {
            subject: 'Service shop/web',
            message:
              'app.kubernetes.io/instance=one,app.kubernetes.io/name=shop also matches shop/exporter, which is behind Service shop/exporter and declares no port 8080: connections to it fail.',
          },
        ],
      },
    ],
  },
  *check({ change, before, after }) {
    const service = change.after;
    if (service?.kind !== 'Service' || service.selector === undefined || service.ports.length === 0) return;
    const old = change.before;
    if (old?.kind === 'Service' && sameSelector(old, service)) return;
    const backs = after.behind(service).slice(0, MOST_CLASSES);
    if (backs.length < 2) return;
    const had = old?.kind === 'Service' ? before.behind(old) : [];
    if (backs.every((podClass) => had.includes(podClass))) return;
    const served = backs
      .filter(({ namedPorts }) =>
        service.ports.some((port) => targetsOf(service, port, namedPorts).length > 0),
      )
      .sort((a, b) => compareTexts(shortText(a), shortText(b)));
    const message = programsText(service, served) ?? strangersText(after, service, served);
    if (message === undefined) return;
    yield {
      subject: serviceText(service),
      message: `${selectorText(service.selector)} ${message}`,
      because: [`${serviceText(service)} spec.selector`],
    };
  },
};

/** What is wrong when the labels name several programs. */
function programsText(service: Service, backs: readonly PodClass[]): string | undefined {
  // A name that every pod gives to a port was looked up in each: they are meant together.
  if (service.ports.every(({ targetPort }) => typeof targetPort === 'string')) return undefined;
  for (const key of NAMES) {
    const programs = new Map<string, string>();
    for (const podClass of backs) {
      const value = labelValue(podClass.labels, key);
      const program = value?.replace(TRACK, '');
      if (program === undefined || programs.has(program)) continue;
      programs.set(program, `${shortText(podClass)} (${key}=${value})`);
    }
    if (programs.size < 2) continue;
    return `matches pods of different programs: ${listText(sortedTexts(programs.values()))}; connections go to any of them.`;
  }
  return undefined;
}

/** What is wrong when some of the pods belong to another Service and do not listen where this one leads. */
function strangersText(view: View, service: Service, backs: readonly PodClass[]): string | undefined {
  const ports = service.ports.map(({ targetPort }) => targetPort);
  const declares = ({ namedPorts }: PodClass): boolean => namedPorts.some(({ port }) => ports.includes(port));
  const ours = backs.filter(declares);
  if (ours.length === 0) return undefined;
  const strangers = new Map<string, Service>();
  for (const podClass of backs) {
    if (podClass.namedPorts.length === 0 || declares(podClass)) continue;
    const owner = view
      .servicesOf(podClass)
      .toSorted((a, b) => compareTexts(a.name, b.name))
      .find(
        ({ name, selector }) =>
          name !== service.name &&
          selector !== undefined &&
          !ours.some(({ labels }) => selects(selector, labels)),
      );
    if (owner !== undefined) strangers.set(shortText(podClass), owner);
  }
  const name = sortedTexts(strangers.keys())[0];
  if (name === undefined || ports.some((port) => typeof port === 'string')) return undefined;
  const more = strangers.size === 1 ? '' : ` (and ${strangers.size - 1} more)`;
  return `also matches ${name}${more}, which is behind ${serviceText(strangers.get(name) as Service)} and declares no port ${listText(sortedTexts(ports.map(String)))}: connections to it fail.`;
}

function sameSelector(one: Service, other: Service): boolean {
  return (
    one.selector !== undefined &&
    other.selector !== undefined &&
    selectorText(one.selector) === selectorText(other.selector)
  );
}
