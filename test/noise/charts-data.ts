/** Policies and Services as charts of databases and queues usually make them. */
import { deployment, policy, service } from '../../src/rules/worlds/manifests.ts';
import { BASE, DNS_EGRESS, FROM_PROMETHEUS, type NoiseWorld, namespace, statefulSet } from './world.ts';

const labels = (name: string, component = ''): string =>
  `app.kubernetes.io/name: ${name}, app.kubernetes.io/instance: ${name}${component === '' ? '' : `, app.kubernetes.io/component: ${component}`}`;
const DATA = BASE + namespace('data') + namespace('apps', 'data-client: "true"');
const HEADLESS = '  clusterIP: None\n  publishNotReadyAddresses: true\n';
const SELECT = (name: string): string => `  podSelector: {matchLabels: {${labels(name)}}}\n`;

/** What most charts of this kind make: clients by label, the replicas among themselves, metrics, DNS. */
const chartPolicy = (name: string, ports: string, peerPorts: string, metrics: number): string =>
  policy(
    `data/${name}`,
    `${SELECT(name)}  policyTypes: [Ingress, Egress]
  ingress:
  - from:
    - podSelector: {matchLabels: {${name}-client: "true"}}
    - namespaceSelector: {matchLabels: {data-client: "true"}}
      podSelector: {matchLabels: {${name}-client: "true"}}
    - podSelector: {matchLabels: {${labels(name)}}}
    ports: [${ports}]
  - from: [${FROM_PROMETHEUS}]
    ports: [{port: ${metrics}}]
  egress:
  - to: [{podSelector: {matchLabels: {${labels(name)}}}}]
    ports: [${peerPorts}]
${DNS_EGRESS}`,
  );
const client = (name: string, env: string): string =>
  deployment(`apps/uses-${name}`, `app: uses-${name}, ${name}-client: "true"`, '', env);

