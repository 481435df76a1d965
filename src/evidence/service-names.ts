import type { Callback, Service } from '../model/objects.ts';
import type { View } from '../model/overlay.ts';
import type { PodClass, Snapshot } from '../model/snapshot.ts';
import { targetsOf } from '../simulate/backends.ts';
import { namesServiceOf, type Sources } from './needs.ts';

/** What shows that somebody needs a Service, the gravest first. */
export const NAMERS = ['callback', 'dns', 'route', 'pod', 'application'] as const;
export type Namer = (typeof NAMERS)[number];

/** Somebody who names a Service, or one of its ports. */
export interface Naming {
  readonly by: Namer;
  /** `Ingress shop/web`, `shop/web (env DB_URL)`. */
  readonly text: string;
  /** Number or name of the Service's port; 0 = it does not say. */
  readonly port: number | string;
  /** Whether the API server fails requests without it. */
  readonly required: boolean;
}

/** Everybody the model knows to name the Service. */
export function namingsOf(
  view: View,
  sources: Sources,
  service: Service,
  dnsServices: readonly string[],
): Naming[] {
  const namings: Naming[] = [];
  const add = (by: Namer, text: string, port: number | string): void => {
    namings.push({ by, text, port, required: false });
  };
  for (const callback of callbacksTo(view.snapshot, service)) namings.push(namingOf(callback));
  const path = `${service.namespace}/${service.name}`;
  if (dnsServices.includes(path)) add('dns', 'the DNS of every pod', 53);
  for (const { route, port } of sources.routesTo(service.namespace, service.name)) {
    add('route', `${route.kind} ${route.namespace}/${route.name}`, port);
  }
  const named = new Set<PodClass>();
  for (const { podClass, reference } of sources.referrersOf(service.namespace, service.name)) {
    named.add(podClass);
    add('pod', podText(podClass, reference.source), reference.port);
  }
  const backs = view.behind(service);
  for (const back of backs) {
    for (const { podClass, needsUs, source } of sources.indexOf(service.namespace)?.companions(back) ?? []) {
      if (!needsUs || named.has(podClass) || backs.includes(podClass)) continue;
      if (namesServiceOf(view, back, podClass)) continue;
      named.add(podClass);
      add('application', podText(podClass, source), 0);
    }
  }
  return namings;
}

/** What the API server itself calls at the Service. */
export function callbacksTo({ callbacks }: Snapshot, { namespace, name }: Service): Callback[] {
  const found: Callback[] = [];
  for (const callback of callbacks.values()) {
    if (callback.namespace === namespace && callback.service === name) found.push(callback);
  }
  return found;
}

/** A call of the API server as a naming. */
export function namingOf({ kind, name, port, required }: Callback): Naming {
  return { by: 'callback', text: `${kind} ${name}`, port, required };
}

/** Calls of the API server to a port that pods answered before an update, and none does after it. */
export function emptiedCallbacks(before: View, after: View, old: Service, now: Service): Callback[] {
  if (now.selector === undefined) return [];
  return callbacksTo(after.snapshot, now).filter(
    ({ port }) => answers(before, old, port) === true && answers(after, now, port) === false,
  );
}

/** Whether some pod is behind the port; undefined when the Service has no such port. */
function answers(view: View, service: Service, wanted: number): boolean | undefined {
  const port = service.ports.find((one) => one.port === wanted);
  if (port === undefined) return undefined;
  return view.behind(service).some(({ namedPorts }) => targetsOf(service, port, namedPorts).length > 0);
}

function podText({ workload }: PodClass, source: string): string {
  return `${workload.namespace}/${workload.name} (${source})`;
}
