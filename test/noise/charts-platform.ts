/** Policies and Services as charts of a platform's own parts usually make them. */
import { deployment, policy, service } from '../../src/rules/worlds/manifests.ts';
import {
  BASE,
  DNS_EGRESS,
  FROM_INGRESS,
  FROM_PROMETHEUS,
  ingress,
  type NoiseWorld,
  namespace,
  statefulSet,
  workload,
} from './world.ts';

const name = (value: string): string => `app.kubernetes.io/name: ${value}`;
const select = (value: string): string => `  podSelector: {matchLabels: {${name(value)}}}\n`;
const pods = (value: string): string => `{podSelector: {matchLabels: {${name(value)}}}}`;

const CALLED = (configuration: string, space: string, target: string): string => `---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingWebhookConfiguration
metadata: {name: ${configuration}}
webhooks:
- name: check.${configuration}.example.com
  failurePolicy: Fail
  clientConfig: {service: {namespace: ${space}, name: ${target}, path: /validate}}
`;

export const PLATFORM_CHARTS: readonly NoiseWorld[] = [
  {
    name: 'ingress-nginx with its admission webhook',
    cluster: BASE + CALLED('ingress-nginx-admission', 'ingress-nginx', 'ingress-nginx-controller-admission'),
    manifests: [
      service(
        'ingress-nginx/ingress-nginx-controller',
        `${name('ingress-nginx')}, app.kubernetes.io/component: controller`,
        '{name: http, port: 80, targetPort: http}, {name: https, port: 443, targetPort: https}',
        '  type: LoadBalancer\n  externalTrafficPolicy: Local\n',
      ),
      service(
        'ingress-nginx/ingress-nginx-controller-admission',
        `${name('ingress-nginx')}, app.kubernetes.io/component: controller`,
        '{name: https-webhook, port: 443, targetPort: webhook}',
      ),
      policy(
        'ingress-nginx/ingress-nginx-controller',
        `${select('ingress-nginx')}  ingress:\n  - ports: [{port: http}, {port: https}, {port: webhook}]\n`,
      ),
    ].join(''),
  },
  {
    name: 'cert-manager',
    cluster: [
      BASE,
      namespace('cert-manager'),
      deployment(
        'cert-manager/cert-manager',
        name('cert-manager'),
        '{name: http-metrics, containerPort: 9402}',
      ),
      deployment('cert-manager/cainjector', name('cainjector')),
      deployment('cert-manager/webhook', name('webhook'), '{name: https, containerPort: 10250}'),
      CALLED('cert-manager-webhook', 'cert-manager', 'cert-manager-webhook'),
    ].join(''),
    manifests: [
      service(
        'cert-manager/cert-manager',
        name('cert-manager'),
        '{name: metrics, port: 9402, targetPort: http-metrics}',
      ),
      service(
        'cert-manager/cert-manager-webhook',
        name('webhook'),
        '{name: https, port: 443, targetPort: https}',
      ),
      policy(
        'cert-manager/webhook-allow-ingress',
        `${select('webhook')}  policyTypes: [Ingress]\n  ingress:\n  - ports: [{port: 10250}]\n    from: [{ipBlock: {cidr: 0.0.0.0/0}}]\n`,
      ),
    ].join(''),
  },
  {
    name: 'a Prometheus stack',
    cluster: [
      BASE,
      deployment(
        'monitoring/grafana',
        name('grafana'),
        '{name: grafana, containerPort: 3000}',
        '{name: PROMETHEUS_URL, value: "http://prometheus:9090"}',
      ),
      statefulSet(
        'monitoring/alertmanager',
        name('alertmanager'),
        '{name: web, containerPort: 9093}, {name: mesh-tcp, containerPort: 9094}, {name: mesh-udp, containerPort: 9094, protocol: UDP}',
      ),
      workload(
        'DaemonSet',
        'monitoring/node-exporter',
        name('node-exporter'),
        '{name: metrics, containerPort: 9100}',
      ).replace('{containers:', '{hostNetwork: true, containers:'),
      ingress('monitoring/grafana', 'grafana', 'service'),
    ].join(''),
    manifests: [
      service('monitoring/prometheus', name('prometheus'), '{name: http-web, port: 9090, targetPort: web}'),
      service(
        'monitoring/alertmanager-operated',
        name('alertmanager'),
        '{name: http-web, port: 9093, targetPort: web}, {name: tcp-mesh, port: 9094, targetPort: 9094}, {name: udp-mesh, port: 9094, targetPort: 9094, protocol: UDP}',
        '  clusterIP: None\n',
      ),
      service('monitoring/grafana', name('grafana'), '{name: service, port: 80, targetPort: grafana}'),
      service(
        'monitoring/node-exporter',
        name('node-exporter'),
        '{name: metrics, port: 9100, targetPort: metrics}',
      ),
      policy(
        'monitoring/alertmanager',
        `${select('alertmanager')}  ingress:
  - from: [${pods('prometheus')}, ${pods('grafana')}]
    ports: [{port: 9093}]
  - from: [${pods('alertmanager')}]
    ports: [{port: 9094}, {port: 9094, protocol: UDP}]
`,
      ),
      policy(
        'monitoring/grafana',
        `${select('grafana')}  ingress:\n  - from: [{${FROM_INGRESS}}]\n    ports: [{port: grafana}]\n`,
      ),
      policy(
        'monitoring/prometheus',
        `${select('prometheus')}  ingress:\n  - from: [${pods('grafana')}, ${pods('prometheus')}]\n    ports: [{port: web}]\n`,
      ),
    ].join(''),
  },
  {
    name: 'argo-cd',
    cluster: [
      BASE,
      namespace('argocd'),
      deployment(
        'argocd/argocd-server',
        name('argocd-server'),
        '{name: server, containerPort: 8080}',
        '{name: ARGOCD_SERVER_REPO_SERVER, value: "argocd-repo-server:8081"}, {name: REDIS_SERVER, value: "argocd-redis:6379"}',
      ),
      deployment(
        'argocd/argocd-repo-server',
        name('argocd-repo-server'),
        '{name: repo-server, containerPort: 8081}',
        '{name: REDIS_SERVER, value: "argocd-redis:6379"}',
      ),
      statefulSet(
        'argocd/argocd-application-controller',
        name('argocd-application-controller'),
        '{name: metrics, containerPort: 8082}',
        '{name: ARGOCD_REPO_SERVER, value: "argocd-repo-server:8081"}, {name: REDIS_SERVER, value: "argocd-redis:6379"}',
      ),
      deployment('argocd/argocd-redis', name('argocd-redis'), '{name: redis, containerPort: 6379}'),
      ingress('argocd/argocd', 'argocd-server', 443),
    ].join(''),
    manifests: [
      service(
        'argocd/argocd-server',
        name('argocd-server'),
        '{name: http, port: 80, targetPort: 8080}, {name: https, port: 443, targetPort: 8080}',
      ),
      service(
        'argocd/argocd-repo-server',
        name('argocd-repo-server'),
        '{name: server, port: 8081, targetPort: repo-server}',
      ),
      service(
        'argocd/argocd-redis',
        name('argocd-redis'),
        '{name: tcp-redis, port: 6379, targetPort: redis}',
      ),
      policy('argocd/argocd-server', `${select('argocd-server')}  policyTypes: [Ingress]\n  ingress: [{}]\n`),
      policy(
        'argocd/argocd-repo-server',
        `${select('argocd-repo-server')}  policyTypes: [Ingress]
  ingress:
  - from: [${pods('argocd-server')}, ${pods('argocd-application-controller')}]
    ports: [{port: 8081, protocol: TCP}]
  - from: [{namespaceSelector: {}}]
    ports: [{port: 8084}]
`,
      ),
      policy(
        'argocd/argocd-redis',
        `${select('argocd-redis')}  policyTypes: [Ingress]
  ingress:
  - from: [${pods('argocd-server')}, ${pods('argocd-repo-server')}, ${pods('argocd-application-controller')}]
    ports: [{port: 6379, protocol: TCP}]
`,
      ),
      policy(
        'argocd/argocd-application-controller',
        `${select('argocd-application-controller')}  policyTypes: [Ingress]\n  ingress:\n  - from: [{namespaceSelector: {}}]\n    ports: [{port: 8082}]\n`,
      ),
    ].join(''),
  },
  {
    name: 'external-dns and cluster-autoscaler, egress to the cloud',
    cluster:
      BASE +
      namespace('infra') +
      deployment('infra/external-dns', name('external-dns'), '{name: http, containerPort: 7979}') +
      deployment('infra/cluster-autoscaler', name('cluster-autoscaler')),
    manifests: ['external-dns', 'cluster-autoscaler']
      .map((one) =>
        policy(
          `infra/${one}`,
          `${select(one)}  policyTypes: [Ingress, Egress]
  ingress:
  - from: [${FROM_PROMETHEUS}]
  egress:
${DNS_EGRESS}  - ports: [{port: 443}]
`,
        ),
      )
      .join(''),
  },
  {
    name: 'a forge of many parts',
    cluster: [
      BASE,
      namespace('gitlab'),
      deployment(
        'gitlab/webservice',
        'app: webservice, release: gitlab',
        '{name: http-webservice, containerPort: 8080}, {name: http-workhorse, containerPort: 8181}',
        '{name: GITALY_HOST, value: gitaly}, {name: REDIS_HOST, value: redis}',
      ),
      deployment(
        'gitlab/sidekiq',
        'app: sidekiq, release: gitlab',
        '{name: http-metrics, containerPort: 3807}',
        '{name: GITALY_HOST, value: gitaly}, {name: REDIS_HOST, value: redis}',
      ),
      statefulSet(
        'gitlab/gitaly',
        'app: gitaly, release: gitlab',
        '{name: grpc-gitaly, containerPort: 8075}',
      ),
      statefulSet('gitlab/redis', 'app: redis, release: gitlab', '{name: redis, containerPort: 6379}'),
      deployment('gitlab/registry', 'app: registry, release: gitlab', '{name: http, containerPort: 5000}'),
      ingress('gitlab/webservice', 'webservice', 8181),
    ].join(''),
    manifests: [
      service(
        'gitlab/webservice',
        'app: webservice, release: gitlab',
        '{name: http-webservice, port: 8080, targetPort: http-webservice}, {name: http-workhorse, port: 8181, targetPort: http-workhorse}',
      ),
      service(
        'gitlab/gitaly',
        'app: gitaly, release: gitlab',
        '{name: grpc, port: 8075, targetPort: grpc-gitaly}',
        '  clusterIP: None\n',
      ),
      service('gitlab/redis', 'app: redis, release: gitlab', '{name: redis, port: 6379, targetPort: redis}'),
      service(
        'gitlab/registry',
        'app: registry, release: gitlab',
        '{name: http, port: 5000, targetPort: http}',
      ),
      ...['gitaly:8075', 'redis:6379'].map((each) => {
        const [app, port] = each.split(':');
        return policy(
          `gitlab/${app}`,
          `  podSelector: {matchLabels: {app: ${app}, release: gitlab}}
  ingress:
  - from:
    - podSelector: {matchLabels: {app: webservice}}
    - podSelector: {matchLabels: {app: sidekiq}}
    ports: [{port: ${port}}]
`,
        );
      }),
    ].join(''),
  },
  {
    name: 'keycloak and its database',
    cluster: [
      BASE,
      namespace('auth'),
      statefulSet(
        'auth/keycloak',
        `${name('keycloak')}, app.kubernetes.io/instance: sso`,
        '{name: http, containerPort: 8080}, {name: infinispan, containerPort: 7800}',
        '{name: KC_DB_URL, value: "jdbc:postgresql://sso-postgresql:5432/keycloak"}',
      ),
      statefulSet(
        'auth/sso-postgresql',
        `${name('postgresql')}, app.kubernetes.io/instance: sso`,
        '{name: tcp-postgresql, containerPort: 5432}',
      ),
      ingress('auth/keycloak', 'keycloak', 'http'),
    ].join(''),
    manifests: [
      service('auth/keycloak', name('keycloak'), '{name: http, port: 80, targetPort: http}'),
      service(
        'auth/keycloak-headless',
        name('keycloak'),
        '{name: http, port: 8080, targetPort: http}',
        '  clusterIP: None\n  publishNotReadyAddresses: true\n',
      ),
      service(
        'auth/sso-postgresql',
        name('postgresql'),
        '{name: tcp-postgresql, port: 5432, targetPort: tcp-postgresql}',
      ),
      policy(
        'auth/keycloak',
        `${select('keycloak')}  policyTypes: [Ingress, Egress]
  ingress:
  - from: [{${FROM_INGRESS}}]
    ports: [{port: 8080}]
  - from: [${pods('keycloak')}]
    ports: [{port: 7800}, {port: 8080}]
  egress:
${DNS_EGRESS}  - to: [${pods('postgresql')}]
    ports: [{port: 5432}]
  - to: [${pods('keycloak')}]
    ports: [{port: 7800}, {port: 8080}]
`,
      ),
      policy(
        'auth/sso-postgresql',
        `${select('postgresql')}  ingress:\n  - from: [${pods('keycloak')}]\n    ports: [{port: 5432}]\n`,
      ),
    ].join(''),
  },
  {
    name: 'vault with its injector',
    cluster: [
      BASE,
      namespace('vault'),
      statefulSet(
        'vault/vault',
        `${name('vault')}, component: server`,
        '{name: http, containerPort: 8200}, {name: https-internal, containerPort: 8201}',
      ),
      deployment(
        'vault/vault-agent-injector',
        `${name('vault-agent-injector')}, component: webhook`,
        '{name: https, containerPort: 8080}',
      ),
      CALLED('vault-agent-injector', 'vault', 'vault-agent-injector-svc'),
    ].join(''),
    manifests: [
      service(
        'vault/vault-internal',
        `${name('vault')}, component: server`,
        '{name: http, port: 8200, targetPort: 8200}, {name: https-internal, port: 8201, targetPort: 8201}',
        '  clusterIP: None\n  publishNotReadyAddresses: true\n',
      ),
      service(
        'vault/vault',
        `${name('vault')}, component: server`,
        '{name: http, port: 8200, targetPort: 8200}, {name: https-internal, port: 8201, targetPort: 8201}',
      ),
      service(
        'vault/vault-agent-injector-svc',
        name('vault-agent-injector'),
        '{name: https, port: 443, targetPort: 8080}',
      ),
      policy(
        'vault/vault',
        `${select('vault')}  ingress:\n  - from: [{namespaceSelector: {}}]\n    ports: [{port: 8200}, {port: 8201}]\n`,
      ),
    ].join(''),
  },
  {
    name: 'metrics-server behind an aggregated API',
    cluster: [
      BASE,
      deployment(
        'kube-system/metrics-server',
        'k8s-app: metrics-server',
        '{name: https, containerPort: 10250}',
      ),
      `---
apiVersion: apiregistration.k8s.io/v1
kind: APIService
metadata: {name: v1beta1.metrics.k8s.io}
spec: {service: {namespace: kube-system, name: metrics-server}}
`,
    ].join(''),
    manifests: service(
      'kube-system/metrics-server',
      'k8s-app: metrics-server',
      '{name: https, port: 443, targetPort: https}',
    ),
  },
  {
    name: 'loki, its parts as one ring',
    cluster: [
      BASE,
      namespace('logging'),
      ...['read', 'write', 'backend'].map((part) =>
        statefulSet(
          `logging/loki-${part}`,
          `${name('loki')}, app.kubernetes.io/component: ${part}, app.kubernetes.io/part-of: memberlist`,
          '{name: http-metrics, containerPort: 3100}, {name: grpc, containerPort: 9095}, {name: http-memberlist, containerPort: 7946}',
        ),
      ),
    ].join(''),
    manifests: [
      service(
        'logging/loki-memberlist',
        `${name('loki')}, app.kubernetes.io/part-of: memberlist`,
        '{name: tcp, port: 7946, targetPort: http-memberlist}',
        '  clusterIP: None\n',
      ),
      ...['read', 'write', 'backend'].map((part) =>
        service(
          `logging/loki-${part}`,
          `${name('loki')}, app.kubernetes.io/component: ${part}`,
          '{name: http-metrics, port: 3100, targetPort: http-metrics}, {name: grpc, port: 9095, targetPort: grpc}',
        ),
      ),
      policy(
        'logging/loki',
        `${select('loki')}  ingress:\n  - from: [${pods('loki')}]\n  - from: [{namespaceSelector: {}}]\n    ports: [{port: http-metrics}]\n`,
      ),
    ].join(''),
  },
  {
    name: 'a service mesh and its gateway',
    cluster: [
      BASE,
      namespace('istio-system'),
      deployment(
        'istio-system/istiod',
        'app: istiod, istio: pilot',
        '{name: grpc-xds, containerPort: 15010}, {name: https-dns, containerPort: 15012}, {name: https-webhook, containerPort: 15017}',
      ),
      deployment(
        'istio-system/istio-ingressgateway',
        'app: istio-ingressgateway, istio: ingressgateway',
        '{name: http2, containerPort: 8080}',
      ),
      CALLED('istiod', 'istio-system', 'istiod').replace('name: istiod,', 'name: istiod, port: 443,'),
    ].join(''),
    manifests: [
      service(
        'istio-system/istiod',
        'app: istiod',
        '{name: grpc-xds, port: 15010}, {name: https-dns, port: 15012}, {name: https-webhook, port: 443, targetPort: 15017}',
      ),
      service(
        'istio-system/istio-ingressgateway',
        'app: istio-ingressgateway, istio: ingressgateway',
        '{name: http2, port: 80, targetPort: 8080}, {name: https, port: 443, targetPort: 8443}',
        '  type: LoadBalancer\n',
      ),
    ].join(''),
  },
];
