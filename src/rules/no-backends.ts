import { isOfRelease } from '../evidence/release.ts';
import { emptiedCallbacks } from '../evidence/service-names.ts';
import type { Service } from '../model/objects.ts';
import { selectorText } from '../model/selector.ts';
import type { PodClass } from '../model/snapshot.ts';
import { correctedSelector, meantLabel, meantText } from './nearest.ts';
import { mapWire, type PatchOperation } from './patch.ts';
import { ROUTES } from './reads.ts';
import type { Rule, RuleContext, Statement } from './rule.ts';
import { countText, listText, neededText, serviceText, shortText, sortedTexts } from './text.ts';
import { deployment, pod, service } from './worlds/manifests.ts';
import { INGRESS, SHOP, SHOP_DB, SHOP_WEB } from './worlds/references.ts';

const CLUSTER = deployment('shop/web', 'app: web', '{containerPort: 8080}');
const TO_WEB: readonly PatchOperation[] = [{ op: 'replace', path: '/spec/selector', value: { app: 'web' } }];
const WEB = service('shop/web', 'app: web', '{port: 80, targetPort: 8080}');
const READY = pod('shop/web-1', 'app: web, track: stable', '10.0.0.1').replace(
  'status: {',
  'status: {conditions: [{type: Ready, status: "True"}], ',
);
const STARTING = pod('shop/web-2', 'app: web, track: canary', '10.0.0.2');

export const noBackends: Rule = {
  id: 'no-backends',
  title: 'Service without back ends',
  kinds: ['Service'],
  operations: ['CREATE', 'UPDATE'],
  severity: 'medium',
  action: 'warn',
  needs: 'model',
  reads: ROUTES,
  summary:
    "The Service's selector matches no pod of its namespace, or loses all ready ones: connections to it fail.",
  why: 'The selector is the only tie between a Service and its pods, and nothing checks it. A changed label empties the Service in silence.',
  fix: 'Compare the selector with the labels of the pods: kubectl get pods --show-labels.',
  limits: [
    'A Service created before its pods is reported too, with low severity. In a namespace without any pod it is only a note, and where a tool makes it as part of a release (app.kubernetes.io/managed-by and the like) and no label is close.',
    'Services without a selector, and ExternalName, are not looked at: their back ends are made elsewhere.',
    'That no pod is ready is said only when the update itself drops the ready ones, and not where publishNotReadyAddresses is set.',
    'Where the API server itself calls the Service, breaks-references says that it loses its pods.',
  ],
  examples: {
    good: [
      { title: 'The label exists', cluster: CLUSTER, operation: 'CREATE', manifest: WEB, findings: [] },
      {
        title: 'From one ready pod to two pods',
        cluster: READY + STARTING + service('shop/web', 'track: stable', '{port: 80}'),
        operation: 'UPDATE',
        manifest: service('shop/web', 'app: web', '{port: 80}'),
        findings: [],
      },
      {
        title: 'An alias has no pods',
        cluster: CLUSTER + WEB,
        operation: 'UPDATE',
        manifest: `${WEB}  type: ExternalName\n  externalName: web.example.com\n`,
        findings: [],
      },
    ],
    bad: [
      {
        title: 'A selector that loses its pods',
        cluster: CLUSTER + WEB,
        operation: 'UPDATE',
        manifest: WEB.replace('app: web', 'app: wed'),
        findings: [
          {
            subject: 'Service shop/web',
            severity: 'high',
            message: 'loses its 1 workload: app=wed matches no pod in namespace shop; did you mean app=web?',
            patch: TO_WEB,
          },
        ],
      },
      {
        title: 'It says who needs them',
        cluster: SHOP + SHOP_DB + SHOP_WEB.replace('[{', '[{name: http, ') + INGRESS,
        operation: 'UPDATE',
        manifest: SHOP_DB.replace('app: db', 'app: postgres'),
        findings: [
          {
            subject: 'Service shop/db',
            severity: 'high',
            message:
              'loses its 1 workload: app=postgres matches no pod in namespace shop. shop/web (env DB_URL) needs it.',
          },
        ],
      },
      {
        title: 'Away from the ready pods',
        cluster: READY + STARTING + service('shop/web', 'track: stable', '{port: 80}'),
        operation: 'UPDATE',
        manifest: service('shop/web', 'track: canary', '{port: 80}'),
        findings: [
          {
            subject: 'Service shop/web',
            severity: 'high',
            message:
              'loses all ready pods: track=canary matches only shop/web-2, and none of these is ready.',
          },
        ],
      },
      {
        title: 'A misspelt selector',
        cluster: CLUSTER,
        operation: 'CREATE',
        manifest: WEB.replace('app: web', 'app: wed'),
        findings: [
          {
            subject: 'Service shop/web',
            severity: 'low',
            message: 'app=wed matches no pod in namespace shop; did you mean app=web?',
            patch: TO_WEB,
          },
        ],
      },
    ],
  },
  *check(context) {
    const { change, before, after } = context;
    const service = change.after;
    if (service?.kind !== 'Service' || service.selector === undefined) return;
    if (service.type === 'ExternalName') return;
    const backs = after.behind(service);
    const was = change.before?.kind === 'Service' ? change.before : undefined;
    const old = was === undefined ? [] : before.behind(was);
    if (backs.length > 0) {
      if (old.length > 0 && !service.publishNotReady) yield* notReady(service, old, backs);
      return;
    }
    if (was !== undefined && emptiedCallbacks(before, after, was, service).length > 0) return;
    yield empty(context, service, old);
  },
};

function empty(
  { change, after, snapshot, evidence }: RuleContext,
  service: Service,
  old: readonly PodClass[],
): Statement {
  const space = snapshot.spaces.get(service.namespace);
  const classes = space === undefined ? [] : after.classes(space);
  const selector = service.selector ?? { requirements: [] };
  const meant = meantLabel(selector, classes);
  const right = correctedSelector(selector, meant, classes);
  const loses = old.length === 0 ? '' : `loses its ${countText(old.length, 'workload')}: `;
  const needed = old.length === 0 ? '' : neededText(evidence.serviceLosses());
  const early = change.operation === 'CREATE' && meant === undefined && isOfRelease(service.labels);
  return {
    subject: serviceText(service),
    severity: old.length > 0 ? 'high' : classes.length > 0 && !early ? 'low' : 'info',
    message: `${loses}${selectorText(selector)} matches no pod in namespace ${service.namespace}${meant === undefined ? '.' : `; did you mean ${meantText(meant)}?`}${needed}`,
    because: [`${serviceText(service)} spec.selector`],
    ...(right === undefined
      ? {}
      : { patch: [{ op: 'replace', path: '/spec/selector', value: mapWire(right) }] }),
  };
}

/** The update leaves the ready pods behind: until others are ready nobody answers. */
function* notReady(
  service: Service,
  old: readonly PodClass[],
  backs: readonly PodClass[],
): Iterable<Statement> {
  const isReady = ({ pods }: PodClass): boolean => pods.some(({ ready }) => ready);
  if (!old.some(isReady) || backs.some(isReady) || service.selector === undefined) return;
  yield {
    subject: serviceText(service),
    severity: 'high',
    message: `loses all ready pods: ${selectorText(service.selector)} matches only ${listText(sortedTexts(backs.map(shortText)))}, and none of these is ready.`,
    because: [`${serviceText(service)} spec.selector`],
  };
}
