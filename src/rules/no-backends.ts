import { backClasses } from '../evidence/needs.ts';
import { selectorText } from '../model/selector.ts';
import { didYouMean } from './nearest.ts';
import type { Rule } from './rule.ts';
import { serviceText } from './text.ts';
import { deployment, service } from './worlds/manifests.ts';

const CLUSTER = deployment('shop/web', 'app: web', '{containerPort: 8080}');
const WEB = service('shop/web', 'app: web', '{port: 80, targetPort: 8080}');

export const noBackends: Rule = {
  id: 'no-backends',
  title: 'Service without back ends',
  kinds: ['Service'],
  operations: ['CREATE', 'UPDATE'],
  severity: 'medium',
  action: 'warn',
  needs: 'model',
  summary: "The Service's selector matches no pod of its namespace: connections to it fail.",
  why: 'The selector is the only tie between a Service and its pods, and nothing checks it. A changed label empties the Service in silence.',
  fix: 'Compare the selector with the labels of the pods: kubectl get pods --show-labels.',
  limits: [
    'A Service created before its pods is reported too, with low severity. In a namespace without any pod it is only a note.',
    'Services without a selector, and ExternalName, are not looked at: their back ends are made elsewhere.',
    'Whether the pods are ready is not looked at.',
  ],
  examples: {
    good: [{ title: 'The label exists', cluster: CLUSTER, operation: 'CREATE', manifest: WEB, findings: [] }],
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
          },
        ],
      },
    ],
  },
  *check({ change, before, after, snapshot }) {
    const service = change.after;
    if (service?.kind !== 'Service' || service.selector === undefined) return;
    if (service.type === 'ExternalName' || backClasses(after, service).length > 0) return;
    const old = change.before?.kind === 'Service' ? backClasses(before, change.before) : [];
    const space = snapshot.spaces.get(service.namespace);
    const classes = space === undefined ? [] : after.classes(space);
    const meant = didYouMean(service.selector, classes);
    const loses = old.length === 0 ? '' : `loses its ${old.length} workload${old.length === 1 ? '' : 's'}: `;
    yield {
      subject: serviceText(service),
      severity: old.length > 0 ? 'high' : classes.length > 0 ? 'low' : 'info',
      message: `${loses}${selectorText(service.selector)} matches no pod in namespace ${service.namespace}${meant === undefined ? '.' : `; did you mean ${meant}?`}`,
      because: [`${serviceText(service)} spec.selector`],
    };
  },
};
