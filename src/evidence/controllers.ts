import { labelValue } from '../model/labels.ts';
import type { Route } from '../model/objects.ts';
import type { View } from '../model/overlay.ts';
import type { PodClass } from '../model/snapshot.ts';
import type { Caller } from './need.ts';

/** Namespaces that ingress controllers are installed into by their own instructions. */
const HOMES: ReadonlySet<string> = new Set([
  'ingress-nginx',
  'nginx-ingress',
  'ingress',
  'ingress-controller',
  'traefik',
  'istio-system',
  'istio-ingress',
  'haproxy-controller',
  'kong',
  'projectcontour',
  'envoy-gateway-system',
  'openshift-ingress',
  'kube-system',
]);
const LABELS: readonly string[] = Object.freeze(['app.kubernetes.io/name', 'app', 'k8s-app', 'name']);
const CONTROLLER =
  /(^|-)(ingress|ingress-nginx|nginx-ingress|traefik|ingressgateway|envoy|contour|kong)($|-)/;

/** The pods of the cluster's ingress controllers, as far as their usual names and labels give them away. */
export function ingressControllers(view: View): PodClass[] {
  const found: PodClass[] = [];
  for (const home of HOMES) {
    const space = view.snapshot.spaces.get(home);
    if (space === undefined) continue;
    for (const podClass of view.classes(space)) if (isController(podClass)) found.push(podClass);
  }
  return found;
}

function isController(podClass: PodClass): boolean {
  return LABELS.some((key) => CONTROLLER.test(labelValue(podClass.labels, key) ?? ''));
}

/** Whether ingress controllers are usually installed into a namespace of this name. */
export function isHome(namespace: string): boolean {
  return HOMES.has(namespace);
}

/** Ingress classes that a cloud's own load balancer serves: it connects to the pods from outside the cluster. */
const CLOUD_CLASSES: ReadonlySet<string> = new Set([
  'alb',
  'gce',
  'gce-internal',
  'azure/application-gateway',
  'azure-application-gateway',
]);
/** Words by which the name of a class tells which of several controllers serves it. */
const FAMILIES: readonly string[] = ['nginx', 'traefik', 'contour', 'kong', 'haproxy', 'istio', 'envoy'];

const UNSEEN: readonly Caller[] = Object.freeze(['ingress-controller'] as const);
const CLOUD: readonly Caller[] = Object.freeze(['load-balancer'] as const);

/** Who connects to a route's back ends, by its class: all controllers where the class does not tell them apart. */
export function callersFor(route: Route, controllers: readonly PodClass[]): readonly Caller[] {
  if (route.kind === 'Ingress' && CLOUD_CLASSES.has(route.ingressClass)) return CLOUD;
  if (controllers.length === 0) return UNSEEN;
  const family = FAMILIES.find((word) => route.ingressClass.includes(word));
  const served = family === undefined ? [] : controllers.filter((one) => isOf(family, one));
  return served.length > 0 ? served : controllers;
}

function isOf(family: string, { workload, labels }: PodClass): boolean {
  if (workload.name.includes(family) || workload.namespace.includes(family)) return true;
  return LABELS.some((key) => labelValue(labels, key)?.includes(family) === true);
}
