/** The policies that everybody copies, each where it does no harm. */
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
} from './world.ts';

/** web → api → db, reached through an Ingress. */
const SHOP = [
  BASE,
  namespace('shop', 'team: shop'),
  deployment(
    'shop/web',
    'app: web',
    '{name: http, containerPort: 8080}',
    '{name: API_URL, value: "http://api:8000"}',
  ),
  deployment(
    'shop/api',
    'app: api',
    '{name: http, containerPort: 8000}',
    '{name: DB_URL, value: "postgres://db:5432/shop"}',
  ),
  statefulSet('shop/db', 'app: db', '{name: sql, containerPort: 5432}'),
  service('shop/web', 'app: web', '{port: 80, targetPort: http}'),
  service('shop/api', 'app: api', '{port: 8000}'),
  service('shop/db', 'app: db', '{port: 5432}'),
  ingress('shop/shop', 'web', 80),
].join('');

const DENY_INGRESS = policy('shop/default-deny-ingress', '  podSelector: {}\n  policyTypes: [Ingress]\n');
const DENY_ALL = policy('shop/default-deny-all', '  podSelector: {}\n  policyTypes: [Ingress, Egress]\n');
const ALLOW_DNS = policy(
  'shop/allow-dns',
  `  podSelector: {}\n  policyTypes: [Egress]\n  egress:\n${DNS_EGRESS}`,
);
const from = (app: string, port: number | string): string =>
  `  ingress:\n  - from: [{podSelector: {matchLabels: {app: ${app}}}}]\n    ports: [{port: ${port}}]\n`;
const INGRESS_RULES = [
  policy(
    'shop/web-from-ingress',
    `  podSelector: {matchLabels: {app: web}}\n  ingress:\n  - from: [{${FROM_INGRESS}}]\n    ports: [{port: http}]\n`,
  ),
  policy('shop/api-from-web', `  podSelector: {matchLabels: {app: api}}\n${from('web', 8000)}`),
  policy('shop/db-from-api', `  podSelector: {matchLabels: {app: db}}\n${from('api', 5432)}`),
].join('');
const egressTo = (app: string, to: string, port: number): string =>
  policy(
    `shop/${app}-to-${to}`,
    `  podSelector: {matchLabels: {app: ${app}}}
  policyTypes: [Egress]
  egress:
  - to: [{podSelector: {matchLabels: {app: ${to}}}}]
    ports: [{port: ${port}}]
`,
  );

/** A single application with clients elsewhere. */
const BOOKS = [
  BASE,
  namespace('books'),
  namespace('prod', 'purpose: production'),
  deployment('books/api', 'app: bookstore, role: api', '{name: http, containerPort: 5000}'),
  deployment('books/search', 'app: bookstore, role: search'),
  deployment('prod/client', 'app: client, type: monitoring'),
  service('books/api', 'app: bookstore, role: api', '{port: 80, targetPort: 5000}'),
].join('');

const books = (name: string, ingressRules: string, cluster = BOOKS): NoiseWorld => ({
  name,
  cluster,
  manifests: policy(
    `books/${name.replaceAll(' ', '-')}`,
    `  podSelector: {matchLabels: {app: bookstore, role: api}}\n  ingress:\n${ingressRules}`,
  ),
});

