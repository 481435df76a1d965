/** Services of every type, and releases side by side. */
import { deployment, endpointSlice, node, policy, service } from '../../src/rules/worlds/manifests.ts';
import { BASE, ingress, type NoiseWorld, namespace, statefulSet } from './world.ts';

const WEB =
  BASE + namespace('shop') + deployment('shop/web', 'app: web', '{name: http, containerPort: 8080}');
const annotated = (text: string, annotation: string): string =>
  text.replace('namespace: shop}', `namespace: shop, annotations: {${annotation}}}`);
const world = (name: string, manifests: string, cluster = WEB, later = ''): NoiseWorld => ({
  name,
  cluster,
  manifests,
  later,
});
const RELEASES = ['stable', 'canary'].map((track) =>
  deployment(`shop/web-${track}`, `app: shop-web, track: ${track}`, '{name: http, containerPort: 8080}'),
);

const RELEASE = 'labels: {app.kubernetes.io/managed-by: Helm, helm.sh/chart: cart-1.2.3}';

export const SERVICES: readonly NoiseWorld[] = [
  world(
    'a release whose policies and Services come before its pods, in a namespace that is in use',
    [
      policy(
        'shop/cart-store',
        '  podSelector: {matchLabels: {app: cart-store}}\n  ingress:\n  - from: [{podSelector: {matchLabels: {app: cart}}}]\n    ports: [{port: 6379}]\n',
      ),
      service('shop/cart', 'app: cart', '{port: 80, targetPort: http}'),
      service('shop/cart-store', 'app: cart-store', '{port: 6379, targetPort: store}'),
    ]
      .join('')
      .replaceAll('namespace: shop}', `namespace: shop, ${RELEASE}}`),
    WEB,
    deployment(
      'shop/cart',
      'app: cart',
      '{name: http, containerPort: 8080}',
      '{name: STORE_HOST, value: cart-store}',
    ) + deployment('shop/cart-store', 'app: cart-store', '{name: store, containerPort: 6379}'),
  ),
  world(
    'one more shard of several',
    service('shop/shard-3', 'app: shard-3', '{port: 80}').replace(
      'namespace: shop}',
      `namespace: shop, ${RELEASE}}`,
    ),
    WEB + ['1', '2'].map((n) => deployment(`shop/shard-${n}`, `app: shard-${n}`)).join(''),
    deployment('shop/shard-3', 'app: shard-3'),
  ),
  world(
    'ClusterIP by name and by number',
    [
      service('shop/web', 'app: web', '{port: 80, targetPort: http}'),
      service('shop/web-number', 'app: web', '{port: 8080}'),
    ].join(''),
  ),
  world(
    'headless for a StatefulSet, without ports',
    `---
apiVersion: v1
kind: Service
metadata: {name: peers, namespace: shop}
spec: {clusterIP: None, selector: {app: peer}}
`,
    WEB + statefulSet('shop/peer', 'app: peer'),
  ),
  world(
    'NodePort without isolation',
    service('shop/web', 'app: web', '{port: 80, targetPort: http, nodePort: 30080}', '  type: NodePort\n'),
  ),
  world(
    'internal load balancers of several clouds',
    [
      'service.beta.kubernetes.io/aws-load-balancer-scheme: internal',
      'service.beta.kubernetes.io/aws-load-balancer-internal: "true"',
      'service.beta.kubernetes.io/aws-load-balancer-type: external',
      'networking.gke.io/load-balancer-type: Internal',
      'service.beta.kubernetes.io/azure-load-balancer-internal: "true"',
      'service.beta.kubernetes.io/openstack-internal-load-balancer: "true"',
      'service.beta.kubernetes.io/alibaba-cloud-loadbalancer-address-type: intranet',
      'service.beta.kubernetes.io/oci-load-balancer-internal: "true"',
      'oci-network-load-balancer.oraclecloud.com/internal: "true"',
      'service.beta.kubernetes.io/do-loadbalancer-network: INTERNAL',
      'service.kubernetes.io/ibm-load-balancer-cloud-provider-ip-type: private',
      'service.kubernetes.io/qcloud-loadbalancer-internal-subnetid: subnet-1',
      'load-balancer.hetzner.cloud/disable-public-network: "true"',
      'service.beta.kubernetes.io/azure-allowed-ip-ranges: 198.51.100.0/24',
    ]
      .map((annotation, i) =>
        annotated(
          service(`shop/web-${i}`, 'app: web', '{port: 443, targetPort: http}', '  type: LoadBalancer\n'),
          annotation,
        ),
      )
      .join(''),
  ),
  world(
    'classes whose load balancers are internal',
    ['service.k8s.aws/nlb', 'tailscale', 'networking.gke.io/l4-regional-internal']
      .map((name, i) =>
        service(
          `shop/web-${i}`,
          'app: web',
          '{port: 443, targetPort: http}',
          `  type: LoadBalancer\n  loadBalancerClass: ${name}\n`,
        ),
      )
      .join(''),
  ),
  world(
    'a load balancer for the office',
    service(
      'shop/web',
      'app: web',
      '{port: 443, targetPort: http}',
      '  type: LoadBalancer\n  loadBalancerSourceRanges: [198.51.100.0/24, 203.0.113.7/32]\n',
    ),
  ),
  world(
    'an alias to a database outside',
    `---
apiVersion: v1
kind: Service
metadata: {name: db, namespace: shop}
spec: {type: ExternalName, externalName: shop.cluster-x1.eu-central-1.rds.example.com}
`,
  ),
  world(
    'endpoints by hand outside the cluster',
    `---
apiVersion: v1
kind: Service
metadata: {name: legacy, namespace: shop}
spec: {ports: [{port: 1521}]}
`,
    WEB + endpointSlice('shop/legacy-1', 'legacy', "{name: '', protocol: TCP, port: 1521}", '192.0.2.50'),
  ),
  world(
    'kubelets as monitoring finds them',
    `---
apiVersion: v1
kind: Service
metadata: {name: kubelet, namespace: kube-system}
spec: {clusterIP: None, ports: [{name: https-metrics, port: 10250}]}
`,
    WEB +
      node('node-1', '10.9.0.1') +
      endpointSlice(
        'kube-system/kubelet-1',
        'kubelet',
        '{name: https-metrics, protocol: TCP, port: 10250}',
        '10.9.0.1',
      ),
  ),
  world(
    'a canary beside the stable release, and one Service over both',
    [
      service('shop/shop-web', 'app: shop-web', '{port: 80, targetPort: http}'),
      service('shop/shop-web-stable', 'app: shop-web, track: stable', '{port: 80, targetPort: http}'),
      service('shop/shop-web-canary', 'app: shop-web, track: canary', '{port: 80, targetPort: http}'),
    ].join(''),
    BASE + namespace('shop') + RELEASES.join(''),
  ),
  world(
    'DNS over UDP and TCP in a Service of one number',
    service(
      'shop/resolver',
      'app: resolver',
      '{name: dns, port: 53, protocol: UDP, targetPort: dns}, {name: dns-tcp, port: 53, protocol: TCP, targetPort: dns-tcp}',
    ),
    WEB +
      deployment(
        'shop/resolver',
        'app: resolver',
        '{name: dns, containerPort: 1053, protocol: UDP}, {name: dns-tcp, containerPort: 1053}',
      ),
  ),
  world(
    'a Service and the Ingress that names its port, with a policy for the controller',
    service('shop/web', 'app: web', '{name: http, port: 80, targetPort: http}') +
      policy(
        'shop/web',
        '  podSelector: {matchLabels: {app: web}}\n  ingress:\n  - from: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: ingress-nginx}}, podSelector: {matchLabels: {app.kubernetes.io/name: ingress-nginx}}}]\n    ports: [{port: http}]\n',
      ),
    WEB + ingress('shop/web', 'web', 'http'),
  ),
];
