import { deployment, policy, service } from './manifests.ts';

/** The guestbook of the Kubernetes tutorials: a front end, a leader, two replicas, and a stray pod. */
export const GUESTBOOK = [
  deployment('default/guestbook', 'app: guestbook', '{name: http-server, containerPort: 3000}'),
  deployment('default/redis-master', 'app: redis, role: master', '{name: redis-server, containerPort: 6379}'),
  deployment('default/redis-slave', 'app: redis, role: slave', '{name: redis-server, containerPort: 6379}'),
  deployment('default/busybox', 'run: busybox'),
  service('default/redis-master', 'app: redis, role: master', '{port: 6379, targetPort: redis-server}'),
  service('default/redis-slave', 'app: redis, role: slave', '{port: 6379, targetPort: redis-server}'),
  service(
    'default/guestbook',
    'app: guestbook',
    '{port: 3000, targetPort: http-server, nodePort: 30347}',
    '  type: LoadBalancer\n',
  ),
].join('');

/** What everybody writes first: redis for the guestbook alone. */
export const REDIS_FOR_GUESTBOOK = policy(
  'default/redis',
  `  podSelector: {matchLabels: {app: redis}}
  ingress:
  - from:
    - podSelector: {matchLabels: {app: guestbook}}
`,
);

/** The same, with redis itself let in. */
export const REDIS_FOR_BOTH = `${REDIS_FOR_GUESTBOOK}    - podSelector: {matchLabels: {app: redis}}
`;
