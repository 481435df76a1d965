import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { callbackConsumer, foreignConsumer, podConsumer } from '../../src/cluster/consumers.ts';
import type { SourceReport } from '../../src/cluster/contact.ts';
import { healthOf, withUnseen } from '../../src/cluster/health.ts';
import { ListSplitter } from '../../src/cluster/items.ts';
import { Known, versionNumber } from '../../src/cluster/known.ts';
import { GarbledError, LineSplitter } from '../../src/cluster/lines.ts';
import { keepKnownReferences, slim } from '../../src/cluster/slim.ts';
import { pauseAfter } from '../../src/cluster/timings.ts';
import { readDocuments } from '../../src/model/parse/documents.ts';
import { load } from '../../src/model/parse/load.ts';
import { parseManifest } from '../../src/model/parse/manifest.ts';
import { Store } from '../../src/model/store.ts';

test('lines come out the same however the bytes were cut', () => {
  const line = fc
    .string({ unit: 'grapheme', minLength: 1 })
    .map((text) => `x${text.replaceAll(/[\n\r]/g, '')}`);
  fc.assert(
    fc.property(fc.array(line), fc.array(fc.nat(40)), (lines, cuts) => {
      const bytes = Buffer.from(lines.map((each) => `${each}\n`).join(''));
      const splitter = new LineSplitter();
      const out: string[] = [];
      let at = 0;
      for (const cut of cuts) {
        out.push(...splitter.push(bytes.subarray(at, at + cut)));
        at += cut;
      }
      out.push(...splitter.push(bytes.subarray(at)));
      assert.deepEqual(
        out,
        lines.map((each) => each.toWellFormed()),
      );
      assert.equal(splitter.rest(), '');
    }),
    { numRuns: 300 },
  );
});

test('a line without end is refused before it fills the memory', () => {
  const splitter = new LineSplitter(100);
  const chunk = Buffer.alloc(60, 'x');
  assert.deepEqual([...splitter.push(chunk)], []);
  assert.throws(() => [...splitter.push(chunk)], /more than 100 bytes/);
});

test('known objects: a namespace or name like a JavaScript property is only a name', () => {
  const known = new Known();
  known.set('__proto__', 'constructor', 1);
  known.set('a', 'x', 2);
  known.set('a', 'x', 3);
  assert.equal(known.size, 2);
  assert.equal(known.version('a', 'toString'), undefined);
  assert.equal(known.delete('a', 'x'), true);
  assert.equal(known.delete('a', 'x'), false);
  assert.equal(known.size, 1);
  known.delete('__proto__', 'constructor');
  assert.deepEqual([known.size, known.all()], [0, []]);
  assert.ok(Number.isNaN(versionNumber('12/34')), 'opaque versions compare with nothing');
});

test('known objects: a list that is complete leaves what it did not name, one that fails leaves all', () => {
  const known = new Known();
  for (const name of ['a', 'b', 'c']) known.set('n', name, 1);
  const everything = (): string =>
    known
      .all()
      .map(({ name }) => name)
      .sort()
      .join();
  known.beginList();
  assert.deepEqual([known.size, known.listing, everything()], [3, true, 'a,b,c']);
  known.set('n', 'a', 2);
  known.set('n', 'd', 2);
  assert.deepEqual([known.size, known.version('n', 'b'), known.version('n', 'a')], [4, 1, 2]);
  known.beginList();
  assert.equal(everything(), 'a,b,c,d', 'begun anew: still known');
  known.set('n', 'd', 3);
  known.abandonList();
  assert.deepEqual([known.size, known.listing, everything()], [4, false, 'a,b,c,d']);
  assert.deepEqual([known.version('n', 'a'), known.version('n', 'd')], [2, 3]);
  known.beginList();
  known.set('n', 'a', 4);
  assert.equal(known.delete('n', 'b'), true);
  assert.deepEqual(
    known
      .endList()
      .map(({ name }) => name)
      .sort(),
    ['c', 'd'],
  );
  assert.equal(everything(), 'a,c,d', 'the reader removes what is missing');
});

