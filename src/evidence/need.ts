import type { Route, Service } from '../model/objects.ts';
import type { PodClass } from '../model/snapshot.ts';
import type { Protocol } from '../netset/connections.ts';

/**
 * `declared`: an object says so (a reference in the pod's spec, an Ingress, a policy that names the client).
 * `likely`: the labels say that both belong to one application and the one offers a Service.
 */
export type Grade = 'declared' | 'likely';

/**
 * Who opens the connection when it is not a pod of the model: an ingress controller nobody can see, a cloud's load
 * balancer that connects to the pods, or the outside.
 */
export type Caller = PodClass | 'ingress-controller' | 'load-balancer' | 'outside';

/** A connection that somebody needs, with what shows it. */
export interface Need {
  readonly from: Caller;
  readonly to: PodClass;
  /** The Service it goes through; undefined when a policy names the pods themselves. */
  readonly service: Service | undefined;
  /** The Service's port; the same as `port` without a Service. */
  readonly servicePort: number;
  readonly protocol: Protocol;
  /** The port of the pod. */
  readonly port: number;
  readonly grade: Grade;
  /** What shows it, in words: `env REDIS_HOST`, `Ingress default/guestbook`. */
  readonly source: string;
  /** The Ingress or route that leads the caller there. */
  readonly route: Route | undefined;
}
