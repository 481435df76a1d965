import type { Route } from '../model/objects.ts';
import type { Space } from '../model/snapshot.ts';

/** An Ingress or route that leads to a Service. */
export interface RouteTo {
  readonly route: Route;
  /** As the back end says it: number, name, or 0. */
  readonly port: number | string;
}

/** The Ingresses and routes of a namespace by the Service of the same namespace they lead to. */
export function routesOf(space: Space): ReadonlyMap<string, readonly RouteTo[]> {
  const routes = new Map<string, RouteTo[]>();
  for (const route of space.routes.values()) {
    for (const { namespace, service, port } of route.backends) {
      if (namespace !== space.name) continue;
      const list = routes.get(service);
      if (list === undefined) routes.set(service, [{ route, port }]);
      else list.push({ route, port });
    }
  }
  return routes;
}

/** The same for routes of other namespaces: the Gateway API lets them in by a ReferenceGrant. */
export function* foreignRoutesTo(
  routes: Iterable<Route>,
  namespace: string,
  service: string,
): Iterable<RouteTo> {
  for (const route of routes) {
    for (const back of route.backends) {
      if (back.namespace === namespace && back.service === service) yield { route, port: back.port };
    }
  }
}