test('known objects: whatever lists and events do, they are what a plain map and a set of what was named say', () => {
  const name = fc.constantFrom('a', 'b', 'c');
  const namespace = fc.constantFrom('', 'n');
  const version = fc.oneof(fc.nat(3), fc.constant(10 ** 15 - 1), fc.constant(Number.NaN));
  const step = fc.oneof(
    fc.record({ do: fc.constant('set' as const), namespace, name, version }),
    fc.record({ do: fc.constant('delete' as const), namespace, name }),
    fc.record({ do: fc.constantFrom('begin' as const, 'abandon' as const, 'end' as const) }),
  );
  const text = (of: { namespace: string; name: string }): string => `${of.namespace}/${of.name}`;
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const known = new Known();
      const versions = new Map<string, number>();
      let unnamed: Set<string> | undefined;
      for (const each of steps) {
        switch (each.do) {
          case 'set':
            known.set(each.namespace, each.name, each.version);
            versions.set(text(each), each.version);
            unnamed?.delete(text(each));
            break;
          case 'delete':
            assert.equal(known.delete(each.namespace, each.name), versions.delete(text(each)));
            unnamed?.delete(text(each));
            break;
          case 'begin':
            known.beginList();
            unnamed = new Set(versions.keys());
            break;
          case 'abandon':
            known.abandonList();
            unnamed = undefined;
            break;
          case 'end':
            assert.deepEqual(known.endList().map(text).sort(), [...(unnamed ?? [])].sort());
            unnamed = undefined;
        }
        assert.deepEqual([known.size, known.listing], [versions.size, unnamed !== undefined]);
        assert.deepEqual(known.all().map(text).sort(), [...versions.keys()].sort());
        for (const one of known.all())
          assert.equal(known.version(one.namespace, one.name), versions.get(text(one)));
      }
    }),
    { numRuns: 500 },
  );
});

test('the items of a list come out the same however the bytes were cut, and the rest beside them', () => {
  const item = fc.dictionary(fc.string({ unit: 'binary' }), fc.jsonValue());
  const around = fc.record({ kind: fc.string(), metadata: fc.dictionary(fc.string(), fc.jsonValue()) });
  fc.assert(
    fc.property(fc.array(item), around, fc.nat(2), fc.array(fc.nat(30)), (items, rest, indent, cuts) => {
      const trap = { items: ['[', { items: '"]' }], 'it"ems': [{}] };
      const whole = { ...rest, trap, items, more: { items: [1] }, items2: [{}] };
      const list = JSON.parse(JSON.stringify(whole)) as Record<string, unknown>;
      const bytes = Buffer.from(JSON.stringify(list, null, indent));
      const splitter = new ListSplitter();
      const out: unknown[] = [];
      let at = 0;
      for (const cut of cuts) {
        out.push(...splitter.push(bytes.subarray(at, at + cut)));
        at += cut;
      }
      out.push(...splitter.push(bytes.subarray(at)));
      assert.deepEqual(out, list.items);
      assert.deepEqual(splitter.end(), { ...list, items: [] });
    }),
    { numRuns: 300 },
  );
});

test('a list that ends early, is no JSON or has no end is an error', () => {
  const text = '{"metadata":{"resourceVersion":"7"},"items":[{"a":1},{"b":2}]}';
  for (let length = 0; length < text.length; length++) {
    const splitter = new ListSplitter();
    splitter.push(Buffer.from(text.slice(0, length)));
    assert.throws(() => splitter.end(), GarbledError, `${length} bytes`);
  }
  assert.throws(() => new ListSplitter().push(Buffer.from('{"items":[{]}]}')), GarbledError);
  const endless = new ListSplitter(100);
  const chunk = Buffer.from(`{"items":[{"a":"${'x'.repeat(60)}`);
  endless.push(chunk);
  assert.throws(() => endless.push(chunk), /more than 100 bytes/);
  const none = new ListSplitter();
  assert.deepEqual(none.push(Buffer.from('{"items":null,"metadata":{}}')), []);
  assert.deepEqual(none.end(), { items: null, metadata: {} });
});

test('pauses double up to 30 s, and two clients do not wait alike', () => {
  const limits = [500, 30_000] as const;
  const wholes = [1, 2, 3, 7, 8, 1_000].map((failures) => pauseAfter(failures, limits, () => 1));
  assert.deepEqual(wholes, [500, 1_000, 2_000, 30_000, 30_000, 30_000]);
  assert.equal(
    pauseAfter(8, limits, () => 0),
    15_000,
  );
});

const NOW = 1_000_000;
const source = (more: Partial<SourceReport>): SourceReport => ({
  kind: 'Pods',
  path: '/api/v1/pods',
  required: true,
  state: 'live',
  synced: true,
  lastContact: NOW,
  downSince: 0,
  objects: 1,
  events: 1,
  restarts: 0,
  relists: 0,
  consumerErrors: 0,
  unread: [],
  lastError: '',
  lastErrorAt: 0,
  ...more,
});

