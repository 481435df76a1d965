import { pod, policy } from './manifests.ts';

/** A server, and clients of two regions, with addresses. */
export const REGIONS = [
  pod('demo/server', 'app: server', '10.1.0.5'),
  pod('demo/client-east', 'region: us-east', '10.1.0.6'),
  pod('demo/client-west', 'region: us-west', '10.1.0.7'),
].join('');

/** Both regions by address, but for one client. */
export const EXCEPT_ONE_CLIENT = policy(
  'demo/regions',
  `  podSelector: {matchLabels: {app: server}}
  ingress:
  - from:
    - ipBlock: {cidr: 10.1.0.0/16, except: [10.1.0.7/32]}
    ports: [{port: 8888}]
`,
);

/** The same by label and address: the label lets the excepted client in again. */
export const EXCEPT_AND_LABELS = policy(
  'demo/regions',
  `  podSelector: {matchLabels: {app: server}}
  ingress:
  - from:
    - podSelector: {matchExpressions: [{key: region, operator: In, values: [us-east, us-west]}]}
    - ipBlock: {cidr: 10.1.0.0/16, except: [10.1.0.7/32]}
    ports: [{port: 8888}]
`,
);

export const ALLOW_ALL = policy(
  'demo/allow-all',
  `  podSelector: {}
  policyTypes: [Ingress, Egress]
  ingress: [{}]
  egress: [{}]
`,
);
