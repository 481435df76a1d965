import { labelValue } from '../model/labels.ts';
import type { View } from '../model/overlay.ts';
import type { PodClass } from '../model/snapshot.ts';

/** Namespaces that ingress controllers are installed into by their own instructions. */
const HOMES: readonly string[] = Object.freeze([
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