test('health: in words, and only required kinds make the model stale', () => {
  const down = { state: 'stale', downSince: NOW - 95_000, lastContact: NOW - 95_000 } as const;
  assert.deepEqual(healthOf([source({})], NOW, 30_000), { state: 'live', problems: [] });
  assert.deepEqual(healthOf([source({}), source(down)], NOW, 30_000), {
    state: 'stale',
    problems: ['Pods: no contact for 95 s'],
  });
  const short = source({ ...down, downSince: NOW - 29_000 });
  assert.equal(healthOf([short], NOW, 30_000).state, 'live', 'a blip is no staleness');
  const optional = source({ ...down, kind: 'Ingress', required: false });
  assert.deepEqual(healthOf([optional], NOW, 30_000), {
    state: 'live',
    problems: ['Ingress: no contact for 95 s'],
  });
  const unlisted = source({ state: 'syncing', synced: false, lastError: 'connect ECONNREFUSED' });
  assert.deepEqual(healthOf([unlisted], NOW, 30_000), {
    state: 'syncing',
    problems: ['Pods: not listed yet (connect ECONNREFUSED)'],
  });
  const hidden = (['forbidden', 'syncing', 'stale', 'absent'] as const).map((state) =>
    source({ kind: `${state}.example`, required: false, state, synced: false }),
  );
  assert.deepEqual(
    healthOf(hidden, NOW, 30_000).missing,
    ['forbidden.example', 'syncing.example'],
    'kinds that a rule must not take for empty',
  );
  assert.deepEqual(withUnseen({ state: 'live', problems: [] }, ['A.example']), {
    state: 'live',
    problems: ['A.example: served by a server that does not answer, or in a version that cannot be read'],
    missing: ['A.example'],
  });
  const refused = source({ state: 'forbidden', synced: false });
  assert.match(healthOf([refused], NOW, 30_000).problems.join(), /not allowed to list and watch/);
  assert.match(healthOf([source({ unread: ['a/b'] })], NOW, 30_000).problems.join(), /could not read a\/b/);
});

test('a pod that has ended leaves the model', () => {
  const store = new Store();
  const consumer = podConsumer(store);
  const pod = (phase: string) => ({ metadata: { namespace: 'a', name: 'job' }, spec: {}, status: { phase } });
  consumer.put(pod('Running'));
  assert.equal(store.podCount, 1);
  consumer.put(pod('Succeeded'));
  assert.equal(store.podCount, 0);
  consumer.put(pod('Failed'));
  consumer.remove('a', 'job');
  assert.equal(store.podCount, 0);
});

test('a webhook that leaves its configuration leaves the model', () => {
  const store = new Store();
  const consumer = callbackConsumer(store, 'MutatingWebhookConfiguration');
  const hook = (name: string) => ({ name, clientConfig: { service: { namespace: 'a', name: 's' } } });
  const hooks = (...names: string[]) => ({ metadata: { name: 'c' }, webhooks: names.map(hook) });
  consumer.put(hooks('x', 'y'));
  assert.deepEqual([...store.callbacks.keys()].sort(), [
    'MutatingWebhookConfiguration/c/x',
    'MutatingWebhookConfiguration/c/y',
  ]);
  consumer.put(hooks('y'));
  assert.deepEqual([...store.callbacks.keys()], ['MutatingWebhookConfiguration/c/y']);
  consumer.remove('', 'c');
  assert.equal(store.callbacks.size, 0);
});

test('kinds of two projects with one name are kept apart', () => {
  const store = new Store();
  const istio = foreignConsumer(store, 'security.istio.io/v1', 'AuthorizationPolicy');
  const linkerd = foreignConsumer(store, 'policy.linkerd.io/v1alpha1', 'AuthorizationPolicy');
  for (const each of [istio, linkerd]) each.put({ metadata: { namespace: 'a', name: 'web' } });
  istio.remove('a', 'web');
  assert.deepEqual(
    [...store.foreign.values()].map(({ apiVersion }) => apiVersion),
    ['policy.linkerd.io/v1alpha1'],
  );
});

test('policies that Calico’s server mirrors are not noticed a second time', () => {
  const store = new Store();
  const consumer = foreignConsumer(store, 'projectcalico.org/v3', 'NetworkPolicy');
  consumer.put({ metadata: { namespace: 'a', name: 'knp.default.web' } });
  consumer.put({ metadata: { namespace: 'a', name: 'default.own' } });
  assert.deepEqual(
    [...store.foreign.values()].map(({ name }) => name),
    ['default.own'],
  );
});