export const DATA_CHARTS: readonly NoiseWorld[] = [
  {
    name: 'redis, replicated',
    cluster: [
      DATA,
      statefulSet('data/redis-master', labels('redis', 'master'), '{name: redis, containerPort: 6379}'),
      statefulSet(
        'data/redis-replicas',
        labels('redis', 'replica'),
        '{name: redis, containerPort: 6379}',
        '{name: REDIS_MASTER_HOST, value: redis-master.data.svc.cluster.local}',
      ),
      client('redis', '{name: REDIS_URL, value: "redis://redis-master.data:6379"}'),
    ].join(''),
    manifests: [
      service(
        'data/redis-headless',
        labels('redis'),
        '{name: tcp-redis, port: 6379, targetPort: redis}',
        HEADLESS,
      ),
      service(
        'data/redis-master',
        labels('redis', 'master'),
        '{name: tcp-redis, port: 6379, targetPort: redis}',
      ),
      service(
        'data/redis-replicas',
        labels('redis', 'replica'),
        '{name: tcp-redis, port: 6379, targetPort: redis}',
      ),
      chartPolicy('redis', '{port: 6379}', '{port: 6379}', 9121),
    ].join(''),
  },
  {
    name: 'postgresql with read replicas and an exporter',
    cluster: [
      DATA,
      statefulSet(
        'data/postgresql-primary',
        labels('postgresql', 'primary'),
        '{name: tcp-postgresql, containerPort: 5432}, {name: http-metrics, containerPort: 9187}',
      ),
      statefulSet(
        'data/postgresql-read',
        labels('postgresql', 'read'),
        '{name: tcp-postgresql, containerPort: 5432}',
        '{name: POSTGRES_MASTER_HOST, value: postgresql-primary}',
      ),
      client('postgresql', '{name: DB_HOST, value: postgresql-primary.data.svc}'),
    ].join(''),
    manifests: [
      service(
        'data/postgresql-primary',
        labels('postgresql', 'primary'),
        '{name: tcp-postgresql, port: 5432, targetPort: tcp-postgresql}',
      ),
      service(
        'data/postgresql-primary-hl',
        labels('postgresql', 'primary'),
        '{name: tcp-postgresql, port: 5432, targetPort: tcp-postgresql}',
        HEADLESS,
      ),
      service(
        'data/postgresql-read',
        labels('postgresql', 'read'),
        '{name: tcp-postgresql, port: 5432, targetPort: tcp-postgresql}',
      ),
      service(
        'data/postgresql-metrics',
        labels('postgresql', 'primary'),
        '{name: http-metrics, port: 9187, targetPort: http-metrics}',
      ),
      chartPolicy('postgresql', '{port: 5432}', '{port: 5432}', 9187),
    ].join(''),
  },
  {
    name: 'mariadb for one application of the namespace',
    cluster: [
      DATA,
      statefulSet('data/mariadb', labels('mariadb'), '{name: mysql, containerPort: 3306}'),
      deployment(
        'data/wordpress',
        labels('wordpress'),
        '{name: http, containerPort: 8080}',
        '{name: MARIADB_HOST, value: mariadb}',
      ),
    ].join(''),
    manifests: [
      service('data/mariadb', labels('mariadb'), '{name: mysql, port: 3306, targetPort: mysql}'),
      service('data/wordpress', labels('wordpress'), '{name: http, port: 80, targetPort: http}'),
      policy(
        'data/mariadb',
        `${SELECT('mariadb')}  ingress:\n  - from: [{podSelector: {matchLabels: {${labels('wordpress')}}}}]\n    ports: [{port: mysql}]\n`,
      ),
    ].join(''),
  },
  {
    name: 'mongodb, a replica set',
    cluster: DATA + statefulSet('data/mongodb', labels('mongodb'), '{name: mongodb, containerPort: 27017}'),
    manifests: [
      service(
        'data/mongodb-headless',
        labels('mongodb'),
        '{name: mongodb, port: 27017, targetPort: mongodb}',
        HEADLESS,
      ),
      chartPolicy('mongodb', '{port: 27017}', '{port: 27017}', 9216),
    ].join(''),
  },
  {
    name: 'rabbitmq, clustered',
    cluster:
      DATA +
      statefulSet(
        'data/rabbitmq',
        labels('rabbitmq'),
        '{name: epmd, containerPort: 4369}, {name: amqp, containerPort: 5672}, {name: dist, containerPort: 25672}, {name: stats, containerPort: 15672}',
      ) +
      client('rabbitmq', '{name: AMQP_URL, value: "amqp://rabbitmq.data:5672"}'),
    manifests: [
      service(
        'data/rabbitmq-headless',
        labels('rabbitmq'),
        '{name: epmd, port: 4369, targetPort: epmd}, {name: dist, port: 25672, targetPort: dist}',
        HEADLESS,
      ),
      service(
        'data/rabbitmq',
        labels('rabbitmq'),
        '{name: amqp, port: 5672, targetPort: amqp}, {name: http-stats, port: 15672, targetPort: stats}',
      ),
      chartPolicy(
        'rabbitmq',
        '{port: 4369}, {port: 5672}, {port: 25672}, {port: 15672}',
        '{port: 4369}, {port: 25672}',
        9419,
      ),
    ].join(''),
  },
  {
    name: 'kafka with controllers and brokers',
    cluster: [
      DATA,
      statefulSet(
        'data/kafka-controller',
        labels('kafka', 'controller'),
        '{name: controller, containerPort: 9093}, {name: interbroker, containerPort: 9094}',
      ),
      statefulSet(
        'data/kafka-broker',
        labels('kafka', 'broker'),
        '{name: client, containerPort: 9092}, {name: interbroker, containerPort: 9094}',
        '{name: KAFKA_CONTROLLER_HOST, value: "kafka-controller-headless:9093"}',
      ),
      client('kafka', '{name: BOOTSTRAP_SERVERS, value: "kafka.data:9092"}'),
    ].join(''),
    manifests: [
      service(
        'data/kafka-controller-headless',
        labels('kafka', 'controller'),
        '{name: tcp-controller, port: 9093, targetPort: controller}',
        HEADLESS,
      ),
      service('data/kafka', labels('kafka', 'broker'), '{name: tcp-client, port: 9092, targetPort: client}'),
      chartPolicy(
        'kafka',
        '{port: 9092}, {port: 9093}, {port: 9094}',
        '{port: 9093}, {port: 9094}, {port: 9092}',
        5556,
      ),
    ].join(''),
  },
  {
    name: 'zookeeper',
    cluster:
      DATA +
      statefulSet(
        'data/zookeeper',
        labels('zookeeper'),
        '{name: client, containerPort: 2181}, {name: follower, containerPort: 2888}, {name: election, containerPort: 3888}',
      ),
    manifests: [
      service(
        'data/zookeeper-headless',
        labels('zookeeper'),
        '{name: tcp-client, port: 2181, targetPort: client}, {name: tcp-follower, port: 2888, targetPort: follower}, {name: tcp-election, port: 3888, targetPort: election}',
        HEADLESS,
      ),
      service('data/zookeeper', labels('zookeeper'), '{name: tcp-client, port: 2181, targetPort: client}'),
      policy(
        'data/zookeeper',
        `${SELECT('zookeeper')}  ingress:
  - ports: [{port: 2181}]
  - from: [{podSelector: {matchLabels: {${labels('zookeeper')}}}}]
    ports: [{port: 2888}, {port: 3888}]
`,
      ),
    ].join(''),
  },
  {
    name: 'elasticsearch, masters and data nodes, with kibana',
    cluster: [
      DATA,
      ...['master', 'data'].map((role) =>
        statefulSet(
          `data/elasticsearch-${role}`,
          labels('elasticsearch', role),
          '{name: rest-api, containerPort: 9200}, {name: transport, containerPort: 9300}',
        ),
      ),
      deployment(
        'data/kibana',
        labels('kibana'),
        '{name: http, containerPort: 5601}',
        '{name: ELASTICSEARCH_HOSTS, value: "http://elasticsearch:9200"}',
      ),
    ].join(''),
    manifests: [
      service(
        'data/elasticsearch-master-hl',
        labels('elasticsearch', 'master'),
        '{name: tcp-rest-api, port: 9200, targetPort: rest-api}, {name: tcp-transport, port: 9300, targetPort: transport}',
        HEADLESS,
      ),
      service(
        'data/elasticsearch',
        labels('elasticsearch', 'data'),
        '{name: tcp-rest-api, port: 9200, targetPort: rest-api}',
      ),
      service('data/kibana', labels('kibana'), '{name: http, port: 5601, targetPort: http}'),
      policy(
        'data/elasticsearch',
        `${SELECT('elasticsearch')}  ingress:
  - from: [{podSelector: {matchLabels: {${labels('elasticsearch')}}}}, {podSelector: {matchLabels: {${labels('kibana')}}}}]
    ports: [{port: 9200}]
  - from: [{podSelector: {matchLabels: {${labels('elasticsearch')}}}}]
    ports: [{port: 9300}]
`,
      ),
    ].join(''),
  },
  {
    name: 'nats, clustered',
    cluster:
      DATA +
      statefulSet(
        'data/nats',
        labels('nats'),
        '{name: nats, containerPort: 4222}, {name: cluster, containerPort: 6222}, {name: monitor, containerPort: 8222}',
      ),
    manifests: [
      service('data/nats', labels('nats'), '{name: nats, port: 4222, targetPort: nats}'),
      service(
        'data/nats-headless',
        labels('nats'),
        '{name: nats, port: 4222, targetPort: nats}, {name: cluster, port: 6222, targetPort: cluster}, {name: monitor, port: 8222, targetPort: monitor}',
        HEADLESS,
      ),
      policy(
        'data/nats',
        `${SELECT('nats')}  ingress:
  - ports: [{port: nats}]
  - from: [{podSelector: {matchLabels: {${labels('nats')}}}}]
    ports: [{port: cluster}]
  - from: [${FROM_PROMETHEUS}, {podSelector: {matchLabels: {${labels('nats')}}}}]
    ports: [{port: monitor}]
`,
      ),
    ].join(''),
  },
  {
    name: 'memcached and minio, without policies',
    cluster: [
      DATA,
      statefulSet('data/memcached', labels('memcached'), '{name: memcache, containerPort: 11211}'),
      deployment(
        'data/minio',
        labels('minio'),
        '{name: api, containerPort: 9000}, {name: console, containerPort: 9001}',
      ),
    ].join(''),
    manifests: [
      service(
        'data/memcached',
        labels('memcached'),
        '{name: memcache, port: 11211, targetPort: memcache}',
        '  clusterIP: None\n',
      ),
      service(
        'data/minio',
        labels('minio'),
        '{name: tcp-api, port: 9000, targetPort: api}, {name: tcp-console, port: 9001, targetPort: console}',
      ),
    ].join(''),
  },
];
