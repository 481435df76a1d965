import type { Monitor, MonitoredPort } from '../objects.ts';
import { parseMeta } from './meta.ts';
import { parseSelector } from './selector.ts';
import { type Fields, fields, items, portNumber, text, texts } from './wire.ts';

/** The group of the Prometheus operator. */
export const MONITORING = 'monitoring.coreos.com';

/** A ServiceMonitor or PodMonitor of monitoring.coreos.com/v1, reduced to whom it tells Prometheus to scrape. */
export function parseMonitor(raw: unknown): Monitor {
  const { namespace, name } = parseMeta(raw);
  const { kind, spec } = fields(raw);
  const { selector, namespaceSelector, endpoints, podMetricsEndpoints } = fields(spec);
  const { any, matchNames } = fields(namespaceSelector);
  const named = texts(matchNames);
  const ofPods = kind === 'PodMonitor';
  const written = items(ofPods ? podMetricsEndpoints : endpoints).map(fields);
  return {
    kind: ofPods ? 'PodMonitor' : 'ServiceMonitor',
    namespace,
    name,
    namespaces: any === true ? 'any' : named.length > 0 ? named : [namespace],
    selector: parseSelector(selector),
    ports: written.flatMap((endpoint) => portOf(endpoint, ofPods)),
  };
}

/** `port` is a name: of a Service's port, or of a container's. The others are ports of the pods. */
function portOf({ port, portNumber: number, targetPort }: Fields, ofPods: boolean): MonitoredPort[] {
  if (text(port) !== '') return [{ port: text(port), ofPods }];
  const own = portNumber(number) || portNumber(targetPort) || text(targetPort);
  return own === '' ? [] : [{ port: own, ofPods: true }];
}