test('a snapshot keeps of a pod what the model needs, and none of its values', () => {
  const pod = {
    metadata: {
      namespace: 'a',
      name: 'p',
      uid: 'u',
      managedFields: [{}],
      annotations: { note: 'hunter2', 'kubectl.kubernetes.io/last-applied-configuration': 'hunter2' },
      ownerReferences: [{ controller: true, kind: 'StatefulSet', name: 's' }],
    },
    spec: {
      nodeName: 'n',
      serviceAccountName: 'sa',
      containers: [
        {
          name: 'c',
          image: 'i',
          command: ['run', '--password=hunter2'],
          args: ['--db=db:5432'],
          env: [{ name: 'DB_URL', value: 'postgres://u:hunter2@db.other:5432/x' }],
          ports: [{ name: 'http', containerPort: 80 }],
        },
      ],
    },
    status: {
      phase: 'Running',
      podIPs: [{ ip: '10.0.0.1' }],
      conditions: [{ type: 'Ready', status: 'True', message: 'hunter2' }],
    },
  };
  const saved = slim(pod, 'v1', 'Pod');
  assert.doesNotMatch(JSON.stringify(saved), /hunter2|managedFields|serviceAccount|image/);
  const [before, after] = [new Store(), new Store()];
  podConsumer(before).put(pod);
  podConsumer(after).put(saved as typeof pod);
  const only = (store: Store) => store.spaces.get('a')?.pods.get('p');
  assert.deepEqual(only(after), only(before));
  assert.equal(only(after)?.references.length, 2);
  assert.equal(only(after)?.workload.kind, 'StatefulSet');
});

test('a reference is saved only where the Service it names is saved', () => {
  const pod = {
    metadata: { namespace: 'a', name: 'p' },
    spec: {
      containers: [
        {
          name: 'c',
          env: [
            { name: 'API_SERVER', value: 'hunter2' },
            { name: 'OTHER_HOST', value: 'db.hunter2' },
            { name: 'DB_HOST', value: 'db' },
            { name: 'QUEUE_URL', value: 'amqp://queue.b:5672' },
          ],
        },
      ],
    },
  };
  const service = (namespace: string, name: string) => ({ metadata: { namespace, name }, spec: {} });
  const saved = [
    slim(pod, 'v1', 'Pod'),
    slim(service('a', 'db'), 'v1', 'Service'),
    slim(service('b', 'queue'), 'v1', 'Service'),
    // Only a Service counts, and only in the namespace that is meant.
    slim(service('a', 'hunter2'), 'v1', 'Namespace'),
    slim(service('b', 'hunter2'), 'v1', 'Service'),
  ].filter((each) => each !== undefined);
  assert.match(JSON.stringify(saved[0]), /hunter2/, 'without the list of Services nobody can tell');
  const kept = keepKnownReferences(saved);
  assert.doesNotMatch(JSON.stringify(kept[0]), /hunter2/);
  const store = new Store();
  podConsumer(store).put(kept[0] as typeof pod);
  const references = store.spaces.get('a')?.pods.get('p')?.references ?? [];
  assert.deepEqual(
    references.map(({ namespace, service, port }) => `${namespace}/${service}:${port}`),
    ['a/db:0', 'b/queue:5672'],
  );
  assert.deepEqual(kept.slice(1), saved.slice(1));
});

test('a DaemonSet that runs nowhere makes no pod out of a snapshot', () => {
  const raw = {
    metadata: { namespace: 'kube-system', name: 'gpu' },
    spec: {
      selector: { matchLabels: { app: 'gpu' } },
      template: { metadata: { labels: { app: 'gpu' } }, spec: { containers: [{ name: 'a', image: 'b' }] } },
    },
    status: { desiredNumberScheduled: 0 },
  };
  const text = JSON.stringify(slim(raw, 'apps/v1', 'DaemonSet'));
  const [document] = readDocuments(text, 'snapshot.json').documents;
  assert.ok(document);
  const { object, problems } = parseManifest(document, { namespace: 'default', stored: true });
  assert.deepEqual(problems, []);
  const store = new Store();
  const { daemonSets } = load(store, object === undefined ? [] : [object]);
  assert.equal(daemonSets.length, 1);
  assert.equal(store.podCount, 0);
});

test('a webhook’s certificate and URL stay out of a snapshot', () => {
  const raw = {
    metadata: { name: 'c' },
    webhooks: [
      { name: 'x', clientConfig: { url: 'https://u:hunter2@x', caBundle: 'AAAA' }, failurePolicy: 'Fail' },
    ],
  };
  assert.doesNotMatch(
    JSON.stringify(slim(raw, 'admissionregistration.k8s.io/v1', 'ValidatingWebhookConfiguration')),
    /hunter2|AAAA/,
  );
});