export const RECIPES: readonly NoiseWorld[] = [
  { name: 'default deny first, then the allows', cluster: SHOP, manifests: DENY_INGRESS + INGRESS_RULES },
  { name: 'the allows first, then default deny', cluster: SHOP, manifests: INGRESS_RULES + DENY_INGRESS },
  {
    name: 'allows in both directions and DNS, then default deny for both',
    cluster: SHOP,
    manifests: [
      INGRESS_RULES,
      ALLOW_DNS,
      egressTo('web', 'api', 8000),
      egressTo('api', 'db', 5432),
      DENY_ALL,
    ].join(''),
  },
  {
    name: 'default deny for both first',
    cluster: SHOP,
    manifests: [
      DENY_ALL,
      ALLOW_DNS,
      INGRESS_RULES,
      egressTo('web', 'api', 8000),
      egressTo('api', 'db', 5432),
    ].join(''),
  },
  {
    name: 'default deny in an empty namespace',
    cluster: BASE + namespace('shop'),
    manifests: DENY_ALL + ALLOW_DNS,
  },
  {
    name: 'deny from other namespaces, the ingress controller let in',
    cluster: SHOP,
    manifests: policy(
      'shop/own-namespace',
      `  podSelector: {}\n  ingress:\n  - from: [{podSelector: {}}, {${FROM_INGRESS}}]\n`,
    ),
  },
  {
    name: 'deny from other namespaces where nobody comes from there',
    cluster: BOOKS,
    manifests: policy('books/own', '  podSelector: {}\n  ingress: [{from: [{podSelector: {}}]}]\n'),
  },
  {
    name: 'deny all to an application nobody uses',
    cluster: BASE + deployment('books/web', 'app: web') + service('books/web', 'app: web', '{port: 80}'),
    manifests: policy('books/web-deny-all', '  podSelector: {matchLabels: {app: web}}\n  ingress: []\n'),
  },
  books('limit to the application', '  - from: [{podSelector: {matchLabels: {app: bookstore}}}]\n'),
  books('allow from all namespaces', '  - from: [{namespaceSelector: {}}]\n'),
  books(
    'allow from a namespace by label',
    '  - from: [{podSelector: {}}, {namespaceSelector: {matchLabels: {purpose: production}}}]\n',
  ),
  books(
    'allow from a namespace by name',
    '  - from: [{podSelector: {}}, {namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: prod}}}]\n',
  ),
  books(
    'allow some pods of another namespace',
    '  - from:\n    - podSelector: {matchLabels: {app: bookstore}}\n    - namespaceSelector: {matchLabels: {purpose: production}}\n      podSelector: {matchLabels: {type: monitoring}}\n',
  ),
  books(
    'allow on a port',
    '  - ports: [{port: 5000}]\n    from: [{podSelector: {matchLabels: {role: search}}}]\n',
  ),
  books(
    'allow on a port for everybody in the cluster',
    '  - ports: [{port: 5000}]\n    from: [{namespaceSelector: {}}]\n',
  ),
  books(
    'allow several clients',
    '  - from:\n    - podSelector: {matchLabels: {app: bookstore, role: search}}\n    - podSelector: {matchLabels: {app: bookstore, role: api}}\n',
  ),
  books(
    'allow from office addresses',
    '  - from: [{podSelector: {}}, {ipBlock: {cidr: 198.51.100.0/24, except: [198.51.100.128/25]}}]\n',
  ),
  {
    name: 'allow external traffic to a front end behind an internal load balancer',
    cluster: BASE + deployment('books/web', 'app: web', '{name: http, containerPort: 8080}'),
    manifests:
      service(
        'books/web',
        'app: web',
        '{port: 80, targetPort: http}',
        '  type: LoadBalancer\n  loadBalancerSourceRanges: [198.51.100.0/24]\n',
      ) +
      policy(
        'books/web-allow-external',
        '  podSelector: {matchLabels: {app: web}}\n  ingress:\n  - ports: [{port: 8080}]\n',
      ),
  },
  {
    name: 'deny egress but DNS for a job',
    cluster: SHOP + deployment('shop/report', 'app: report'),
    manifests: policy(
      'shop/report-egress',
      `  podSelector: {matchLabels: {app: report}}\n  policyTypes: [Egress]\n  egress:\n${DNS_EGRESS}`,
    ),
  },
  {
    name: 'egress inside the cluster only',
    cluster: SHOP,
    manifests: policy(
      'shop/no-internet',
      '  podSelector: {matchLabels: {app: api}}\n  policyTypes: [Egress]\n  egress:\n  - to: [{namespaceSelector: {}}]\n',
    ),
  },
  {
    name: 'egress to the internet without private networks',
    cluster: SHOP + deployment('shop/fetcher', 'app: fetcher'),
    manifests: policy(
      'shop/fetcher',
      `  podSelector: {matchLabels: {app: fetcher}}
  policyTypes: [Egress]
  egress:
${DNS_EGRESS}  - to: [{ipBlock: {cidr: 0.0.0.0/0, except: [10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16, 169.254.0.0/16]}}]
    ports: [{port: 443}]
`,
    ),
  },
  {
    name: 'egress of an operator to the API server',
    cluster: BASE + deployment('operators/operator', 'app: operator'),
    manifests: policy(
      'operators/operator',
      `  podSelector: {matchLabels: {app: operator}}
  policyTypes: [Egress]
  egress:
${DNS_EGRESS}  - to: [{ipBlock: {cidr: 203.0.113.10/32}}]
    ports: [{port: 443}, {port: 6443}]
`,
    ),
  },
  {
    name: 'metrics for Prometheus beside what was allowed',
    cluster: SHOP + INGRESS_RULES,
    manifests: policy(
      'shop/metrics',
      `  podSelector: {}\n  ingress:\n  - from: [${FROM_PROMETHEUS}]\n    ports: [{port: 9090}, {port: 8080}]\n`,
    ),
  },
  {
    name: 'a tenant: its own pods, DNS, the ingress controller, Prometheus',
    cluster: SHOP,
    manifests: policy(
      'shop/tenant',
      `  podSelector: {}
  policyTypes: [Ingress, Egress]
  ingress:
  - from: [{podSelector: {}}, {${FROM_INGRESS}}, ${FROM_PROMETHEUS}]
  egress:
  - to: [{podSelector: {}}]
${DNS_EGRESS}`,
    ),
  },
];
