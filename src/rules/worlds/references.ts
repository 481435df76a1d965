import { deployment, service } from './manifests.ts';

/** A shop whose web names its database. */
export const SHOP = [
  deployment(
    'shop/web',
    'app: web',
    '{containerPort: 8080}',
    '{name: DB_URL, value: "postgres://db:5432/shop"}',
  ),
  deployment('shop/db', 'app: db', '{containerPort: 5432}'),
].join('');
export const SHOP_DB = service('shop/db', 'app: db', '{port: 5432}');
export const SHOP_WEB = service('shop/web', 'app: web', '{port: 80, targetPort: 8080}');

/** The way into the shop, by the name of the port. */
export const INGRESS = `---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: front, namespace: shop}
spec:
  defaultBackend: {service: {name: web, port: {name: http}}}
`;

/** Something that the API server itself calls. */
export const WEBHOOK_PODS = deployment('guard/webhook', 'app: guard', '{containerPort: 9443}');
export const WEBHOOK_SERVICE = service('guard/webhook', 'app: guard', '{port: 443, targetPort: 9443}');
export const WEBHOOK = (failurePolicy: 'Fail' | 'Ignore'): string => `---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingWebhookConfiguration
metadata: {name: hooks}
webhooks:
- name: check.guard.example.com
  admissionReviewVersions: [v1]
  sideEffects: None
  failurePolicy: ${failurePolicy}
  clientConfig: {service: {namespace: guard, name: webhook}}
`;
export const API_SERVICE = `---
apiVersion: apiregistration.k8s.io/v1
kind: APIService
metadata: {name: v1.guard.example.com}
spec: {service: {namespace: guard, name: webhook}}
`;

/** The cluster's DNS: pods, then their Service. */
export const DNS =
  deployment('kube-system/coredns', 'k8s-app: kube-dns', '{name: dns, containerPort: 53, protocol: UDP}') +
  service(
    'kube-system/kube-dns',
    'k8s-app: kube-dns',
    '{name: dns, port: 53, protocol: UDP}, {name: dns-tcp, port: 53}',
  );
