import { type Labels, labelValue } from './labels.ts';

const NAMES: ReadonlySet<string> = new Set(['prometheus', 'prometheus-agent', 'vmagent']);
/** Exporters and alert managers of the same chart carry its name too. */
const COMPONENTS: ReadonlySet<string> = new Set([
  'server',
  'prometheus',
  'prometheus-agent',
  'agent',
  'vmagent',
]);

/** Whether these are the usual labels of a Prometheus, its agent, or one made by an operator. */
export function isScraper(labels: Labels): boolean {
  const name = labelValue(labels, 'app.kubernetes.io/name') ?? labelValue(labels, 'app');
  if (name === undefined || !NAMES.has(name)) return false;
  const component = labelValue(labels, 'app.kubernetes.io/component') ?? labelValue(labels, 'component');
  return component === undefined || COMPONENTS.has(component);
}
