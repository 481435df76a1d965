/** What Prometheus is told to scrape, and whether a change cuts it. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { monitorsOf, scrapeCuts, scrapesOf } from '../../src/evidence/scrapes.ts';
import { labelsOf } from '../../src/model/labels.ts';
import { overlay } from '../../src/model/overlay.ts';
import { isScraper } from '../../src/model/scraper.ts';
import { deployment, policy, service } from '../../src/rules/worlds/manifests.ts';
import { simulate } from '../../src/simulate/simulate.ts';
import { changeOf, storeOf } from '../rules/world.ts';

const WEB = deployment(
  'shop/web',
  'app: web',
  '{name: http, containerPort: 8080}, {name: metrics, containerPort: 9102}, {name: dns, containerPort: 53, protocol: UDP}',
);
const SERVICE = service(
  'shop/web',
  'app: web',
  '{name: http, port: 80, targetPort: http}, {name: metrics, port: 81, targetPort: metrics}',
).replace('namespace: shop}', 'namespace: shop, labels: {team: web}}');
const ANNOTATIONS = (more = ''): string => `annotations: {prometheus.io/scrape: "true"${more}}`;
const annotated = (more?: string): string =>
  WEB.replace('metadata: {labels: {app: web}}', `metadata: {labels: {app: web}, ${ANNOTATIONS(more)}}`);
const monitor = (kind: 'ServiceMonitor' | 'PodMonitor', spec: string, namespace = 'shop'): string => `---
apiVersion: monitoring.coreos.com/v1
kind: ${kind}
metadata: {name: m, namespace: ${namespace}}
spec: ${spec}
`;
const services = (spec: string, namespace?: string): string => monitor('ServiceMonitor', spec, namespace);
const pods = (spec: string, namespace?: string): string => monitor('PodMonitor', spec, namespace);

describe('what is scraped', () => {
  const scrapes = (cluster: string): string[] => {
    const store = storeOf(cluster);
    const view = overlay(store, []);
    const space = store.spaces.get('shop');
    assert.ok(space);
    return view
      .classes(space)
      .flatMap((podClass) => scrapesOf(view, podClass, monitorsOf(view, 'shop')))
      .map(({ port, source }) => `${port} ${source}`);
  };
  const cases: readonly [string, string, string[]][] = [
    ['nothing', WEB + SERVICE, []],
    [
      'the annotated port',
      annotated(', prometheus.io/port: "9000"'),
      ['9000 annotation prometheus.io/scrape'],
    ],
    [
      'without a port all declared TCP ports',
      annotated(),
      ['8080 annotation prometheus.io/scrape', '9102 annotation prometheus.io/scrape'],
    ],
    [
      'an annotated Service',
      WEB + SERVICE.replace('labels: {team', `${ANNOTATIONS(', prometheus.io/port: "9102"')}, labels: {team`),
      ['9102 annotation prometheus.io/scrape of Service shop/web'],
    ],
    [
      "a Service's port by name, to its target",
      WEB + SERVICE + services('{selector: {matchLabels: {team: web}}, endpoints: [{port: metrics}]}'),
      ['9102 ServiceMonitor shop/m'],
    ],
    [
      'a target port of the pods',
      WEB +
        SERVICE +
        services(
          '{selector: {matchLabels: {team: web}}, endpoints: [{targetPort: 9000}, {targetPort: http}]}',
        ),
      ['8080 ServiceMonitor shop/m', '9000 ServiceMonitor shop/m'],
    ],
    [
      'a Service of other labels',
      WEB + SERVICE + services('{selector: {matchLabels: {team: db}}, endpoints: [{port: metrics}]}'),
      [],
    ],
    [
      'another namespace',
      WEB + SERVICE + services('{selector: {}, endpoints: [{port: metrics}]}', 'other'),
      [],
    ],
    [
      'another namespace that looks here',
      WEB +
        SERVICE +
        services(
          '{selector: {}, namespaceSelector: {matchNames: [shop]}, endpoints: [{port: metrics}]}',
          'other',
        ),
      ['9102 ServiceMonitor other/m'],
    ],
    [
      'pods by their labels, from anywhere',
      WEB +
        pods(
          '{selector: {matchLabels: {app: web}}, namespaceSelector: {any: true}, podMetricsEndpoints: [{port: metrics}, {portNumber: 9000}]}',
          'x',
        ),
      ['9000 PodMonitor x/m', '9102 PodMonitor x/m'],
    ],
    [
      'pods of other labels',
      WEB + pods('{selector: {matchLabels: {app: db}}, podMetricsEndpoints: [{port: metrics}]}'),
      [],
    ],
    [
      'an invalid selector',
      WEB + pods('{selector: {matchLabels: [x]}, podMetricsEndpoints: [{port: metrics}]}'),
      [],
    ],
  ];
  for (const [title, cluster, expected] of cases) {
    test(title, () => assert.deepEqual(scrapes(cluster), expected));
  }

  test('a label that only a PodMonitor asks for tells pods apart', () => {
    const pod = (name: string, track: string): string => `---
apiVersion: v1
kind: Pod
metadata: {name: ${name}, namespace: shop, labels: {app: w, track: ${track}}, ownerReferences: [{apiVersion: apps/v1, kind: StatefulSet, name: w, uid: u, controller: true}]}
spec: {containers: [{name: main, image: example/main}]}
`;
    const both = pod('w-0', 'a') + pod('w-1', 'b');
    const asks = pods('{selector: {matchLabels: {track: b}}, podMetricsEndpoints: [{portNumber: 9000}]}');
    assert.equal(storeOf(both).spaces.get('shop')?.classes().length, 1);
    const store = storeOf(both + asks);
    assert.equal(store.spaces.get('shop')?.classes().length, 2);
    assert.deepEqual(scrapes(both + asks), ['9000 PodMonitor shop/m']);
    store.removeMonitor('PodMonitor', 'shop', 'm');
    assert.equal(store.monitors.size, 0);
  });
});

test('who scrapes', () => {
  const is = (labels: Record<string, string>): boolean => isScraper(labelsOf(Object.entries(labels)));
  const name = 'app.kubernetes.io/name';
  assert.deepEqual(
    [
      is({ [name]: 'prometheus' }),
      is({ app: 'prometheus', component: 'server' }),
      is({ app: 'prometheus', component: 'node-exporter' }),
      is({ [name]: 'prometheus', 'app.kubernetes.io/component': 'alertmanager' }),
      is({ [name]: 'prometheus-node-exporter' }),
      is({ app: 'web' }),
    ],
    [true, true, false, false, false, false],
  );
});

describe('what is cut', () => {
  const PROMETHEUS = (namespace: string): string => deployment(`${namespace}/prometheus`, 'app: prometheus');
  const FROM = (ingress: string, name = 'web'): string =>
    policy(`shop/${name}`, `  podSelector: {matchLabels: {app: web}}\n  ingress: [${ingress}]\n`);
  const one = PROMETHEUS('monitoring') + annotated(', prometheus.io/port: "9102"');
  const cuts = (cluster: string, manifest: string, budget?: number) => {
    const store = storeOf(cluster);
    const simulation = simulate(
      store,
      changeOf(store, 'CREATE', manifest),
      budget === undefined ? {} : { budget },
    );
    return {
      skipped: simulation.budget.skipped,
      found: scrapeCuts(simulation).map(
        ({ scrapers, port }) => `${scrapers.map(({ workload }) => workload.namespace)} ${port}`,
      ),
    };
  };
  const LETS_IN = '{from: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: monitoring}}}]}';
  const cases: readonly [string, string, string, string[]][] = [
    ['nobody is let in', one, FROM(''), ['monitoring 9102']],
    ['another port', one, FROM('{ports: [{port: 8080}]}'), ['monitoring 9102']],
    ['Prometheus is let in', one, FROM(LETS_IN), []],
    ['one of two', one + PROMETHEUS('second'), FROM(LETS_IN), []],
    ['neither of two', one + PROMETHEUS('second'), FROM(''), ['monitoring,second 9102']],
    ['another policy lets it in', one + FROM('{}', 'all'), FROM(''), []],
    ['it was cut before', one + FROM('', 'none'), FROM(''), []],
    ['no Prometheus', annotated(), FROM(''), []],
  ];
  for (const [title, cluster, manifest, expected] of cases) {
    test(title, () => assert.deepEqual(cuts(cluster, manifest).found, expected));
  }

  test('a Prometheus that is gone is forgotten', () => {
    const store = storeOf(one);
    assert.equal(store.scrapers.size, 1);
    store.removePod('monitoring', 'prometheus');
    assert.equal(store.scrapers.size, 0);
  });

  test('past the budget it says so', () => {
    assert.deepEqual(cuts(one, FROM(''), 1), { found: [], skipped: ['some of what Prometheus scrapes'] });
  });
});
