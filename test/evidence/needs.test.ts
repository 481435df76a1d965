import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { followsCaller, LARGEST_APPLICATION } from '../../src/evidence/application.ts';
import { Evidence } from '../../src/evidence/evidence.ts';
import type { Need } from '../../src/evidence/need.ts';
import { namedClients, needsFrom, needsNamed, needsTo } from '../../src/evidence/needs.ts';
import { workloadText } from '../../src/model/objects.ts';
import type { PodClass } from '../../src/model/snapshot.ts';
import type { Store } from '../../src/model/store.ts';
import { GUESTBOOK } from '../../src/rules/worlds/guestbook.ts';
import { deployment, policy, service } from '../../src/rules/worlds/manifests.ts';
import { simulate } from '../../src/simulate/simulate.ts';
import { changeOf, judgedOf, storeOf } from '../rules/world.ts';

const NOTHING = policy('nowhere/none', '  podSelector: {matchLabels: {none: none}}\n');

function evidenceOf(store: Store): Evidence {
  const simulation = simulate(store, changeOf(store, 'CREATE', NOTHING));
  return new Evidence(simulation, ['kube-system/kube-dns']);
}

function classOf(store: Store, path: string): PodClass {
  const [namespace = '', name] = path.split('/');
  const found = store.spaces
    .get(namespace)
    ?.classes()
    .find(({ workload }) => workload.name === name);
  assert.ok(found, path);
  return found;
}

function text({ from, to, servicePort, protocol, port, grade, source }: Need): string {
  const who = typeof from === 'string' ? from : workloadText(from.workload);
  return `${who} -> ${workloadText(to.workload)} ${servicePort}:${protocol} ${port} ${grade} (${source})`;
}

function toText(store: Store, path: string): string[] {
  return [...needsTo(evidenceOf(store), classOf(store, path))].map(text);
}

const WEB = deployment('shop/web', 'app: web', '{name: http, containerPort: 8080}');
const WEB_SERVICE = service('shop/web', 'app: web', '{port: 80, targetPort: http}');

describe('needs', () => {
  test('a reference in the spec is declared, resolved to the target port', () => {
    const store = storeOf(
      WEB + WEB_SERVICE + deployment('shop/job', 'app: job', '', '{name: WEB_URL, value: "http://web/x"}'),
    );
    const expected = ['shop/job[Deployment] -> shop/web[Deployment] 80:TCP 8080 declared (env WEB_URL)'];
    assert.deepEqual(toText(store, 'shop/web'), expected);
    assert.deepEqual([...needsFrom(evidenceOf(store), classOf(store, 'shop/job'))].map(text), expected);
  });

  test('a reference into another namespace is a need of its client', () => {
    const store = storeOf(
      WEB + WEB_SERVICE + deployment('jobs/job', 'app: job', '', '{name: WEB_HOST, value: web.shop}'),
    );
    assert.deepEqual([...needsFrom(evidenceOf(store), classOf(store, 'jobs/job'))].map(text), [
      'jobs/job[Deployment] -> shop/web[Deployment] 80:TCP 8080 declared (env WEB_HOST)',
    ]);
  });

  test('a name that is no Service is no need', () => {
    const store = storeOf(WEB + deployment('shop/job', 'app: job', '', '{name: WEB_HOST, value: web}'));
    assert.deepEqual([...needsFrom(evidenceOf(store), classOf(store, 'shop/job'))], []);
  });

  test('one application: a follower needs its leader, not the other way round', () => {
    const store = storeOf(GUESTBOOK);
    assert.deepEqual(toText(store, 'default/redis-master'), [
      'default/redis-slave[Deployment] -> default/redis-master[Deployment] 6379:TCP 6379 likely (replication: both are app=redis)',
    ]);
    assert.deepEqual(toText(store, 'default/redis-slave'), []);
  });

  test('an application label that everybody carries says nothing', () => {
    const many = Array.from({ length: LARGEST_APPLICATION + 1 }, (_, i) =>
      deployment(`shop/w${i}`, `app: all, part: p${i}`),
    );
    const store = storeOf(`${many.join('')}${service('shop/w0', 'part: p0', '{port: 80}')}`);
    assert.deepEqual(toText(store, 'shop/w0'), []);
    const fewer = storeOf(`${many.slice(1).join('')}${service('shop/w1', 'part: p1', '{port: 80}')}`);
    assert.equal(toText(fewer, 'shop/w1').length, LARGEST_APPLICATION - 1);
  });

  test('an Ingress needs its back end, from the controller where it is known', () => {
    const ingress = `---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: web, namespace: shop}
spec: {defaultBackend: {service: {name: web, port: {number: 80}}}}
`;
    const unseen = storeOf(WEB + WEB_SERVICE + ingress);
    assert.deepEqual(toText(unseen, 'shop/web'), [
      'ingress-controller -> shop/web[Deployment] 80:TCP 8080 declared (Ingress shop/web)',
    ]);
    const controller = deployment('ingress-nginx/controller', 'app.kubernetes.io/name: ingress-nginx');
    const seen = storeOf(WEB + WEB_SERVICE + ingress + controller);
    assert.deepEqual(toText(seen, 'shop/web'), [
      'ingress-nginx/controller[Deployment] -> shop/web[Deployment] 80:TCP 8080 declared (Ingress shop/web)',
    ]);
  });

  test('a load balancer is for the outside', () => {
    const store = storeOf(`${WEB}${WEB_SERVICE}  type: LoadBalancer\n`);
    assert.deepEqual(toText(store, 'shop/web'), [
      'outside -> shop/web[Deployment] 80:TCP 8080 declared (Service shop/web of type LoadBalancer)',
    ]);
  });

  test('a policy that names a client declares its need', () => {
    const store = storeOf(WEB + deployment('shop/job', 'app: job'));
    const named = judgedOf(
      policy(
        'shop/web',
        '  podSelector: {matchLabels: {app: web}}\n  ingress: [{from: [{podSelector: {matchLabels: {app: job}}}], ports: [{port: http}]}]\n',
      ),
    );
    assert.equal(named.kind, 'NetworkPolicy');
    if (named.kind !== 'NetworkPolicy') return;
    const clients = namedClients(evidenceOf(store).view, named);
    assert.deepEqual([...needsNamed(clients, classOf(store, 'shop/web'))].map(text), [
      'shop/job[Deployment] -> shop/web[Deployment] 8080:TCP 8080 declared (NetworkPolicy shop/web spec.ingress[0].from[0])',
    ]);
  });
});

test('followsCaller knows leaders and followers by whole words', () => {
  const named = (name: string) => ({ workload: { namespace: 'a', kind: 'Deployment', name } }) as PodClass;
  assert.equal(followsCaller(named('redis-master'), named('redis-slave')), true);
  assert.equal(followsCaller(named('redis-slave'), named('redis-master')), false);
  assert.equal(followsCaller(named('webmaster'), named('redis-slave')), false);
});
