import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { DEFAULT_RULES_CONFIG } from '../../src/decision/enforcement.ts';
import { judge } from '../../src/decision/judge.ts';
import type { Workload } from '../../src/model/objects.ts';
import { overlay } from '../../src/model/overlay.ts';
import {
  ALL_CONNECTIONS,
  connectionsOf,
  subtractConnections,
  uniteConnections,
} from '../../src/netset/connections.ts';
import { portRange } from '../../src/netset/ports.ts';
import { commandText, compareSentences, portsText, sortedTexts } from '../../src/rules/text.ts';
import { deployment, pod, policy, service } from '../../src/rules/worlds/manifests.ts';
import { changeOf, rawObjects, storeOf } from './world.ts';

test('names are sorted, and each is said once', () => {
  assert.deepEqual(sortedTexts(['b', 'a', 'b', 'A']), ['A', 'a', 'b']);
});

test('sentences are sorted by the numbers in them', () => {
  const sorted = ['from[10]', 'from[2]', 'from[1]'].sort(compareSentences);
  assert.deepEqual(sorted, ['from[1]', 'from[2]', 'from[10]']);
  assert.equal(compareSentences('a', 'a'), 0);
});

describe('ports', () => {
  const tcp = (from: number, to = from) => connectionsOf('TCP', portRange(from, to));
  test('are said the shorter way round', () => {
    assert.equal(portsText(tcp(80)), 'TCP 80');
    assert.equal(portsText(ALL_CONNECTIONS), 'every port');
    assert.equal(portsText(subtractConnections(ALL_CONNECTIONS, tcp(8888))), 'every port but TCP 8888');
    assert.equal(portsText(uniteConnections(tcp(80), tcp(443))), 'TCP 80 and TCP 443');
  });
});

describe('a workload in a command', () => {
  const view = overlay(
    storeOf(deployment('shop/web', 'app: web') + pod('shop/alone', 'app: x', '10.0.0.9')),
    [],
  );
  const said = (name: string, kind: string) =>
    commandText(view, { namespace: 'shop', name, kind } as Workload);

  test('needs no kind where its name is enough', () => {
    assert.equal(said('web', 'Deployment'), 'shop/web');
    assert.equal(said('alone', 'Pod'), 'shop/alone');
  });

  test('is quoted with its kind where it is not', () => {
    assert.equal(said('web', 'StatefulSet'), "'shop/web[StatefulSet]'");
  });

  test('is left out when a shell could read more in it', () => {
    assert.equal(said("web'; reboot; '", 'Deployment'), undefined);
    assert.equal(said('web', "X]'$(reboot)"), undefined);
  });
});

test('what is said does not depend on the order in which the objects came', () => {
  const names = ['d', 'a', 'c', 'b', 'f', 'e'];
  const objects = [
    ...names.map((name) =>
      deployment(
        `shop/${name}`,
        `app: ${name}, tier: back`,
        '{containerPort: 80}',
        '{name: DB_HOST, value: db}',
      ),
    ),
    deployment('shop/db', 'app: db', '{containerPort: 5432}'),
    service('shop/db', 'app: db', '{port: 5432}, {port: 5433, targetPort: 5432}'),
    policy('shop/z-open', '  podSelector: {matchLabels: {app: db}}\n  ingress: [{}]\n'),
    policy('shop/a-open', '  podSelector: {matchLabels: {app: db}}\n  ingress: [{}]\n'),
  ];
  const kept = objects.slice(0, -2);
  const changes = [
    { objects: kept, operation: 'CREATE', manifest: policy('shop/all', '  podSelector: {}\n') },
    {
      objects,
      operation: 'CREATE',
      manifest: policy('shop/m', '  podSelector: {matchLabels: {app: db}}\n  policyTypes: [Ingress]\n'),
    },
    { objects: kept, operation: 'DELETE', manifest: kept.at(-1) as string },
  ] as const;
  for (const { objects, operation, manifest } of changes) {
    const said = [objects, objects.toReversed()].map((order) => {
      const store = storeOf(order.join(''));
      const { findings, warnings } = judge(store, changeOf(store, operation, manifest), {
        config: DEFAULT_RULES_CONFIG,
        dryRun: false,
        earlier: [],
      });
      return { findings, warnings };
    });
    assert.ok((said[0]?.findings.length ?? 0) > 0, rawObjects(manifest)[0]?.kind);
    assert.deepEqual(said[0], said[1]);
  }
});
